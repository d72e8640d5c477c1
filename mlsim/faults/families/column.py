"""What faults have in common that alter a column where a component sends it."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from mlsim.engine.spread import Spread
from mlsim.errors import nearest
from mlsim.faults.families.component import SettingsFault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name, Probability
from mlsim.system.base import Component
from mlsim.system.output import Alter, Change, Output
from mlsim.system.simulation import System


class ColumnFault(SettingsFault):
    """A column leaves a component otherwise than its contract says; nobody tells its consumers.

    On a client it comes with an app update, which each person installs at some moment of the
    `ramp`; on another component rows change over. The repair reaches all at once.
    """

    by_row: ClassVar[bool] = False
    """Whether it reaches rows one by one, even where people send them."""
    readable: ClassVar[bool] = True
    """Whether consumers can parse what is sent, and so never notice."""

    needs: ClassVar[str] = "a component that sends columns"

    component: Name
    """The producer: a client or a transform that sends the column."""
    column: str
    """The column that is sent otherwise."""
    ramp: Duration = 0.0
    """How long it takes until all are reached, one by one; 0 is at once."""
    share: Probability = 1.0
    """Share of the senders that are reached in the end."""

    @staticmethod
    def fits(spec: Component) -> bool:
        return spec.sends_columns

    def alteration(self, system: System) -> Alter:
        """What becomes of the column's values in rows that are reached."""
        raise NotImplementedError

    def alterations(self, system: System) -> Mapping[str, Alter]:
        """The same for every column that is altered, by name."""
        return {self.column: self.alteration(system)}

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        producer = scenario.system.get(self.component)
        if producer is not None and self.fits(producer):
            yield from self.not_sent(scenario, "column", self.column)

    def not_sent(self, scenario: Scenario, key: str, column: str) -> Iterable[Mistake]:
        """A mistake if the component doesn't send the column that stands under `key`."""
        sent = self.sent(scenario)
        if column not in sent:
            message = f"{self.component} sends no column '{column}'"
            yield (key,), message, nearest(column, sent)

    def sent(self, scenario: Scenario) -> list[str]:
        """The columns that the component sends."""
        component = scenario.system[self.component]
        taken_along = scenario.world.columns() if component.starts_requests else ()
        return [*component.outputs(self.component), *taken_along]

    def sets(self) -> frozenset[str]:
        return frozenset()

    # Only what is sent changes. What the consumers believe stays: that is the fault.
    def broken(self, settings: Any, system: System) -> Any:
        output: Output = settings.output
        for column, alter in self.alterations(system).items():
            output = output.with_change(self._change(system, column, alter))
        return settings.with_output(output)

    def repaired(self, settings: Any, system: System) -> Any:
        return settings.with_output(settings.output.without_change(self.stream(system)))

    def _change(self, system: System, column: str, alter: Alter) -> Change:
        return Change(
            column=column,
            spread=Spread(float(system.clock.now), self.ramp, self.share, self.stream(system)),
            alter=alter,
            by_row=self.by_row,
            readable=self.readable,
        )
