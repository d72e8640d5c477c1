"""What a scenario says, validated and frozen; the classes' fields are the language's keys."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mlsim.errors import nearest
from mlsim.scenario.digests import digest, digest_of
from mlsim.scenario.document import Document, Place
from mlsim.scenario.expressions import (
    AnyExpression,
    Condition,
    DriverExpression,
    DurationExpression,
    Expression,
    FixedExpression,
    RateExpression,
)
from mlsim.scenario.features import Event, Feature, Resolution
from mlsim.scenario.flow import FlowChain
from mlsim.scenario.functions import NUMBER
from mlsim.scenario.kinds import OfKind, Spec
from mlsim.scenario.refusal import Refusal, got
from mlsim.scenario.units import (
    Bound,
    ColumnName,
    Cost,
    Duration,
    Name,
    Probability,
    Quantity,
    Unit,
    monitoring_path,
    trace_path,
)


class Column(Spec):
    """A column of the world: something that is true of a person, or of a request.

    An expression alone stands for `{is: expression}`.
    """

    is_: AnyExpression = Field(alias="is")
    """Its value; drawn anew for each person or request where it is random."""
    unit: Unit | None = None
    """The unit of its numbers, which the contracts of the system name."""
    type: Literal["number", "whole", "flag"] = "number"
    """What its contract says that values are: any number, a whole one, or 0 and 1."""
    range: tuple[float, float] | None = None
    """From where to where its contract says that its values lie, both included."""
    categories: tuple[str, ...] = ()
    """What its codes 0, 1, 2, ... stand for, as its contract says; none for an amount."""

    @field_validator("range")
    @classmethod
    def _rises(cls, limits: tuple[float, float] | None) -> tuple[float, float] | None:
        if limits and not limits[0] <= limits[1]:
            raise Refusal(f"must be [low, high], and {limits[0]:g} is not below {limits[1]:g}")
        return limits

    @model_validator(mode="after")
    def _has_one_sort(self) -> "Column":
        if self.categories and self.type != "number":
            raise Refusal("needs either categories or type, and not both: codes are whole numbers")
        if self.range and self.type == "flag":
            raise Refusal("needs either range or type: flag, and not both: a flag is 0 or 1")
        return self

    @model_validator(mode="before")
    @classmethod
    def _from_expression(cls, data: Any) -> Any:
        return data if isinstance(data, dict | Column) else {"is": data}


Columns = dict[ColumnName, Column]


def _start(value: object) -> float | str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refusal(f"must be a finite number or a text {got(value)}")
    return float(value)


class State(Spec):
    """A quantity or a text of the world that changes with what happens in it.

    It is what it was at the start until day 0. Then it changes step by step with what people do
    and are told (`next`), or flows, or changes as events and features will have it.
    """

    start: Annotated[float | str, Quantity("a number or a text", _start, ("number", "string"))]
    """Its value through the history, and until it first changes; a number or a text."""
    every: Bound | None = None
    """How long a step is; the first ends so long after day 0. What flows needs none, unless it
    follows a curve."""
    counts: dict[ColumnName, Condition] = {}
    """What is counted in each step: the requests that end in it and for which this holds."""
    next: DriverExpression | None = None
    """Its value after a step, over states and drivers as they are, and what has been counted."""
    flows: dict[ColumnName, RateExpression] = {}
    """What it gains (or loses, where negative) per time, by name: 0.5/s, or an expression over
    states and drivers."""
    range: tuple[float, float] = (-math.inf, math.inf)
    """From where to where it can go, both included; beyond an end, it stays at that end."""
    values: tuple[str, ...] = ()
    """What a text can be; anything if not given."""
    unit: Unit | None = None
    """The unit of its numbers; what it is compared with and added to must have the same."""

    @model_validator(mode="after")
    def _fits_together(self) -> "State":
        if self.is_text:
            return self._text_fits()
        if self.values:
            raise Refusal("can't have values, which are for texts: it starts as a number")
        low, high = self.range
        assert isinstance(self.start, float)
        if not low <= self.start <= high:
            raise Refusal(f"must start in its range, from {low:g} to {high:g} (got {self.start:g})")
        if (self.next is None) and self.counts:
            raise Refusal("needs next: what is counted is there for it alone")
        if self.every is not None and self.next is None and not self.flows:
            raise Refusal("needs next or flows: every says how often they are worked out")
        if self.next is not None and self.every is None:
            raise Refusal("needs every: how long a step of next is")
        if self.next is not None and self.flows:
            raise Refusal("needs either next or flows, and not both")
        return self

    def _text_fits(self) -> "State":
        if self.next is not None or self.flows or self.counts:
            raise Refusal("is a text: it can't have next, counts or flows")
        if self.values and self.start not in self.values:
            words = ", ".join(self.values)
            near = nearest(str(self.start), self.values)
            raise Refusal(f"must start as one of its values: {words} {got(self.start)}", near)
        return self

    @property
    def is_text(self) -> bool:
        """Whether it holds a text, and no number."""
        return isinstance(self.start, str)


WORLD_KEYS = ("drivers", "state", "events", "features", "resolutions", "people", "person")
"""What stands under `world` beside the blocks of the loads."""


class World(Spec):
    """What is true, whether or not the machine knows it.

    Beside its own keys it has a block for each load: `check_up:` says what is drawn once per
    check-up, from top to bottom.
    """

    drivers: dict[ColumnName, DriverExpression] = {}
    """Quantities that vary over time, the same for everybody."""
    state: dict[ColumnName, State] = {}
    """Quantities that change with what people do and are told, the same for everybody."""
    events: dict[Name, Event] = {}
    """What happens by itself: a fire breaks out, a call comes in."""
    features: dict[Name, Feature] = {}
    """Product features; each acts on states and promises something."""
    resolutions: dict[Name, Resolution] = {}
    """Ways to resolve the features' interactions, to compare."""
    people: int = Field(100_000, ge=1, le=1_000_000_000)
    """Size of the population from which a load `of: person` comes."""
    person: Columns = {}
    """What is drawn once per person, from top to bottom."""
    records: dict[Name, Columns] = {}
    """What is drawn once per request, by the name of the block."""

    @model_validator(mode="before")
    @classmethod
    def _gather_records(cls, data: Any, info: ValidationInfo) -> Any:
        if not isinstance(data, dict):
            return data
        keys = WORLD_KEYS
        if isinstance(info.context, dict):
            info.context[id(data)] = keys
        own = {k: v for k, v in data.items() if k in keys or not isinstance(v, dict)}
        return {**own, "records": {k: v for k, v in data.items() if k not in own}}

    @property
    def varying(self) -> tuple[str, ...]:
        """What varies over time and is the same for everybody: drivers and states."""
        return (*self.drivers, *self.state)

    def columns(self) -> dict[str, Column]:
        """All columns by name; where two loads have a column of one name, the first load's."""
        found: dict[str, Column] = {}
        for block in (self.person, *self.records.values()):
            found = {**block, **found}
        return found

    def unit_of(self, column: str) -> str:
        """The unit that a column has in contracts; "" for a plain number."""
        return self.columns()[column].unit or ""


