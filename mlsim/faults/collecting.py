"""What faults of collectors have in common."""

from collections.abc import Iterable

from mlsim.errors import nearest
from mlsim.faults.base import Fault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.collector import Collector


class CollectorFault(Fault):
    """Something that goes wrong at a collector: what it loses, no monitor sees."""

    component: Name
    """The collector."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        collectors = [n for n, spec in scenario.system.items() if isinstance(spec, Collector)]
        if self.component not in collectors:
            message = f"no collector '{self.component}' in system"
            yield ("component",), message, nearest(self.component, collectors)
