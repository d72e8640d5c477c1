"""What can be said of the ways through the flow before anything runs.

Columns that are read where not all rows have them, since a choice has sent some past whoever makes
them; inputs of models that no collector sees; and branches that no row can take. Told only where it
is certain, whatever requests carry. With them, what components have to say of themselves.
"""

import math
from collections.abc import Iterable, Iterator, Mapping

from mlsim.scenario.bounds import ANYTHING, BINARY, Interval, bounds
from mlsim.scenario.calendar import calendar_offset
from mlsim.scenario.flow_checks import is_connected
from mlsim.scenario.flow_steps import Choice, choices, written
from mlsim.scenario.kinds import Mistake, Place
from mlsim.scenario.readable import readable
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.spec import Scenario
from mlsim.scenario.tree import (
    Call,
    Compare,
    Expression,
    IfElse,
    Logic,
    Name,
    Number,
    names,
    random_calls,
    walk,
)
from mlsim.system.base import Component
from mlsim.system.cache import Cache
from mlsim.system.channel_model import ChannelModel
from mlsim.system.collector import Collector
from mlsim.system.columns_check import expressions_of
from mlsim.system.model import Model
from mlsim.system.policy import Policy
from mlsim.system.trainer import Trainer
from mlsim.system.wiring import Readers, UnknownColumnError, Wiring, needed_by

Ways = tuple[Mapping[Choice, int], ...]
"""Ways to somewhere, each as the branches that have to be taken."""


def doubtful(scenario: Scenario) -> Iterator[Mistake]:
    """What is no mistake of the language, and hardly meant."""
    if is_connected(scenario):
        wiring = Wiring.of(scenario)
        yield from _gaps(scenario, wiring)
        yield from _never_taken(scenario)
        yield from _never_logged(scenario.system, wiring)
        for name, spec in scenario.system.items():
            for place, message, suggestion in spec.doubts(scenario, name):
                yield ("system", name, *place), message, suggestion


# --- columns that some rows lack ---


def _gaps(scenario: Scenario, wiring: Wiring) -> Iterator[Mistake]:
    for name, spec in scenario.system.items():
        if spec.in_flow and not (spec.starts_requests or spec.knows_truth):
            expressions = [expression for _, expression in expressions_of(spec)]
            yield from _missing(wiring, name, ("system", name), expressions, spec.needs())
    for number, chain in enumerate(scenario.flow):
        for choice in choices(chain.steps):
            yield from _missing(wiring, choice, ("flow", number), choice.conditions)


def _missing(
    wiring: Wiring,
    reader: Readers,
    place: Place,
    expressions: Iterable[Expression],
    needs: Iterable[str] = (),
) -> Iterator[Mistake]:
    """A mistake for each column that a reader takes for granted, and that some rows lack."""
    expressions = list(expressions)
    used = {name for one in expressions for name in names(one)}
    plain = [name for name in needs if name not in used]
    for column in dict.fromkeys([*plain, *(n for one in expressions for n in _bare(one))]):
        for choice in _past(wiring, reader, column):
            # Who looks at what the choice went by knows which rows were sent past.
            by = set(needed_by(choice))
            if not by or not by <= {*used, *plain}:
                message = (
                    f"reads {column}, which rows lack that {readable_choice(choice)} sends past it:"
                    f" coalesce({column}, ...) says what then"
                )
                yield place, message, ""
                break


def readable_choice(choice: Choice) -> str:
    """A choice as it is written in a flow, with few brackets."""
    arms = [
        f"{written(branch)} if {readable(condition)}"
        for branch, condition in zip(choice.branches, choice.conditions, strict=False)
    ]
    otherwise = [written(choice.branches[-1])] if choice.branches[-1] else []
    return f"({' else '.join([*arms, *otherwise])})"


def _past(wiring: Wiring, reader: Readers, column: str) -> Iterator[Choice]:
    """The choices that send some rows past all who make a column, on their way to a reader."""
    try:
        sources = wiring.sources(reader, column)
    except UnknownColumnError:
        return
    if None in sources:
        return
    ways: list[Mapping[Choice, int]] = []
    for name in sources:
        detours = wiring.detour(str(name), reader)
        if not detours:
            return
        # Who is waited for in vain is another matter: it may never happen.
        ways += [{fork: k for fork, k in way if isinstance(fork, Choice)} for way in detours]
    if not _all_take_one(tuple(ways)):
        yield from dict.fromkeys(fork for way in ways for fork in way)


def _all_take_one(ways: Ways) -> bool:
    """Whether each row takes one of these ways, whatever it carries."""
    if any(not way for way in ways):
        return True
    forks = dict.fromkeys(fork for way in ways for fork in way)
    if not forks:
        return False
    fork = next(iter(forks))
    return all(
        _all_take_one(
            tuple(
                {other: k for other, k in way.items() if other != fork}
                for way in ways
                if way.get(fork, branch) == branch
            )
        )
        for branch in range(len(fork.branches))
    )


def _bare(expression: Expression) -> Iterator[str]:
    """The names for which nothing stands in where they are missing."""
    if isinstance(expression, Name):
        yield expression.name
    covered = isinstance(expression, Call) and expression.function == "coalesce"
    for child in expression.children[-1:] if covered else expression.children:
        yield from _bare(child)


