"""What faults of deployers have in common: success is reported, and something else happened."""

from typing import ClassVar

from mlsim.faults.families.component import SettingsFault
from mlsim.scenario.units import Name
from mlsim.system.base import Component
from mlsim.system.deployer import Deployer


class DeployerFault(SettingsFault):
    """Something that goes wrong on the way of a new version into production."""

    needs: ClassVar[str] = "a deployer"

    component: Name
    """The deployer."""

    @staticmethod
    def fits(spec: Component) -> bool:
        return isinstance(spec, Deployer)
