"""Columns: an expression of the scenario language, computed for many rows at once.

A value depends on its own row only (its id, its time, its columns), never on the rows beside it, so
it doesn't matter in which blocks rows are computed.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import draws
from mlsim.engine.bursts import Bursts
from mlsim.scenario import expressions as ex

Column = NDArray[Any]
DAY = 86400.0
WEEK = 7 * DAY


class Rows:
    """What an expression can see of n rows.

    ids: int64[n], whose draws these are. time: float64[n], seconds since day 0.
    columns: the named values in sight, arrays of n (anything with `[name]`).
    attempts: int64[n] or 0; a retry draws anew.
    time, attempts: or what gives them when an expression looks.
    """

    def __init__(
        self,
        ids: NDArray[np.int64],
        time: NDArray[np.float64] | Callable[[], NDArray[np.float64]],
        columns: Mapping[str, Column],
        attempts: NDArray[np.int64] | int | Callable[[], NDArray[np.int64]] = 0,
    ):
        self.ids, self.columns = ids, columns
        self._time, self._attempts = time, attempts

    @property
    def time(self) -> NDArray[np.float64]:
        """Seconds since day 0, float64[n]."""
        return self._time() if callable(self._time) else self._time

    @property
    def attempts(self) -> NDArray[np.int64] | int:
        """The number of each attempt, or of all."""
        return self._attempts() if callable(self._attempts) else self._attempts


class Formula:
    """An expression bound to its random streams: `<stream>#0`, `<stream>#1`, ... in reading order.

    Paths of chance through time, as of bursts(), have the streams `<stream>~0`, `<stream>~1`, ...

    calendar: seconds from Monday 00:00 to day 0, for daily() and weekly().

    >>> rows = Rows(np.arange(3), np.array([0.0, 5.0, 20.0]), {"age": np.array([1.0, 2.0, 3.0])})
    >>> Formula(ex.parse("age * ramp(0s, 10s)"), seed=1, stream="doc")(rows)
    array([0., 1., 3.])
    """

    def __init__(self, expression: ex.Expression, seed: int, stream: str, calendar: float = 0.0):
        self._expression = expression
        self._calendar = calendar
        self._streams = {
            id(call): draws.stream(seed, f"{stream}#{k}")
            for k, call in enumerate(ex.random_calls(expression))
        }
        self._paths = {
            id(call): Bursts(*_constants(call), seed=seed, stream=path)
            for call, path in ex.chance_calls(expression, stream)
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it reads."""
        return ex.names(self._expression)

    def __call__(self, rows: Rows) -> Column:
        """The value for each row, shape (n,)."""
        value = self._value(self._expression, rows)
        return np.broadcast_to(np.asarray(value), rows.ids.shape)

    def _value(self, node: ex.Expression, rows: Rows) -> Column:
        match node:
            case ex.Number(value=value):
                return np.asarray(value)
            case ex.Text(value=text):
                return np.asarray(text)
            case ex.Name(name=name):
                return rows.columns[name]
            case ex.Unary(operand=operand):
                return np.negative(_number(self._value(operand, rows)))
            case ex.Binary(op=op, left=left, right=right):
                numbers = (_number(self._value(operand, rows)) for operand in (left, right))
                return ARITHMETIC[op](*numbers)
            case ex.Compare(op=op, left=left, right=right):
                return COMPARISONS[op](self._value(left, rows), self._value(right, rows))
            case ex.Logic(op="not", operands=(operand,)):
                return np.logical_not(holds(self._value(operand, rows)))
            case ex.Logic(op=op, operands=operands):
                parts = np.broadcast_arrays(*(holds(self._value(p, rows)) for p in operands))
                return np.asarray((np.all if op == "and" else np.any)(parts, axis=0))
            case ex.IfElse(condition=condition, then=then, otherwise=otherwise):
                return np.where(
                    holds(self._value(condition, rows)),
                    self._value(then, rows),
                    self._value(otherwise, rows),
                )
            case ex.Call():
                return self._call(node, rows)
        raise TypeError(f"no value for {node!r}")

    def _call(self, call: ex.Call, rows: Rows) -> Column:
        if id(call) in self._paths:
            return self._paths[id(call)](rows.time)
        arguments = [self._value(argument, rows) for _, argument in call.args]
        if call.function in DISTRIBUTIONS:
            code, a, b = DISTRIBUTIONS[call.function](*arguments)
            return draws.sample(self._streams[id(call)], rows.ids, code, a, b, rows.attempts)
        if call.function in TIME_FUNCTIONS:
            return TIME_FUNCTIONS[call.function](rows.time, self._calendar, *arguments)
        return MATHEMATICS[call.function](*arguments)


