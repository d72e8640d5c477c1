"""external: somebody else's service, which knows something of the world that the system needs."""

from collections.abc import Collection, Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import simpy
from numpy.typing import NDArray
from pydantic import Field

from mlsim.engine.columns import Column, Formula
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

COUNTED_EVERY = 60.0
"""Seconds after which a provider looks at how much of a quota is used up, as a real one does:
somewhat more than the quota gets through."""


class Quota(Spec):
    """How often a source may be asked."""

    calls: int = Field(ge=0)
    """Calls that are answered in each period; what comes after them is rejected."""
    per: Duration = Field(86400.0, gt=0)
    """The period; the first begins with day 0."""


@dataclass(frozen=True)
class Source:
    """A source as it is now.

    formulas: what it knows, by column. output: in which format it sends it. quota: how often it may
    be asked. is_there: whether anybody answers. exhausted: whether the quota of this period is used
    up. fails: whether a call that brings nothing is the work of a fault.
    """

    formulas: Mapping[str, Formula]
    output: Output
    quota: Quota | None
    is_there: bool = True
    exhausted: bool = False
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
        return Source(formulas, Output(by_person=False), self.quota)

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

    def process(self, system: "System", name: str) -> Generator[simpy.Event, None, None] | None:
        return metered(system, name, self.quota) if self.quota else None


def become(system: "System", name: str, source: Source) -> None:
    """A source is otherwise from now on: its door is shut while it is gone or used up."""
    system[name].change(source)
    system.network.set_open(name, source.is_there and not source.exhausted)


def metered(system: "System", name: str, quota: Quota) -> Generator[simpy.Event, None, None]:
    """Count the calls under a quota, for as long as it is in force."""
    clock = system.clock

    def answered() -> int:
        seen = system.network.counters(name)
        return seen.arrived - seen.rejected

    while system[name].current.quota is quota:
        before = answered()
        ends = (clock.now // quota.per + 1) * quota.per
        while clock.now < ends and system[name].current.quota is quota:
            source = system[name].current
            if not source.exhausted and answered() - before >= quota.calls:
                become(system, name, replace(source, exhausted=True))
            yield clock.timeout(min(COUNTED_EVERY, ends - clock.now))
        source = system[name].current
        if source.exhausted and source.quota is quota:
            become(system, name, replace(source, exhausted=False))
