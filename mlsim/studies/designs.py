"""Designs of sweeps: at which points of some settings a scenario is run."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, cast, get_args

import numpy as np
from scipy.stats import qmc

from mlsim.errors import MlsimError
from mlsim.monitoring.settings import PREFIX
from mlsim.scenario.refusal import got

Method = Literal["grid", "random", "sobol"]
_RANGE = re.compile(
    r"\s*(-?[\d.]+)\s*([^\d.\s]\S*)?\s*\.\."  # from, with its unit
    r"\s*(-?[\d.]+)\s*([^\d.:\s][^:]*)?\s*"  # to, with its unit
    r"(?::\s*(\d+))?\s*"  # how many
)


_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
"""Units in which a monitoring file may be given whole numbers alone."""


class DesignError(MlsimError):
    """A setting that can't be varied as it was given.

    path: the setting; empty where the design as a whole is meant.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"--vary {path}: {message}" if path else message)
        self.path, self.message = path, message

    def __reduce__(self) -> tuple[Any, ...]:
        """Between processes it goes as the two parts that it is made from."""
        return type(self), (self.path, self.message)


@dataclass(frozen=True)
class Axis:
    """What is varied: a path and either its values or a range of numbers with one unit.

    count: how many values a grid takes from the range.
    """

    path: str
    values: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    unit: str = ""
    count: int = 5

    def at(self, place: float) -> str:
        """The value at a place from 0 to 1."""
        if self.values:
            return self.values[min(int(place * len(self.values)), len(self.values) - 1)]
        value = self.low + place * (self.high - self.low)
        if self.path.startswith(PREFIX) and self.unit in _SECONDS and value != round(value):
            return f"{round(value * _SECONDS[self.unit])}s"  # Prometheus has no 7.5m
        return f"{value:.6g}{self.unit}"

    def grid(self) -> Sequence[str]:
        """All values, or as many as `count` says, evenly over the range."""
        return self.values or [self.at(place) for place in np.linspace(0, 1, self.count)]


def axis(path: str, given: object) -> Axis:
    """What is varied, from a list of values, or from text: `1/s,2/s` or `1/s..3/s` or `1..3:9`.

    Raises DesignError.

    >>> axis("load.jobs.rate", "0.5/s..2/s:4").grid()
    ['0.5/s', '1/s', '1.5/s', '2/s']
    """
    if not isinstance(given, str | Iterable) or isinstance(given, Mapping):
        raise DesignError(path, f"needs values, as in 1,2,3 or 1..3 {got(given)}")
    if not isinstance(given, str):
        values = tuple(str(value) for value in given)
    elif found := _RANGE.fullmatch(given):
        return _range(path, given, found)
    else:
        values = tuple(listed(given))
    if not values or "" in values:
        raise DesignError(path, f"needs values, as in 1,2,3 or 1..3 {got(given)}")
    return Axis(path, tuple(dict.fromkeys(values)))


def listed(text: str) -> list[str]:
    """The values of a list in a text; a comma inside of brackets doesn't part them.

    >>> listed("1/s, poisson(2/s), [3, 4]")
    ['1/s', 'poisson(2/s)', '[3, 4]']
    """
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _range(path: str, given: str, found: re.Match[str]) -> Axis:
    low, first, high, last, count = found.groups()
    unit, other = (first or "").strip(), (last or "").strip()
    if first and last and unit != other:
        raise DesignError(path, f"both ends need the same unit {got(given)}")
    if float(low) >= float(high):
        raise DesignError(path, f"must go from a smaller to a larger number {got(given)}")
    if count is not None and int(count) < 2:
        raise DesignError(path, f"needs two values or more {got(given)}")
    return Axis(path, (), float(low), float(high), other or unit, int(count or 5))


def designed(vary: Mapping[str, Any], method: str, samples: int) -> dict[str, dict[str, str]]:
    """The points of a design by their names; raises DesignError if it can't be understood."""
    if method not in get_args(Method):
        known = ", ".join(get_args(Method))
        raise DesignError("", f"method: must be one of {known} {got(method)}")
    axes = [axis(path, given) for path, given in vary.items()]
    return {name_of(p): p for p in points(axes, cast(Method, method), samples)}


def points(
    axes: Sequence[Axis], method: Method = "grid", samples: int = 64, seed: int = 0
) -> list[dict[str, str]]:
    """The points of a design, each once, as settings by path.

    grid: all combinations. random: `samples` points, uniformly and independently. sobol: as many of
    a scrambled Sobol sequence (Owen, 1998), which fills the space more evenly.
    """
    if method == "grid":
        grid = product(*(axis.grid() for axis in axes))
        return [dict(zip((axis.path for axis in axes), values, strict=True)) for values in grid]
    if method == "sobol":
        places = qmc.Sobol(len(axes), rng=seed).random_base2((samples - 1).bit_length())[:samples]
    else:
        places = np.random.default_rng(seed).random((samples, len(axes)))
    found = [{a.path: a.at(p) for a, p in zip(axes, row, strict=True)} for row in places]
    return list({name_of(point): point for point in found}.values())


def name_of(point: Mapping[str, str]) -> str:
    """What a point is called: its settings, as `compare` takes them."""
    return "; ".join(f"{path}={value}" for path, value in point.items())
