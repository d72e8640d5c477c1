"""Measures of studies as tables and figures say them: with their units, times in hours."""

import math

from mlsim.measures.headline import Measure
from mlsim.report import wording


def titled(measure: Measure) -> str:
    """A measure as a line of a table calls it, with its unit."""
    unit = {"share": "% of runs", "s": "h"}.get(measure.unit, measure.unit)
    return f"{wording.capital(measure.title)} ({unit})".removesuffix(" ()")


def said(measure: Measure, value: float, signed: bool = False) -> str:
    """A value in the unit that `titled` names: shares in percent, times in hours."""
    if value is None or math.isnan(value):
        return "-"
    shown = value * scale(measure)
    return wording.signed(shown) if signed else wording.number(shown)


def scale(measure: Measure) -> float:
    """By what a value is multiplied to be shown."""
    return {"share": 100.0, "s": 1 / 3600}.get(measure.unit, 1.0)
