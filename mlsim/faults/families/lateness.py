"""What jobs have in common that begin later than they should."""

from dataclasses import replace
from typing import Any

from mlsim.faults.families.component import SettingsFault
from mlsim.scenario.units import Duration
from mlsim.system.simulation import System


class Lateness(SettingsFault):
    """Each run of a job begins `by` a time late; a run that is under way is not stopped."""

    by: Duration
    """How late it begins."""

    def title(self) -> str:
        return f"{self.component} begins {self.by / 3600:g} h late"

    def broken(self, settings: Any, system: System) -> Any:
        return replace(settings, late_by=self.by)

    def repaired(self, settings: Any, system: System) -> Any:
        return replace(settings, late_by=0.0)
