"""Expressions while states flow: between two events each is a straight line in time.

So the instant at which a condition changes is solved for, and never stepped over. What is curved
(a product of two that flow, daily()) is taken as a straight line too, and looked at again soon.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mlsim.scenario import expressions as ex
from mlsim.scenario.functions import FUNCTIONS
from mlsim.scenario.tree import walk

Value = float | str
Line = tuple[Value, float]
"""A value, and how fast it changes per second; 0.0 for a text."""
Straight = Callable[["Look"], Line]
"""An expression, ready to be computed again and again."""

_TOLERANCE = 1e-9
DAY = 86400.0
WEEK = 7 * DAY


@dataclass
class Look:
    """The states at one instant, and what computing expressions of them brought to light.

    time: seconds since day 0. values, slopes: of all states by name; a slope is per second.
    soonest: seconds until the first condition that was looked at changes. curved: whether one of
    the expressions was no straight line.
    """

    time: float
    values: Mapping[str, Value]
    slopes: Mapping[str, float]
    soonest: float = math.inf
    curved: bool = field(default=False)

    def meets(self, gap: float, speed: float) -> None:
        """Something changes when a gap that closes by `speed` per second is closed."""
        if gap * speed < 0:
            self.soonest = min(self.soonest, -gap / speed)

    def comes(self, wait: float) -> None:
        """Something changes after `wait` seconds."""
        if wait > 0:
            self.soonest = min(self.soonest, wait)


def straight(node: ex.Expression, calendar: float = 0.0) -> Straight:
    """An expression over states (drivers put in), computed at a `Look`.

    calendar: seconds from Monday 00:00 to day 0.

    >>> look = Look(0.0, {"fire": 0.4}, {"fire": 0.1})
    >>> straight(ex.parse("fire > 1"))(look), round(look.soonest, 9)
    ((0.0, 0.0), 6.0)
    """
    line = _line(node, calendar)
    if not is_constant(node):
        return line
    constant = line(Look(0.0, {}, {}))
    return lambda look: constant


def is_constant(node: ex.Expression) -> bool:
    """Whether it is the same at every instant, whatever the states."""
    varies = (isinstance(n, ex.Call) and FUNCTIONS[n.function].varies for n in walk(node))
    return not (ex.names(node) or any(varies))


def _line(node: ex.Expression, calendar: float) -> Straight:
    match node:
        case ex.Number(value=value):
            return lambda look: (value, 0.0)
        case ex.Text(value=text):
            return lambda look: (text, 0.0)
        case ex.Name(name=name):
            return lambda look: (look.values[name], look.slopes.get(name, 0.0))
    parts = [straight(child, calendar) for child in node.children]
    match node:
        case ex.Unary():
            return lambda look: _negative(*_number(parts[0](look)))
        case ex.Binary(op=op):
            return _both(_ARITHMETIC[op], *parts)
        case ex.Compare(op=op):
            return _comparison(op, *parts)
        case ex.Logic(op=op):
            return _logic(op, parts)
        case ex.IfElse():
            then, condition, otherwise = parts
            return lambda look: (then if holds(condition(look)) else otherwise)(look)
        case ex.Call(function=function):
            return _call(function, parts, calendar)
    raise TypeError(f"no line for {node!r}")


def holds(line: Line) -> bool:
    """Whether a condition is true: missing (NaN) is not."""
    value, _ = line
    return bool(value) and value == value


def _number(line: Line) -> tuple[float, float]:
    value, slope = line
    assert not isinstance(value, str), "validation sees to it"
    return value, slope


def _negative(value: float, slope: float) -> Line:
    return -value, -slope


Operation = Callable[[Look, float, float, float, float], Line]


def _both(operation: Operation, left: Straight, right: Straight) -> Straight:
    return lambda look: operation(look, *_number(left(look)), *_number(right(look)))


def _product(look: Look, a: float, da: float, b: float, db: float) -> Line:
    look.curved |= bool(da and db)
    return a * b, da * b + a * db


def _quotient(look: Look, a: float, da: float, b: float, db: float) -> Line:
    if b == 0:
        return math.nan, 0.0
    look.curved |= bool(db)
    return a / b, (da * b - a * db) / (b * b)


def _power(look: Look, a: float, da: float, b: float, db: float) -> Line:
    look.curved |= bool(da or db)
    try:
        value = float(a**b)
        return value, b * float(a ** (b - 1)) * da if da else 0.0
    except (ZeroDivisionError, OverflowError, TypeError):  # 0**-1, a root of a negative number
        return math.nan, 0.0


def _gap(a: float, b: float) -> float:
    """a - b, and 0 where only rounding keeps them apart."""
    gap = a - b
    return 0.0 if abs(gap) <= _TOLERANCE * (1.0 + abs(a) + abs(b)) else gap


def _least(look: Look, a: float, da: float, b: float, db: float) -> Line:
    gap = _gap(a, b)
    look.meets(gap, da - db)
    return (a, da) if (gap, da - db) <= (0.0, 0.0) else (b, db)


def _greatest(look: Look, a: float, da: float, b: float, db: float) -> Line:
    gap = _gap(a, b)
    look.meets(gap, da - db)
    return (a, da) if (gap, da - db) >= (0.0, 0.0) else (b, db)


_ARITHMETIC: dict[str, Operation] = {
    "+": lambda look, a, da, b, db: (a + b, da + db),
    "-": lambda look, a, da, b, db: (a - b, da - db),
    "*": _product,
    "/": _quotient,
    "**": _power,
}

# What holds at a gap of 0 is what holds right after, by where the gap is heading.
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda gap, speed: gap < 0 or (gap == 0 and speed < 0),
    "<=": lambda gap, speed: gap < 0 or (gap == 0 and speed <= 0),
    ">": lambda gap, speed: gap > 0 or (gap == 0 and speed > 0),
    ">=": lambda gap, speed: gap > 0 or (gap == 0 and speed >= 0),
    "==": lambda gap, speed: gap == 0 and speed == 0,
    "!=": lambda gap, speed: gap != 0 or speed != 0,
}


def _comparison(op: str, left: Straight, right: Straight) -> Straight:
    decide = _COMPARISONS[op]

    def compare(look: Look) -> Line:
        (a, da), (b, db) = left(look), right(look)
        if isinstance(a, str) or isinstance(b, str):
            return float((a == b) == (op == "==")), 0.0
        gap = _gap(a, b)
        look.meets(gap, da - db)
        return float(decide(gap, da - db)), 0.0

    return compare


def _logic(op: str, parts: list[Straight]) -> Straight:
    if op == "not":
        return lambda look: (float(not holds(parts[0](look))), 0.0)
    together = all if op == "and" else any
    # All are looked at, for each may be the first to change.
    return lambda look: (float(together([holds(part(look)) for part in parts])), 0.0)


def _call(function: str, parts: list[Straight], calendar: float) -> Straight:
    if function in _PAIRS:
        return _both(_PAIRS[function], *parts)
    if function == "clip":
        x, low, high = parts
        return _both(_least, _both(_greatest, x, low), high)
    if function == "constant":
        return parts[0]
    if function == "contains":
        return lambda look: (float(str(parts[1](look)[0]) in str(parts[0](look)[0])), 0.0)
    if function == "replace":
        return lambda look: (_replaced(*(str(part(look)[0]) for part in parts)), 0.0)
    if function in _CURVES:
        return _curve(*_CURVES[function], parts[0])
    if function in _TIMES:
        time = _TIMES[function]
        return lambda look: time(look, calendar, *(_number(part(look))[0] for part in parts))
    return lambda look: _UNARY[function](look, *_number(parts[0](look)))


def _replaced(text: str, old: str, new: str) -> str:
    return text.replace(old, new) if old else text


def _absolute(look: Look, a: float, da: float) -> Line:
    gap = _gap(a, 0.0)
    look.meets(gap, da)
    return (a, da) if (gap, da) >= (0.0, 0.0) else (-a, -da)


def _floor(look: Look, a: float, da: float) -> Line:
    # Just under a whole number on the way up is that number already: rounding must not hide it.
    near = round(a)
    at = abs(a - near) <= _TOLERANCE * (1.0 + abs(a))
    value = near - 1.0 if at and da < 0 else float(near) if at else float(math.floor(a))
    if da:
        look.comes(((value + 1.0 if da > 0 else value) - a) / da)
    return value, 0.0


_UNARY: dict[str, Callable[[Look, float, float], Line]] = {"abs": _absolute, "floor": _floor}
_PAIRS: dict[str, Operation] = {
    "min": _least,
    "max": _greatest,
    "coalesce": lambda look, a, da, b, db: (b, db) if math.isnan(a) else (a, da),
}

_CURVES: dict[str, tuple[Callable[[float], float], Callable[[float, float], float]]] = {
    "exp": (math.exp, lambda a, value: value),
    "log": (math.log, lambda a, value: 1.0 / a),
    "sqrt": (math.sqrt, lambda a, value: 0.5 / value),
}
"""Functions with their slopes, as functions of the argument and the value."""


def _curve(
    function: Callable[[float], float], slope: Callable[[float, float], float], inner: Straight
) -> Straight:
    def compute(look: Look) -> Line:
        a, da = _number(inner(look))
        look.curved |= bool(da)
        try:
            value = function(a)
            return value, slope(a, value) * da if da else 0.0
        except (ValueError, OverflowError, ZeroDivisionError):
            return math.nan, 0.0

    return compute


def _reached(look: Look, time: float) -> bool:
    """Whether it is time; if not, that moment is something to wait for."""
    if look.time >= time - _TOLERANCE * abs(time):  # a clock that added up may be a hair early
        return True
    look.comes(time - look.time)
    return False


def _step(look: Look, _: float, at: float) -> Line:
    return float(_reached(look, at)), 0.0


def _pulse(look: Look, _: float, start: float, end: float) -> Line:
    return float(_reached(look, start) and not _reached(look, end)), 0.0


def _ramp(look: Look, _: float, start: float, end: float) -> Line:
    if not _reached(look, start) or _reached(look, end):
        return float(look.time > start), 0.0
    return (look.time - start) / (end - start), 1.0 / (end - start)


def _every(look: Look, _: float, period: float, duration: float) -> Line:
    cycles = math.floor(look.time / period + _TOLERANCE)
    into = max(look.time - cycles * period, 0.0)
    is_on = into < duration * (1.0 - _TOLERANCE)
    look.comes((duration if is_on else period) - into)
    return float(is_on), 0.0


def _daily(look: Look, calendar: float, trough: float, peak_at: float) -> Line:
    look.curved = True
    angle = 2.0 * math.pi * (look.time + calendar - peak_at) / DAY
    height = 1.0 - trough
    return 1.0 + height * math.cos(angle), -height * math.sin(angle) * 2.0 * math.pi / DAY


def _weekly(look: Look, calendar: float, weekend: float) -> Line:
    day = math.floor((look.time + calendar) / DAY + _TOLERANCE)
    look.comes((day + 1) * DAY - calendar - look.time)
    return (weekend if day % 7 >= 5 else 1.0) * 7.0 / (5.0 + 2.0 * weekend), 0.0


def _spike(look: Look, _: float, at: float, rise: float, fall: float) -> Line:
    if not _reached(look, at):
        return 0.0, 0.0
    if not _reached(look, at + rise):
        return (look.time - at) / rise, 1.0 / rise
    look.curved = True
    height = math.exp(-(look.time - at - rise) / fall)
    return height, -height / fall


def _growth(look: Look, _: float, by: float, every: float) -> Line:
    look.curved = True
    speed = math.log1p(by) / every
    size = math.exp(speed * look.time)
    return size, speed * size


_TIMES: dict[str, Callable[..., Line]] = {
    "step": _step,
    "pulse": _pulse,
    "ramp": _ramp,
    "every": _every,
    "daily": _daily,
    "weekly": _weekly,
    "spike": _spike,
    "growth": _growth,
}