class Trace(Spec):
    """Recorded requests: a file with a row for each, in order of time.

    A path alone stands for `{file: path}`.
    """

    file: Annotated[str, Quantity("the path of a .csv or .parquet file", trace_path)]
    """The file, relative to the scenario and inside its folder."""
    time: str = "time"
    """Its column of times: seconds since day 0, or dates with times (UTC if they don't say)."""
    columns: dict[ColumnName, str] = {}
    """Columns that the block of the load may use: what they are called there, and in the file."""
    person: str | None = None
    """Its column of whose request it is, in whole numbers from 0; drawn if not given."""

    @model_validator(mode="before")
    @classmethod
    def _from_path(cls, data: Any) -> Any:
        return data if isinstance(data, dict | Trace) else {"file": data}


class Load(Spec):
    """Requests that come in: at a rate, from a trace, or by people who do one thing after another.

    A load without any of these comes from people who go on from another load.
    """

    rate: RateExpression | None = None
    """Requests per time, of a Poisson process whose rate is constant or varies over time."""
    trace: Trace | None = None
    """Recorded requests that come instead, each at its time."""
    population: int | None = Field(None, ge=1, le=10_000_000)
    """Or so many people, each of whom thinks, sends a request, waits for its end, and again."""
    think: DurationExpression | None = None
    """Time from the end of a request to the next one of the same person."""
    then: dict[Name, Probability] = {}
    """What people do next, by load; the rest leaves, or begins anew if they are a population."""
    enters: Name
    """The component at which they come in."""
    of: Literal["person"] | None = None
    """Whose requests they are: `person` for people who come back and keep what is theirs."""
    each: Name = ""
    """The block of `world` that is drawn per request; the load's name without a final s."""

    @model_validator(mode="after")
    def _has_one_source(self) -> "Load":
        sources = [self.rate, self.trace, self.population]
        if sum(source is not None for source in sources) > 1:
            raise Refusal("needs one of rate, trace and population, and not several")
        goes_on = bool(self.then or self.population)
        if goes_on and self.think is None:
            raise Refusal("needs think, the time before the next request of the same person")
        if self.think is not None and not goes_on:
            raise Refusal("needs then or population: without them nobody thinks of a next request")
        if self.trace is not None and self.then:
            raise Refusal("can't have then: all requests of a trace are recorded in it")
        if sum(self.then.values()) > 1 + 1e-9:
            raise Refusal(f"has shares in then that add up to {sum(self.then.values()):g}, over 1")
        if self.trace is not None and self.trace.person and not self.of:
            raise Refusal("needs of: person, as its trace says whose requests they are")
        return self

    def ways(self, name: str) -> dict[str, float]:
        """What people do after a request of this load, called `name`: loads with their shares."""
        rest = 1.0 - sum(self.then.values()) if self.population else 0.0
        return {**self.then, name: self.then.get(name, 0.0) + rest} if rest > 0 else self.then


