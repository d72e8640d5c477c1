"""What faults of external sources have in common."""

from dataclasses import replace
from typing import ClassVar

from mlsim.faults.families.component import ComponentFault
from mlsim.scenario.units import Name
from mlsim.system.base import Component
from mlsim.system.external import External
from mlsim.system.simulation import System


class SourceFault(ComponentFault):
    """Something that goes wrong at a source that belongs to somebody else."""

    needs: ClassVar[str] = "an external source"

    component: Name
    """The external source."""

    @staticmethod
    def fits(spec: Component) -> bool:
        return isinstance(spec, External)

    def sets(self) -> frozenset[str]:
        return frozenset({f"{self.component}/fails"})

    def source(self, system: System) -> External:
        """The source, as the scenario describes it."""
        spec = system[self.component].spec
        assert isinstance(spec, External), "validation sees to it"
        return spec

    def blame(self, system: System, fails: bool) -> None:
        """Whether a call of the source that brings nothing is the work of this fault."""
        source = system[self.component]
        source.change(replace(source.current, fails=fails))
