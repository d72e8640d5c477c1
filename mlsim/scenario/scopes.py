"""Which names an expression can use where, and what dimension they have.

drivers: functions of time and states only. state: states and drivers as they are, and what it
counts; its counts, what outcomes can name. person: earlier columns and nothing that varies over
time, since a person who comes back must be the same. A load's block: drivers and states, the person
whose request it is, earlier columns. outcomes: all of these, what components add, and how the
request ended.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from math import isfinite

from mlsim.errors import nearest
from mlsim.scenario.bounds import bounds
from mlsim.scenario.calendar import calendar_offset
from mlsim.scenario.dimensions import RATE, Dimension, dimension, words
from mlsim.scenario.expressions import Expression, names
from mlsim.scenario.functions import FUNCTIONS, NUMBER, TIME
from mlsim.scenario.kinds import Mistake, Place
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.spec import WORLD_KEYS, Columns, Load, Outcome, Scenario
from mlsim.scenario.tree import calls, substituted

Scope = Mapping[str, Dimension]

_ANOTHER_NAME = "needs another name: this one has a meaning already"

REQUEST: Scope = {
    "ok": NUMBER,
    "timed_out": NUMBER,
    "rejected": NUMBER,
    "failed": NUMBER,
    "abandoned": NUMBER,
    "fallback": NUMBER,
    "sojourn_time": TIME,
    "attempts": NUMBER,
}
"""What is known of every request when it has ended."""


def misfits(
    expression: Expression,
    scope: Scope,
    place: Place,
    wanted: Dimension = None,
    out_of_reach: Mapping[str, str] | None = None,
) -> Iterator[Mistake]:
    """Names that the expression can't use, or the reason why its parts don't fit together.

    out_of_reach: names that exist, but can't be used at this place, and why.
    """
    unknown = [name for name in names(expression) if name not in scope]
    for name in unknown:
        if out_of_reach and name in out_of_reach:
            yield place, f"can't use {name}, which {out_of_reach[name]}", ""
            continue
        hint = f" (known: {', '.join(scope)})" if 0 < len(scope) <= 8 else ""
        yield place, f"unknown name '{name}'{hint}", nearest(name, scope)
    if unknown:
        return
    try:
        found = dimension(expression, scope)
    except Refusal as refusal:
        yield place, refusal.message, refusal.suggestion
        return
    if wanted is not None and found is not None and found != wanted:
        yield place, f"must be {words(wanted)}, and is {words(found)}", ""


def naming_problems(scenario: Scenario) -> Iterator[Mistake]:
    """What is wrong with the expressions of the world, its loads and the outcomes."""
    drivers = yield from _drivers(scenario)
    person = yield from _person(scenario, drivers)
    records = yield from _records(scenario, drivers, person)
    requests: dict[str, Scope] = {}
    for name, load in scenario.load.items():
        if load.rate is not None:
            yield from _rate_problems(scenario, load.rate, drivers, ("load", name, "rate"))
        recorded = load.trace.columns if load.trace else {}
        scope = records.get(load.each, person if load.of else drivers)
        requests[name] = {**scope, **dict.fromkeys(recorded)}
    added = {**scenario.outputs(), **REQUEST}
    shared, missing = _in_all(requests)
    yield from _states(scenario, drivers, {**shared, **added}, missing)
    if not scenario.is_read("load"):
        return
    yield from _currencies(scenario)
    for name, outcome in scenario.outcomes.items():
        yield from _outcome_problems(outcome, {**shared, **added}, missing, ("outcomes", name))


def _records(
    scenario: Scenario, drivers: Scope, person: Scope
) -> Generator[Mistake, None, dict[str, Scope]]:
    """The problems of what is drawn per request; gives the scopes by block."""
    nobodys = dict.fromkeys(scenario.world.person, "belongs to a person: the load needs of: person")
    users = _users(scenario)
    scopes: dict[str, Scope] = {}
    for block, columns in scenario.world.records.items():
        place = ("world", block)
        if block not in users and scenario.is_read("load"):
            known = (*WORLD_KEYS, *users)
            yield place, f"no load has requests of the name '{block}'", nearest(block, known)
        loads = users.get(block, [])
        is_somebodys = all(load.of for load in loads)
        recorded, others = _recorded(loads)
        scope = {**(person if is_somebodys else drivers), **recorded}
        away = {**({} if is_somebodys else nobodys), **others}
        scopes[block] = yield from _block(columns, scope, place, away)
    return scopes


def _recorded(loads: Sequence[Load]) -> tuple[Scope, dict[str, str]]:
    """Columns that the traces of all loads of a block have; and those that only some have."""
    traces = [set(load.trace.columns) if load.trace else set() for load in loads]
    everywhere = set.intersection(*traces) if traces else set()
    others = set().union(*traces) - everywhere
    return (
        dict.fromkeys(sorted(everywhere)),
        dict.fromkeys(sorted(others), "is recorded in the trace of another load"),
    )


def _in_all(requests: Mapping[str, Scope]) -> tuple[Scope, dict[str, str]]:
    """What the requests of every load have; and what only some have, with the reason."""
    everything = {name: one for scope in requests.values() for name, one in scope.items()}
    missing = {
        name: f"the requests of {load} don't have"
        for load, scope in requests.items()
        for name in everything
        if name not in scope
    }
    return {name: one for name, one in everything.items() if name not in missing}, missing


def _users(scenario: Scenario) -> dict[str, list[Load]]:
    """The loads by the block of the world that their requests carry."""
    users: dict[str, list[Load]] = {}
    for load in scenario.load.values():
        users.setdefault(load.each, []).append(load)
    return users


def _drivers(scenario: Scenario) -> Generator[Mistake, None, Scope]:
    states = scenario.world.state
    for name, expression in scenario.world.drivers.items():
        for used in names(expression):
            if used not in states:
                message = f"must depend on time alone, and uses '{used}'"
                yield ("world", "drivers", name), message, nearest(used, states)
        if name in states:
            yield ("world", "drivers", name), _ANOTHER_NAME, ""
    return {
        name: None if name in states and states[name].is_text else NUMBER
        for name in scenario.world.varying
    }


def _states(
    scenario: Scenario, varying: Scope, ended: Scope, missing: Mapping[str, str]
) -> Iterator[Mistake]:
    """The problems of what changes with what people do; `ended`: what is known of requests."""
    belongs = dict.fromkeys(ended, "belongs to a request: count those for which something holds")
    for name, state in scenario.world.state.items():
        place = ("world", "state", name)
        for counted, condition in state.counts.items():
            here = (*place, "counts", counted)
            if counted in varying:
                yield here, _ANOTHER_NAME, ""
            if scenario.is_read("load"):
                yield from misfits(condition, ended, here, NUMBER, missing)
        if state.next is None:
            continue
        scope = {**varying, **dict.fromkeys(state.counts, NUMBER)}
        yield from misfits(state.next, scope, (*place, "next"), NUMBER, belongs)


def _person(scenario: Scenario, drivers: Scope) -> Generator[Mistake, None, Scope]:
    """The problems of the people; gives the scope of their requests: drivers and their columns."""
    once = "belongs to a moment: a person's columns are drawn once"
    columns = scenario.world.person
    for name, column in columns.items():
        for function in {call.function for call in calls(column.is_)}:
            if FUNCTIONS[function].varies:
                yield ("world", "person", name), f"can't use {function}(), which {once}", ""
    scope = yield from _block(columns, {}, ("world", "person"), dict.fromkeys(drivers, once))
    for name in set(drivers) & set(columns):
        yield ("world", "person", name), _ANOTHER_NAME, ""
    return {**drivers, **scope}


def _block(
    columns: Columns, outer: Scope, place: Place, out_of_reach: Mapping[str, str] | None = None
) -> Generator[Mistake, None, Scope]:
    """The problems of a block; gives the scope after its last column."""
    scope = dict(outer)
    later = {**(out_of_reach or {}), **dict.fromkeys(columns, "is not drawn before it")}
    for name, column in columns.items():
        here = (*place, name)
        if name in scope or name in REQUEST:
            yield here, _ANOTHER_NAME, ""
        wanted = NUMBER if column.unit else None
        mistakes = list(misfits(column.is_, scope, here, wanted, later))
        yield from mistakes
        scope[name] = None if mistakes else dimension(column.is_, scope)
    return scope


def _rate_problems(
    scenario: Scenario, stated: Expression, drivers: Scope, place: Place
) -> Iterator[Mistake]:
    mistakes = list(misfits(stated, drivers, place, RATE))
    yield from mistakes
    if mistakes or not scenario.is_read("history", "horizon", "start"):
        return
    rate = substituted(stated, scenario.world.drivers)
    for name, state in scenario.world.state.items():
        if name in names(rate) and not all(map(isfinite, state.range)):
            message = f"needs a range with two ends: the rate of {place[1]} follows it"
            yield ("world", "state", name), message, ""
            return
    try:
        calendar = calendar_offset(scenario.start)
        ranges = {name: state.range for name, state in scenario.world.state.items()}
        low, high = bounds(rate, -scenario.history, scenario.horizon, ranges, calendar)
    except Refusal:  # a driver that uses names, which is reported where it stands
        return
    if low < -1e-6 * high:
        yield place, f"must not be negative, and can be as low as {low:.3g}/s", ""
    if not 0 < high < float("inf"):
        yield place, f"must be more than 0 at times, and finite (at most {high:.3g}/s)", ""


def _outcome_problems(
    outcome: Outcome, scope: Scope, out_of_reach: Mapping[str, str], place: Place
) -> Iterator[Mistake]:
    key = "sum" if outcome.count is None else "count"
    mistakes = list(misfits(outcome.expression, scope, (*place, key), None, out_of_reach))
    yield from mistakes
    if mistakes or outcome.cost is None:
        return
    is_time = dimension(outcome.expression, scope) == TIME
    if is_time and not outcome.cost.per_second:
        yield (*place, "cost"), "must be money for a time such as 36 EUR/h: durations are added", ""
    if outcome.cost.per_second and not is_time:
        yield (*place, "cost"), "must be an amount such as 400 EUR: no durations are added", ""


def _currencies(scenario: Scenario) -> Iterator[Mistake]:
    """Costs that can't be added up: a report has one sum, and no rate of exchange."""
    costs = {name: o.cost.currency for name, o in scenario.outcomes.items() if o.cost}
    first = next(iter(costs), "")
    for name, currency in costs.items():
        if currency != costs[first]:
            message = f"must be in {costs[first]} as that of {first}: costs are added up"
            yield ("outcomes", name, "cost"), f"{message} (got {currency})", ""
