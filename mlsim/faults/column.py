"""What faults have in common that alter a column where a component sends it."""

from collections.abc import Iterable

import numpy as np

from mlsim.engine import draws
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

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        producers = [n for n, c in scenario.system.items() if c.sends_columns]
        if self.component not in scenario.system:
            message = f"no component '{self.component}' in system"
            yield ("component",), message, nearest(self.component, scenario.system)
        elif self.component not in producers:
            yield ("component",), f"must send columns, as {' and '.join(producers)} do", ""
        else:
            sent = self._sent(scenario)
            if self.column not in sent:
                message = f"{self.component} sends no column '{self.column}'"
                yield ("column",), message, nearest(self.column, sent)

    def _sent(self, scenario: Scenario) -> list[str]:
        component = scenario.system[self.component]
        taken_along = scenario.world.columns() if component.starts_requests else ()
        return [*component.outputs(self.component), *taken_along]

    def begin(self, system: System) -> None:
        # Only what is sent changes. What the consumers believe stays: that is the fault.
        change = Change(
            column=self.column,
            at=float(system.clock.now),
            uptake=self.ramp,
            share=self.share,
            stream=self._stream(system),
            alter=self.alteration(system),
        )
        producer = system[self.component]
        output = producer.current.output
        producer.change(producer.current.with_output(output.with_change(change)))

    def end(self, system: System) -> None:
        producer = system[self.component]
        output = producer.current.output
        producer.change(producer.current.with_output(output.without_change(self._stream(system))))

    def _stream(self, system: System) -> np.uint64:
        return draws.stream(system.seed, f"fault/{self.called}")
