"""Bounds of an expression over a stretch of time, by interval arithmetic (Moore, 1966).

They are true bounds, not always the tightest: `x - x` has the bounds of two different x.
"""

import math
from collections.abc import Callable, Mapping

from mlsim.scenario.functions import FUNCTIONS
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.tree import (
    Binary,
    Call,
    Compare,
    Expression,
    IfElse,
    Logic,
    Name,
    Number,
    Unary,
    calls,
)

Interval = tuple[float, float]
DAY = 86400.0
WEEK = 7 * DAY
BINARY: Interval = (0.0, 1.0)
ANYTHING: Interval = (-math.inf, math.inf)


def bounds(
    expression: Expression,
    t0: float,
    t1: float,
    names: Mapping[str, Interval] | None = None,
    calendar: float = 0.0,
) -> Interval:
    """(low, high) of the values that the expression takes at times in [t0, t1].

    t0, t1: seconds since day 0. names: bounds of the names that it uses.
    calendar: seconds from Monday 00:00 to day 0, for daily() and weekly().
    Raises Refusal for a random call, for text, and for a name without bounds.
    """
    return _Bounds(t0, t1, names or {}, calendar).of(expression)


def constant_value(expression: Expression) -> float:
    """The value of an expression without names, draws and time; raises Refusal for others.

    >>> constant_value(Binary("*", Number(2.0), Number(3.0)))
    6.0
    """
    for call in calls(expression):
        if FUNCTIONS[call.function].varies:
            raise Refusal(f"must be a constant, and {call.function}() varies over time")
    low, high = bounds(expression, 0.0, 0.0)
    if low != high:
        raise Refusal(f"must be a constant that can be computed (got '{expression}')")
    return low


class _Bounds:
    def __init__(
        self, t0: float, t1: float, names: Mapping[str, Interval], calendar: float
    ) -> None:
        self._t0, self._t1, self._names, self._calendar = t0, t1, names, calendar

    def of(self, node: Expression) -> Interval:
        match node:
            case Number(value=value):
                return value, value
            case Name(name=name):
                if name not in self._names:
                    raise Refusal(f"must not depend on {name}")
                return self._names[name]
            case Unary(operand=operand):
                low, high = self.of(operand)
                return -high, -low
            case Binary(op=op, left=left, right=right):
                return _ARITHMETIC[op](self.of(left), self.of(right))
            case Compare(op=op, left=left, right=right):
                return _compare(op, self.of(left), self.of(right))
            case Logic(op=op, operands=operands):
                return _logic(op, [_truth(self.of(operand)) for operand in operands])
            case IfElse(condition=condition, then=then, otherwise=otherwise):
                return self._choice(_truth(self.of(condition)), then, otherwise)
            case Call():
                return self._call(node)
        raise Refusal(f"must not contain {node}")

    def _choice(self, holds: Interval, then: Expression, otherwise: Expression) -> Interval:
        if holds[0] == holds[1]:
            return self.of(then if holds[0] else otherwise)
        one, other = self.of(then), self.of(otherwise)
        return min(one[0], other[0]), max(one[1], other[1])

    def _call(self, call: Call) -> Interval:
        function = FUNCTIONS[call.function]
        if function.random:
            raise Refusal(f"must not be random, and {call.function}() draws")
        arguments = [self.of(argument) for _, argument in call.args]
        if not function.varies:
            return _MATHEMATICS[call.function](*arguments)
        if any(low != high for low, high in arguments):
            return _whatever_the_time(call.function, arguments)
        shift = self._calendar if call.function in ("daily", "weekly") else 0.0
        t0, t1 = self._t0 + shift, self._t1 + shift
        return _TIME[call.function](t0, t1, *(low for low, _ in arguments))


def _hull(values: list[float]) -> Interval:
    # nan: infinity times 0, or minus infinity; nothing is known then.
    return ANYTHING if any(map(math.isnan, values)) else (min(values), max(values))


def _add(x: Interval, y: Interval) -> Interval:
    return _hull([x[0] + y[0], x[1] + y[1]])


def _subtract(x: Interval, y: Interval) -> Interval:
    return _hull([x[0] - y[1], x[1] - y[0]])


def _multiply(x: Interval, y: Interval) -> Interval:
    return _hull([a * b for a in x for b in y])


def _divide(x: Interval, y: Interval) -> Interval:
    if y[0] <= 0 <= y[1]:
        return ANYTHING
    return _hull([a / b for a in x for b in y])


def _power(x: Interval, y: Interval) -> Interval:
    is_whole = y[0] == y[1] and y[0].is_integer() and y[0] >= 0
    if x[0] < 0 and not is_whole:
        return ANYTHING
    corners = [_power_of(a, b) for a in x for b in y]
    if x[0] < 0 < x[1]:
        corners.append(_power_of(0.0, y[0]))
    return _hull(corners)


