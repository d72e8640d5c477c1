"""What faults have in common that disturb the delivery of rows to a collector."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.families.collecting import CollectorFault
from mlsim.scenario.expressions import DurationExpression, names, parse
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Probability
from mlsim.system.delivery import Delivery, Hitch
from mlsim.system.simulation import System


class DeliveryFault(CollectorFault):
    """Something that happens to rows on their way to a collector; clients don't feel it."""

    rows_are: ClassVar[Literal["late", "again"]]
    """What happens to them: they are late, or come again."""

    share: Probability = 1.0
    """Share of the rows to which it happens."""
    delay: DurationExpression = parse("0s")
    """How much later than the row as it was sent."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        for used in names(self.delay):
            yield ("delay",), f"must not depend on a column, as on {used}", ""

    def broken(self, settings: Delivery, system: System) -> Delivery:
        hitch = Hitch(
            share=self.share,
            stream=self.stream(system),
            delay=system.formula(self.delay, f"fault/{self.called}/delay"),
        )
        return self._hitched(settings, hitch)

    def repaired(self, settings: Delivery, system: System) -> Delivery:
        # Rows that are under way at the repair still come late, or again.
        return self._hitched(settings, None)

    def _hitched(self, settings: Delivery, hitch: Hitch | None) -> Delivery:
        if self.rows_are == "late":
            return replace(settings, late=hitch)
        return replace(settings, again=hitch)