class Outcome(Spec):
    """Something people care about, measured in the world and not in the machine."""

    count: Condition | None = None
    """Requests are counted for which this holds ..."""
    sum: FixedExpression | None = None
    """... or this is added up over requests."""
    cost: Cost | None = None
    """What one of it costs; with a unit of time for a sum of durations."""
    unit: str = ""
    """What is counted, for axes and tables."""
    title: str = ""
    """What reports call it; its name if not given."""

    @model_validator(mode="after")
    def _has_one_measure(self) -> "Outcome":
        if (self.count is None) == (self.sum is None):
            raise Refusal("needs either count or sum, and not both")
        return self

    @property
    def expression(self) -> Expression:
        """What is added up per request; 1 or 0 for a count."""
        expression = self.sum if self.count is None else self.count
        assert expression is not None, "validation sees to it"
        return expression


class Scenario(Spec):
    """A scenario: a world, a system, what goes wrong, and who watches."""

    version: Literal[1] = 1
    """Version of the language."""
    scenario: Name
    """Its name, which also names the folder of its reports."""
    title: str = ""
    """What it is about, in a line."""
    start: AwareDatetime | None = None
    """When day 0 begins; a Monday at midnight if not given."""
    history: Duration = 0.0
    """Time simulated before day 0."""
    horizon: Duration
    """Time simulated from day 0 on."""
    seed: int = Field(0, ge=0, lt=2**63)
    """What all randomness comes from."""
    world: World = World()
    """What is true."""
    load: dict[Name, Load] = Field(json_schema_extra={"minProperties": 1})
    """Where requests come from."""
    system: dict[Name, Annotated[Any, OfKind("component")]] = Field(
        json_schema_extra={"minProperties": 1}
    )
    """The components."""
    flow: tuple[FlowChain, ...] = Field(json_schema_extra={"minItems": 1})
    """Which way requests take through the components."""
    outcomes: dict[Name, Outcome] = {}
    """What people care about."""
    faults: tuple[Annotated[Any, OfKind("fault")], ...] = ()
    """What goes wrong."""
    monitoring: Annotated[str, Quantity("a path inside the folder", monitoring_path)] | None = None
    """The monitoring file, relative to the scenario."""

    _document: Document | None = PrivateAttr(None)
    _unread: frozenset[Place] = PrivateAttr(frozenset())
    _traces: dict[str, str] | None = PrivateAttr(None)

    @model_validator(mode="before")
    @classmethod
    def _features_alone(cls, data: Any, info: ValidationInfo) -> Any:
        """A world with features may do without a machine."""
        machine: dict[str, Any] = {"load": {}, "system": {}, "flow": []}
        world = data.get("world") if isinstance(data, dict) else None
        if not (isinstance(world, dict) and world.get("features")) or set(machine) & set(data):
            return data
        if isinstance(info.context, dict):
            info.context[id(data)] = tuple(cls.model_fields)
        return {**data, **machine}

    @field_validator("horizon")
    @classmethod
    def _lasts(cls, horizon: float) -> float:
        if horizon == 0:
            raise Refusal("must be a duration of more than 0")
        return horizon

    @field_validator("load")
    @classmethod
    def _name_blocks(cls, load: Mapping[str, Load]) -> dict[str, Load]:
        return {
            name: one if one.each else one.model_copy(update={"each": name.removesuffix("s")})
            for name, one in load.items()
        }

    @property
    def document(self) -> Document:
        """The file that it was read from."""
        if self._document is None:
            raise ValueError(f"scenario {self.scenario} was not read from a file")
        return self._document

    def is_read(self, *keys: str) -> bool:
        """Whether all that the file says under some keys at its top could be read.

        A scenario that runs is read as a whole. While a file with mistakes is checked, something
        that it seems to lack may stand in it, where nobody could read it.
        """
        return not any(place[0] in keys for place in self._unread)

    @property
    def has_machine(self) -> bool:
        """Whether there is a system that could be run; features of a world may do without."""
        return bool(self.load or self.system or self.flow)

    @property
    def traces(self) -> dict[str, str]:
        """The files that its loads replay, by their names, each with the hash of what it holds.

        Of a run that was read back: of what they held when it was made.
        """
        if self._traces is not None:
            return self._traces
        files = dict.fromkeys(load.trace.file for load in self.load.values() if load.trace)
        return {file: digest_of(self.document.path.parent / file) for file in files}

    @property
    def hash(self) -> str:
        """Names its content, with that of its traces: equal hashes, equal scenarios."""
        own, traces = self.document.hash, self.traces
        return digest(json.dumps([own, traces], sort_keys=True)) if traces else own

    def of_traces(self, traces: Mapping[str, str]) -> "Scenario":
        """The same with traces that needn't be there, by the hashes of what they held."""
        copy = self.model_copy()
        copy._traces = dict(traces)
        return copy

    @property
    def monitoring_file(self) -> Path | None:
        """Where the monitoring file lies."""
        return None if self.monitoring is None else self.document.path.parent / self.monitoring

    def outputs(self) -> dict[str, int | None]:
        """What components add to requests, as expressions name it: `risk_model.score`.

        With its dimension: what a component finds out or decides is a number; of columns that it
        sends, that isn't known (None).
        """
        return {
            output if "." in output else f"{name}.{output}": NUMBER if "." in output else None
            for name, component in self.system.items()
            for output in component.outputs(name)
        }