def _constants(call: ex.Call) -> tuple[float, float]:
    first, second = (ex.constant_value(argument) for _, argument in call.args)
    return first, second


def holds(value: Column) -> Column:
    """Where a condition is true; missing (NaN) is not."""
    if value.dtype.kind == "f":
        return np.asarray((value != 0) & ~np.isnan(value))
    return value.astype(bool)


def _number(value: Column) -> Column:
    """What is true counts as 1: NumPy would take the sum of two conditions for their `or`."""
    return value.astype(float) if value.dtype.kind == "b" else value


ARITHMETIC: dict[str, Callable[..., Column]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "**": np.power,
}
COMPARISONS: dict[str, Callable[..., Column]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}

Parameters = tuple[draws.Distribution, Column | float, Column | float]


def _lognormal(mean: Column, cv: Column) -> Parameters:
    variance = draws.log_of(1.0 + cv * cv)
    return draws.Distribution.LOGNORMAL, draws.log_of(mean) - variance / 2.0, np.sqrt(variance)


DISTRIBUTIONS: dict[str, Callable[..., Parameters]] = {
    "normal": lambda mean, sd: (draws.Distribution.NORMAL, mean, sd),
    "lognormal": _lognormal,
    "exponential": lambda mean: (draws.Distribution.EXPONENTIAL, mean, 0.0),
    "uniform": lambda low, high: (draws.Distribution.UNIFORM, low, high),
    "bernoulli": lambda p: (draws.Distribution.BERNOULLI, p, 0.0),
    "weibull": lambda scale, shape: (draws.Distribution.WEIBULL, scale, shape),
    "pareto": lambda scale, shape: (draws.Distribution.PARETO, scale, shape),
}


def _ramp(t: Column, _: float, start: Column, end: Column) -> Column:
    width = np.maximum(end - start, np.finfo(float).tiny)
    return np.asarray(np.clip((t - start) / width, 0.0, 1.0))


def _daily(t: Column, calendar: float, trough: Column, peak_at: Column) -> Column:
    return 1.0 + (1.0 - trough) * draws.cos2pi_of((t + calendar - peak_at) / DAY)


def _weekly(t: Column, calendar: float, weekend: Column) -> Column:
    is_weekend = np.mod(t + calendar, WEEK) >= 5 * DAY
    return np.where(is_weekend, weekend, 1.0) * 7.0 / (5.0 + 2.0 * weekend)


def _spike(t: Column, _: float, at: Column, rise: Column, fall: Column) -> Column:
    since = t - at - rise
    rising = 1.0 + np.clip(since, -rise, 0.0) / np.maximum(rise, np.finfo(float).tiny)
    falling = draws.exp_of(-np.maximum(since, 0.0) / fall)
    return np.where(t < at, 0.0, np.where(since < 0, rising, falling))


def _growth(t: Column, _: float, by: Column, every: Column) -> Column:
    return draws.exp_of(draws.log_of(1.0 + by) * t / every)


TIME_FUNCTIONS: dict[str, Callable[..., Column]] = {
    "ramp": _ramp,
    "step": lambda t, _, at: (t >= at).astype(float),
    "pulse": lambda t, _, start, end: ((t >= start) & (t < end)).astype(float),
    "daily": _daily,
    "weekly": _weekly,
    "spike": _spike,
    "growth": _growth,
    "every": lambda t, _, period, duration: (np.mod(t, period) < duration).astype(float),
}


def _coalesce(a: Column, b: Column) -> Column:
    return np.where(np.isnan(a), b, a)


MATHEMATICS: dict[str, Callable[..., Column]] = {
    "constant": lambda value: value,
    "min": np.minimum,
    "max": np.maximum,
    "coalesce": _coalesce,
    "clip": np.clip,
    "abs": np.abs,
    "exp": draws.exp_of,
    "log": draws.log_of,
    "sqrt": np.sqrt,
    "floor": np.floor,
    "contains": lambda text, part: (np.char.find(text, part) >= 0).astype(float),
    "replace": np.char.replace,
}
