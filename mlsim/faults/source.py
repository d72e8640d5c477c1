"""What faults of external sources have in common."""

from collections.abc import Iterable

from mlsim.errors import nearest
from mlsim.faults.base import Fault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.external import External
from mlsim.system.simulation import System


class SourceFault(Fault):
    """Something that goes wrong at a source that belongs to somebody else."""

    component: Name
    """The external source."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        sources = [n for n, spec in scenario.system.items() if isinstance(spec, External)]
        if self.component not in sources:
            message = f"no external source '{self.component}' in system"
            yield ("component",), message, nearest(self.component, sources)

    def source(self, system: System) -> External:
        """The source, as the scenario describes it."""
        spec = system[self.component].spec
        assert isinstance(spec, External), "validation sees to it"
        return spec