# --- inputs that no row has from which they could be learned ---


def _never_logged(system: Mapping[str, Component], wiring: Wiring) -> Iterator[Mistake]:
    collectors = [name for name, spec in system.items() if isinstance(spec, Collector)]
    known = {sender for name in collectors for sender in wiring.upstream(name)}
    trained = {spec.model for spec in system.values() if isinstance(spec, Trainer)}
    for name, spec in system.items():
        for number, column in enumerate(spec.inputs if isinstance(spec, Model) else ()):
            source = wiring.source(name, column)
            # Scores of the history are made after it, so first versions have them.
            made = isinstance(system.get(source or ""), Model) and name not in trained
            if source is not None and source not in known and not made:
                message = (
                    f"{name} can't learn from {column}: no row that reaches "
                    f"{' or '.join(collectors)} has been at {source}, which makes it (~> takes "
                    "along what has been made by then)"
                )
                yield ("system", name, "inputs", number), message, ""


# --- branches that no row takes ---


def _never_taken(scenario: Scenario) -> Iterator[Mistake]:
    known = _limits(scenario.system)
    for number, chain in enumerate(scenario.flow):
        for choice in dict.fromkeys(choices(chain.steps)):
            for k, branch in enumerate(choice.branches):
                condition = choice.conditions[k] if k < len(choice.conditions) else None
                why = _why_never(scenario, choice.conditions[:k], condition, known)
                if branch and why:
                    said = f" if {readable(condition)}" if condition else ""
                    yield (
                        ("flow", number),
                        f"no row ever takes '{written(branch)}{said}': {why}",
                        "",
                    )


def _why_never(
    scenario: Scenario,
    earlier: tuple[Expression, ...],
    condition: Expression | None,
    known: Mapping[str, Interval],
) -> str:
    """Why a branch with a condition, or the last, decides for no row; "" if it may."""
    where: dict[str, Interval] = {}
    if condition is not None:
        if _is_plain(condition) and _bounds(scenario, condition, known)[1] == 0.0:
            limits = [(name, *known[name]) for name in names(condition) if name in known]
            told = (f"{name} is from {low:g} to {high:g}" for name, low, high in limits)
            return ", ".join(told) or "that never holds"
        where = _where_holds(condition)
    for one in earlier:
        if _is_again(one, condition) or _follows(scenario, one, where):
            return f"'if {readable(one)}' stands before it"
    return ""


def _is_again(one: Expression, other: Expression | None) -> bool:
    return str(one) == str(other) and not random_calls(one)


def _follows(scenario: Scenario, one: Expression, where: Mapping[str, Interval]) -> bool:
    """Whether a condition holds wherever columns are there, and between these limits."""
    return where.keys() >= set(names(one)) and _bounds(scenario, one, where)[0] == 1.0


def _bounds(scenario: Scenario, condition: Expression, known: Mapping[str, Interval]) -> Interval:
    """Whether a condition surely holds, and whether it may, at any time of the run, as 0 and 1."""
    within = {name: known.get(name, ANYTHING) for name in names(condition)}
    calendar = calendar_offset(scenario.start)
    try:
        low, high = bounds(condition, -scenario.history, scenario.horizon, within, calendar)
    except (Refusal, KeyError):  # it draws, or looks at texts
        return BINARY
    return float(low > 0.0 or high < 0.0), float((low, high) != (0.0, 0.0))


def _is_plain(condition: Expression) -> bool:
    """Whether it can't hold for what is missing: all that it compares has to be there."""
    return not any(
        isinstance(node, IfElse)
        or (isinstance(node, Logic) and node.op == "not")
        or (isinstance(node, Compare) and node.op == "!=")
        for node in walk(condition)
    )


def _where_holds(condition: Expression) -> dict[str, Interval]:
    """Between what the columns are, where a condition holds, as far as it compares with numbers."""
    if isinstance(condition, Logic) and condition.op == "and":
        found: dict[str, Interval] = {}
        for operand in condition.operands:
            for name, (low, high) in _where_holds(operand).items():
                least, most = found.get(name, ANYTHING)
                found[name] = max(low, least), min(high, most)
        return found
    match condition:
        case Compare(op=op, left=Name(name=name), right=Number(value=value)):
            return {name: _side(op, value)}
        case Compare(op=op, left=Number(value=value), right=Name(name=name)):
            return {name: _side(_TURNED.get(op, op), value)}
    return {}


_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _side(op: str, value: float) -> Interval:
    """The numbers for which a comparison with a constant holds, as floats."""
    match op:
        case "<":
            return -math.inf, math.nextafter(value, -math.inf)
        case "<=":
            return -math.inf, value
        case ">":
            return math.nextafter(value, math.inf), math.inf
        case ">=":
            return value, math.inf
        case "==":
            return value, value
    return ANYTHING


def _limits(system: Mapping[str, Component]) -> dict[str, Interval]:
    """Columns whose values lie between limits whatever goes wrong: probabilities, decisions."""
    return {
        column: BINARY
        for name, spec in system.items()
        if isinstance(spec, Model | Policy | Cache)
        or (isinstance(spec, ChannelModel) and spec.sensitivity is not None)
        for column in spec.outputs(name)
    }
