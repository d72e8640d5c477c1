"""What faults have in common that alter a column where a component sends it."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import numpy as np

from mlsim.engine import draws
from mlsim.engine.spread import Spread
from mlsim.errors import nearest
from mlsim.faults.base import Fault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Duration, Name, Probability
from mlsim.system.output import Alter, Change
from mlsim.system.simulation import System


class ColumnFault(Fault):
    """A column leaves a component otherwise than its contract says; nobody tells its consumers.

    On a client it comes with an app update, which each person installs at some moment of the
    `ramp`; on another component rows change over. The repair reaches all at once.
    """

    by_row: ClassVar[bool] = False
    """Whether it reaches rows one by one, even where people send them."""
    readable: ClassVar[bool] = True
    """Whether consumers can parse what is sent, and so never notice."""

    component: Name
    """The producer: a client or a transform that sends the column."""
    column: str
    """The column that is sent otherwise."""
    ramp: Duration = 0.0
    """How long it takes until all are reached, one by one; 0 is at once."""
    share: Probability = 1.0
    """Share of the senders that are reached in the end."""

    def alteration(self, system: System) -> Alter:
        """What becomes of the column's values in rows that are reached."""
        raise NotImplementedError

    def alterations(self, system: System) -> Mapping[str, Alter]:
        """The same for every column that is altered, by name."""
        return {self.column: self.alteration(system)}

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        producers = [n for n, c in scenario.system.items() if c.sends_columns]
        if self.component not in scenario.system:
            message = f"no component '{self.component}' in system"
            yield ("component",), message, nearest(self.component, scenario.system)
        elif self.component not in producers:
            yield ("component",), f"must send columns, as {' and '.join(producers)} do", ""
        else:
            yield from self.not_sent(scenario, "column", self.column)

    def not_sent(self, scenario: Scenario, key: str, column: str) -> Iterable[Mistake]:
        """A mistake if the component doesn't send the column that stands under `key`."""
        sent = self._sent(scenario)
        if column not in sent:
            message = f"{self.component} sends no column '{column}'"
            yield (key,), message, nearest(column, sent)

    def _sent(self, scenario: Scenario) -> list[str]:
        component = scenario.system[self.component]
        taken_along = scenario.world.columns() if component.starts_requests else ()
        return [*component.outputs(self.component), *taken_along]

    def begin(self, system: System) -> None:
        # Only what is sent changes. What the consumers believe stays: that is the fault.
        producer = system[self.component]
        output = producer.current.output
        for column, alter in self.alterations(system).items():
            output = output.with_change(self._change(system, column, alter))
        producer.change(producer.current.with_output(output))

    def _change(self, system: System, column: str, alter: Alter) -> Change:
        return Change(
            column=column,
            spread=Spread(float(system.clock.now), self.ramp, self.share, self.stream(system)),
            alter=alter,
            by_row=self.by_row,
            readable=self.readable,
        )

    def end(self, system: System) -> None:
        producer = system[self.component]
        output = producer.current.output
        producer.change(producer.current.with_output(output.without_change(self.stream(system))))

    def stream(self, system: System, of: str = "") -> np.uint64:
        """The key of its draws: of those who are reached, or of something else."""
        if of:
            return draws.stream(system.seed, f"fault/{self.called}/{of}")
        return draws.stream(system.seed, f"fault/{self.called}")
