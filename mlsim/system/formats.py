"""Formats in which a column may be sent, and what a parser of the old one makes of them."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from mlsim.scenario.units import affine
from mlsim.system.output import Alter

Format = Literal["decimal_comma", "renamed", "text"]

AS_MISREAD: Mapping[Format, Alter] = {
    "decimal_comma": lambda values, rows: np.trunc(values),
    "renamed": lambda values, rows: np.full(values.shape, np.nan),
    "text": lambda values, rows: values,
}
"""By a parser that takes what it can get, as C's strtod does."""


def in_unit(own: str, other: str) -> Alter:
    """What is sent of values in their own unit where they are written in another."""
    scale, offset = affine(own, other)
    return lambda values, rows: values * scale + offset
