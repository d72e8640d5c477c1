"""Patience: how long one waits before one leaves, the same for all or drawn by each."""

from math import inf
from typing import Annotated

from pydantic import AfterValidator

from mlsim.engine.draws import Distribution
from mlsim.engine.network import Service
from mlsim.scenario import expressions as ex
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.units import duration_text
from mlsim.system.service_time import service_of


def patience_of(expression: ex.Expression | None) -> float | Service:
    """The engine's patience for `2s`, `exponential(mean=2s)`, or nothing: then it has no end.

    Raises Refusal for what isn't one distribution of times, or a time of more than 0.
    """
    if expression is None:
        return inf
    for name in ex.names(expression):
        raise Refusal(
            f"must not depend on {name}: it is drawn as one begins to wait, without a look at the "
            "row, from a distribution with constants such as exponential(mean=2s)"
        )
    law = service_of(expression)
    if refusal := _refusal(law):
        raise refusal
    return law.a if law.distribution == Distribution.CONSTANT else law


def _refusal(law: Service) -> Refusal | None:
    """Why a law is none of patience: some of its times are negative, or all are 0."""
    match law:
        case Service(Distribution.CONSTANT, 0.0):
            return Refusal("must be a duration of more than 0")
        case Service(Distribution.UNIFORM, low, high) if low < 0.0 or high == 0.0:
            near = f"uniform(0s, {duration_text(high)})" if high > 0.0 else ""
            return Refusal("must not be negative, nor always 0", near)
        case Service(Distribution.NORMAL, mean, sd):
            near = f"lognormal({duration_text(mean)}, {sd / mean:.3g})" if mean > 0.0 else ""
            return Refusal("must not be negative, as some draws of normal() are", near)
    return None


def _checked(expression: ex.Expression) -> ex.Expression:
    patience_of(expression)
    return expression


Patience = Annotated[ex.DurationExpression, AfterValidator(_checked)]
"""A duration of more than 0, or a distribution of durations with constants."""
