"""transform: reads columns from what it receives and makes features of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Column, Formula
from mlsim.scenario.expressions import NumberExpression, names
from mlsim.scenario.kinds import Mistake, Place
from mlsim.scenario.spec import Scenario
from mlsim.system.base import Inbox, component_kind
from mlsim.system.columns_check import unreadable
from mlsim.system.contract import Reader
from mlsim.system.output import Output

if TYPE_CHECKING:
    from mlsim.system.simulation import System


@dataclass(frozen=True)
class FeatureCode:
    """The feature code in force: how features are made, and in which format they are sent on."""

    formulas: Mapping[str, Formula]
    output: Output

    def with_output(self, output: Output) -> "FeatureCode":
        """The same code, sending in another format."""
        return replace(self, output=output)


@component_kind("transform")
class Transform(Reader):
    """A feature step: it takes over the columns in `reads`, computes those in `makes`, and sends
    both on.

    It reads each number in the unit of the column's contract. A producer that has begun to send
    another unit is not noticed here: the number is misread. What it does with a format that it
    can't parse is its `on_bad` policy.
    """

    sends_columns: ClassVar[bool] = True
    example: ClassVar[str] = """
        kind: transform
        reads: [temperature, cough_rate, no_smell, sore_throat, age]
        makes: {fever: temperature - 37}
        service_time: lognormal(mean=20ms, cv=0.5)
    """

    kind: Literal["transform"] = "transform"
    reads: tuple[str, ...] = ()
    """Columns that are taken over as they are."""
    makes: dict[str, NumberExpression] = {}
    """New features, as expressions over what it receives."""

    def needs(self) -> Iterable[str]:
        return dict.fromkeys([*self.reads, *(n for e in self.makes.values() for n in names(e))])

    def outputs(self, name: str) -> Iterable[str]:
        return (*self.reads, *self.makes)

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        read: list[tuple[Place, str]] = [(("reads", k), c) for k, c in enumerate(self.reads)]
        used = [(("makes", f), n) for f, e in self.makes.items() for n in names(e)]
        yield from super().problems(scenario, name)
        yield from unreadable(scenario, name, [*read, *used])

    def first_settings(self, system: "System", name: str) -> FeatureCode:
        formulas = {
            feature: system.formula(expression, f"feature/{name}/{feature}")
            for feature, expression in self.makes.items()
        }
        return FeatureCode(formulas, Output(by_person=False))

    def touched(self, settings: FeatureCode, rows: Inbox, column: str) -> NDArray[np.bool_] | bool:
        return settings.output.changed(column, rows)

    def unreadable(
        self, settings: FeatureCode, rows: Inbox, column: str, known: Collection[str]
    ) -> NDArray[np.bool_] | bool:
        return settings.output.unreadable(column, rows)

    def needs_for(self, column: str) -> Iterable[str]:
        return names(self.makes[column]) if column in self.makes else (column,)

    def compute(self, settings: FeatureCode, rows: Inbox, column: str) -> Column:
        if column in settings.formulas:
            values = settings.formulas[column](rows.visible())
        else:
            values = rows[column]
        return settings.output.send(column, values, rows)
