"""What faults of collectors have in common."""

from typing import ClassVar

from mlsim.faults.families.component import SettingsFault
from mlsim.scenario.units import Name
from mlsim.system.base import Component
from mlsim.system.collector import Collector


class CollectorFault(SettingsFault):
    """Something that goes wrong at a collector: what it loses, no monitor sees."""

    needs: ClassVar[str] = "a collector"

    component: Name
    """The collector."""

    @staticmethod
    def fits(spec: Component) -> bool:
        return isinstance(spec, Collector)
