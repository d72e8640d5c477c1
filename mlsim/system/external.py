"""external: somebody else's service, which knows something of the world that the system needs."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mlsim.engine.columns import Column, Formula
from mlsim.engine.network import Station
from mlsim.errors import nearest
from mlsim.scenario.expressions import NumberExpression, names
from mlsim.scenario.kinds import Mistake, Spec
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import ColumnName, Duration
from mlsim.system.base import Inbox, component_kind
from mlsim.system.output import Output
from mlsim.system.server import Served

if TYPE_CHECKING:
    from mlsim.system.simulation import System


class Quota(Spec):
    """How often a source may be asked."""

    calls: int = Field(ge=0)
    """Calls that are answered in each period; what comes after them is rejected."""
    per: Duration = Field(86400.0, gt=0)
    """The period; the first begins with day 0."""


@dataclass(frozen=True)
class Source:
    """A source as it is now.

    formulas: what it knows, by column. output: in which format it sends it. fails: whether a call
    that brings nothing is the work of a fault.
    """

    formulas: Mapping[str, Formula]
    output: Output
    fails: bool = False

    def with_output(self, output: Output) -> "Source":
        """The same source, sending in another format."""
        return replace(self, output=output)


@component_kind("external")
class External(Served):
    """A source or API that belongs to somebody else: weather, a credit bureau, a map.

    It knows something of the world by itself, and whoever calls it gets that as columns. A call
    that is rejected or not answered in time brings nothing: the columns are missing from there on,
    and where `optional` is false the request fails. Source: Kaestner on external data sources;
    Sculley et al., Hidden Technical Debt in Machine Learning Systems (2015), on unstable data
    dependencies.
    """

    sends_columns: ClassVar[bool] = True
    knows_truth: ClassVar[bool] = True
    example: ClassVar[str] = """
        kind: external
        provides: {travelled: 0.1 + prevalence}
        service_time: lognormal(mean=80ms, cv=1)
        timeout: 500ms
        quota: {calls: 200000, per: 1d}
    """

    kind: Literal["external"] = "external"
    provides: dict[ColumnName, NumberExpression] = Field(min_length=1)
    """The columns that it answers with, as expressions over what is true."""
    optional: bool = True
    """Whether the request goes on without an answer."""
    quota: Quota | None = None
    """How often it may be asked; as often as one likes if not given."""

    def outputs(self, name: str) -> Iterable[str]:
        return self.provides

    def needs(self) -> Iterable[str]:
        return dict.fromkeys(n for known in self.provides.values() for n in names(known))

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        world = scenario.world
        labels = {label for spec in scenario.system.values() for label in spec.labels()}
        known = [n for n in (*world.varying, *world.columns()) if n not in labels]
        for column, expression in self.provides.items():
            for used in names(expression):
                if used in labels:
                    message = f"must not know '{used}', which a model is there to find out"
                    yield ("provides", column), message, ""
                elif used not in known:
                    message = f"the world has no column '{used}'"
                    yield ("provides", column), message, nearest(used, known)

    def first_settings(self, system: "System", name: str) -> Source:
        formulas = {
            column: system.formula(known, f"external/{name}/{column}")
            for column, known in self.provides.items()
        }
        return Source(formulas, Output(by_person=False))

    def touched(self, settings: Source, rows: Inbox, column: str) -> NDArray[np.bool_] | bool:
        return settings.output.changed(column, rows)

    def unreadable(
        self, settings: Source, rows: Inbox, column: str, known: Collection[str]
    ) -> NDArray[np.bool_] | bool:
        return settings.output.unreadable(column, rows)

    def missed(self, settings: Source) -> bool:
        return settings.fails

    def compute(self, settings: Source, rows: Inbox, column: str) -> Column:
        values = np.asarray(settings.formulas[column](rows.visible()), dtype=float)
        return settings.output.send(column, values, rows)

    def station(self, name: str) -> Station:
        unlimited = super().station(name)
        quota = self.quota
        return replace(unlimited, quota=quota.calls, quota_per=quota.per) if quota else unlimited