def _power_of(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 else math.inf
    except ValueError:  # 0 to a negative power
        return math.inf


_ARITHMETIC: dict[str, Callable[[Interval, Interval], Interval]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "**": _power,
}


def _compare(op: str, x: Interval, y: Interval) -> Interval:
    match op:
        case ">" | ">=":
            return _compare({">": "<", ">=": "<="}[op], y, x)
        case "!=":
            return _logic("not", [_compare("==", x, y)])
        case "==":
            surely = x == y and x[0] == x[1]
            never = x[1] < y[0] or y[1] < x[0]
        case "<":
            surely, never = x[1] < y[0], x[0] >= y[1]
        case _:
            surely, never = x[1] <= y[0], x[0] > y[1]
    return float(surely), float(not never)


def _truth(x: Interval) -> Interval:
    surely = x[0] > 0 or x[1] < 0
    return float(surely), float(x != (0.0, 0.0))


def _logic(op: str, truths: list[Interval]) -> Interval:
    lows, highs = [low for low, _ in truths], [high for _, high in truths]
    if op == "not":
        return 1.0 - highs[0], 1.0 - lows[0]
    choose = min if op == "and" else max
    return choose(lows), choose(highs)


def _rising(f: Callable[[float], float]) -> Callable[[Interval], Interval]:
    def image(x: Interval) -> Interval:
        return f(x[0]), f(x[1])

    return image


def _absolute(x: Interval) -> Interval:
    nearest_to_0 = 0.0 if x[0] < 0 < x[1] else min(abs(x[0]), abs(x[1]))
    return nearest_to_0, max(abs(x[0]), abs(x[1]))


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _floor(x: float) -> float:
    return float(math.floor(x)) if math.isfinite(x) else x


_MATHEMATICS: dict[str, Callable[..., Interval]] = {
    "constant": lambda x: x,
    "min": lambda a, b: (min(a[0], b[0]), min(a[1], b[1])),
    "max": lambda a, b: (max(a[0], b[0]), max(a[1], b[1])),
    "coalesce": lambda a, b: (min(a[0], b[0]), max(a[1], b[1])),
    "clip": lambda x, low, high: (
        min(max(x[0], low[0]), high[0]),
        min(max(x[1], low[1]), high[1]),
    ),
    "abs": _absolute,
    "exp": _rising(_exp),
    "log": _rising(lambda x: math.log(x) if x > 0 else -math.inf),
    "sqrt": _rising(lambda x: math.sqrt(max(x, 0.0))),
    "floor": _rising(_floor),
}


def _ramp(t0: float, t1: float, start: float, end: float) -> Interval:
    def at(t: float) -> float:
        return float(t >= end) if start == end else min(max((t - start) / (end - start), 0.0), 1.0)

    return at(t0), at(t1)


def _step(t0: float, t1: float, at: float) -> Interval:
    return float(t0 >= at), float(t1 >= at)


def _pulse(t0: float, t1: float, start: float, end: float) -> Interval:
    return float(start <= t0 and t1 < end), float(t0 < end and start <= t1 and start < end)


def _every(t0: float, t1: float, period: float, duration: float) -> Interval:
    begin = t0 % period
    finish = begin + (t1 - t0)
    always = duration >= period or finish < duration
    sometimes = duration > 0 and (begin < duration or finish >= period)
    return float(always), float(sometimes)


def _daily(t0: float, t1: float, trough: float, peak_at: float) -> Interval:
    begin, finish = (t0 - peak_at) / DAY, (t1 - peak_at) / DAY
    ends = [math.cos(2 * math.pi * (begin % 1.0)), math.cos(2 * math.pi * (finish % 1.0))]
    low = -1.0 if math.floor(finish - 0.5) >= begin - 0.5 else min(ends)
    high = 1.0 if math.floor(finish) >= begin else max(ends)
    # The engine has a cosine of its own; a hair of room keeps these true bounds of that one too.
    return 1 + (1 - trough) * low - 1e-9, 1 + (1 - trough) * high + 1e-9


def _weekly(t0: float, t1: float, weekend: float) -> Interval:
    working_day = 7.0 / (5.0 + 2.0 * weekend)
    begin = t0 % WEEK
    finish = begin + (t1 - t0)
    factors = []
    if begin < 5 * DAY or finish >= WEEK:
        factors.append(working_day)
    if finish >= 5 * DAY:
        factors.append(weekend * working_day)
    return min(factors), max(factors)


def _spike(t0: float, t1: float, at: float, rise: float, fall: float) -> Interval:
    def value(t: float) -> float:
        if t < at:
            return 0.0
        return (t - at) / rise if t < at + rise else math.exp((at + rise - t) / fall)

    ends = value(t0), value(t1)
    return min(ends) * (1 - 1e-9), (1.0 if t0 <= at + rise <= t1 else max(ends)) * (1 + 1e-9)


def _growth(t0: float, t1: float, by: float, every: float) -> Interval:
    low, high = sorted(_exp(math.log1p(by) * t / every) for t in (t0, t1))
    return low * (1 - 1e-9), high * (1 + 1e-9)


_TIME: dict[str, Callable[..., Interval]] = {
    "ramp": _ramp,
    "step": _step,
    "pulse": _pulse,
    "every": _every,
    "daily": _daily,
    "weekly": _weekly,
    "spike": _spike,
    "growth": _growth,
    "bursts": lambda t0, t1, lasting, apart: BINARY,
}


def _whatever_the_time(function: str, arguments: list[Interval]) -> Interval:
    if function == "daily":
        trough = arguments[0][0]
        return min(trough, 2 - trough), max(trough, 2 - trough)
    if function == "weekly":
        return 0.0, 3.5  # the weekend takes at most all of the week: 7/2
    if function == "growth":
        return 0.0, math.inf
    return BINARY
