"""Service times: from an expression to a distribution, and what multiplies it row by row."""

from dataclasses import replace

from mlsim.engine import draws
from mlsim.engine.columns import DISTRIBUTIONS
from mlsim.engine.network import Service
from mlsim.scenario import expressions as ex
from mlsim.scenario.functions import FUNCTIONS
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.tree import calls

SCALED = ("exponential", "lognormal", "weibull", "pareto")
"""Distributions whose first parameter is a scale."""


def split(expression: ex.Expression | None) -> tuple[ex.Expression | None, ex.Expression | None]:
    """A service time as a distribution with constants, and what it is to be multiplied by.

    The second is None where the first says all. `exponential(mean=f)` is f times an exponential
    distribution of mean 1, and so for all distributions with a scale.
    """
    if expression is None or not _varies(expression):
        return expression, None
    if not ex.random_calls(expression):
        return ex.Number(1.0), expression
    if isinstance(expression, ex.Call) and expression.function in SCALED:
        (first, scale), *others = expression.args
        return replace(expression, args=((first, ex.Number(1.0)), *others)), scale
    raise Refusal(
        "must be one distribution where it varies, of "
        f"{', '.join(SCALED)}, such as exponential(mean=2ms * items)"
    )


def _varies(expression: ex.Expression) -> bool:
    """Whether it isn't the same for all requests, but for its draw."""
    if ex.names(expression):
        return True
    return any(FUNCTIONS[call.function].varies for call in calls(expression))


def service_of(expression: ex.Expression | None) -> Service:
    """The engine's service time for `lognormal(mean=6ms, cv=0.5)`, `50ms` or nothing at all."""
    if expression is None:
        return Service(draws.Distribution.CONSTANT, 0.0, 0.0)
    drawn = ex.random_calls(expression)
    if drawn and drawn[0] is not expression:
        raise Refusal("must be a constant, or one distribution such as exponential(mean=2s)")
    numbers = _constants_of(expression)
    if isinstance(expression, ex.Call) and expression.function in DISTRIBUTIONS:
        code, a, b = DISTRIBUTIONS[expression.function](*numbers)
        return Service(code, float(a), float(b))
    if numbers[0] < 0:
        raise Refusal(f"must be a duration and not negative (got {numbers[0]:g}s)")
    return Service(draws.Distribution.CONSTANT, numbers[0])


def _constants_of(expression: ex.Expression | None) -> list[float]:
    """The numbers of a distribution or a fixed time; raises Refusal where one is no constant."""
    if isinstance(expression, ex.Call) and expression.function in DISTRIBUTIONS:
        return [ex.constant_value(argument) for _, argument in expression.args]
    return [] if expression is None else [ex.constant_value(expression)]
