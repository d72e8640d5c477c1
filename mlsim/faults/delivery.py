"""What faults have in common that disturb the delivery of rows to a collector."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from mlsim.engine import draws
from mlsim.engine.columns import Formula
from mlsim.errors import nearest
from mlsim.faults.base import Fault
from mlsim.scenario.expressions import DurationExpression, names, parse
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name, Probability
from mlsim.system.collector import Collector
from mlsim.system.delivery import Hitch
from mlsim.system.simulation import System


class DeliveryFault(Fault):
    """Something that happens to rows on their way to a collector; clients don't feel it."""

    component: Name
    """The collector."""
    share: Probability = 1.0
    """Share of the rows to which it happens."""
    delay: DurationExpression = parse("0s")
    """How much later than the row as it was sent."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        collectors = [n for n, spec in scenario.system.items() if isinstance(spec, Collector)]
        if self.component not in collectors:
            message = f"no collector '{self.component}' in system"
            yield ("component",), message, nearest(self.component, collectors)
        for used in names(self.delay):
            yield ("delay",), f"must not depend on a column, as on {used}", ""

    def disturb(self, system: System, what: Literal["late", "again"]) -> None:
        """From now on some rows are late, or come again."""
        called = f"fault/{self.called}"
        hitch = Hitch(
            share=self.share,
            stream=draws.stream(system.seed, called),
            delay=Formula(self.delay, system.seed, f"{called}/delay"),
        )
        collector = system[self.component]
        collector.change(replace(collector.current, **{what: hitch}))

    def repair(self, system: System, what: Literal["late", "again"]) -> None:
        """From now on no rows are late, or come again; those under way still do."""
        collector = system[self.component]
        collector.change(replace(collector.current, **{what: None}))
