"""swapped_columns: two columns change places on their way."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from mlsim.engine.columns import Column
from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.base import Inbox
from mlsim.system.output import Alter, Output
from mlsim.system.simulation import System


@fault_kind("swapped_columns")
class SwappedColumns(ColumnFault):
    """`column` is sent under the name of `with`, and the other way round: an order of columns has
    changed, and somebody reads by position.

    Source: Kaestner, "wrong feature extraction"; day and month, latitude and longitude are the
    classic cases.
    """

    example: ClassVar[str] = """
        kind: swapped_columns
        at: 5d
        component: phone
        column: temperature
        with: cough_rate
    """

    kind: Literal["swapped_columns"] = "swapped_columns"
    with_: str = Field(alias="with")
    """The column that it changes places with."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        mistakes = list(super().problems(scenario, name))
        if not mistakes and self.with_ == self.column:
            mistakes = [(("with",), f"must be another column than {self.column}", "")]
        elif not mistakes:
            mistakes = list(self.not_sent(scenario, "with", self.with_))
        yield from mistakes

    def title(self) -> str:
        return f"{self.component} swaps {self.column} and {self.with_}"

    def alterations(self, system: System) -> Mapping[str, Alter]:
        return {
            self.column: self._what_is_in(self.with_, system),
            self.with_: self._what_is_in(self.column, system),
        }

    def _what_is_in(self, column: str, system: System) -> Alter:
        producer = system[self.component]
        healthy = producer.current.with_output(Output(producer.current.output.by_person))

        def other(values: Column, rows: Inbox) -> Column:
            return producer.spec.compute(healthy, rows, column)

        return other
