"""What somebody requires of a monitoring: `detected >= 0.9`, asked of each fault."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mlsim.engine.columns import Formula, Rows
from mlsim.errors import MlsimError, nearest
from mlsim.scenario.expressions import parse
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.tree import names

KNOWN = {
    "detected": "detected",
    "detected_low": "detected_low",
    "detected_high": "detected_high",
    "median": "median_s",
    "median_low": "median_low_s",
    "median_high": "median_high_s",
    "false_alarms_per_week": "false_alarms_per_week",
}
"""What a requirement can speak of, and the column of the coverage table that it stands in."""


class RequirementError(MlsimError):
    """A requirement that can't be understood."""


@dataclass(frozen=True)
class Unmet:
    """A fault that doesn't fulfil a requirement, and by what."""

    fault: str
    requirement: str
    found: str


def checked(requirements: Sequence[str]) -> tuple[str, ...]:
    """The requirements themselves; raises RequirementError for one that can't be understood."""
    for requirement in requirements:
        for message, near in mistakes(requirement):
            hint = f" (did you mean '{near}'?)" if near else ""
            raise RequirementError(f"--require '{requirement}': {message}{hint}")
    return tuple(requirements)


def mistakes(requirement: str) -> Iterator[tuple[str, str]]:
    """What can't be understood of a requirement, each with the nearest known name or ""."""
    try:
        used = names(parse(requirement))
    except Refusal as refusal:
        yield str(refusal), ""
        return
    for name in used:
        if name not in KNOWN:
            yield f"unknown name '{name}'; there are {', '.join(KNOWN)}", nearest(name, KNOWN)


def unmet(table: pd.DataFrame, requirements: Sequence[str]) -> list[Unmet]:
    """The faults of a coverage table that don't fulfil a requirement, watched by anybody."""
    rows = table[table["kind"] == "anybody"]
    columns = {name: rows[column].to_numpy(dtype=float) for name, column in KNOWN.items()}
    return [
        Unmet(fault, requirement, _found(requirement, columns, number))
        for requirement in requirements
        for number, (fault, holds) in enumerate(
            zip(rows["fault"], _holds(requirement, columns), strict=True)
        )
        if not holds
    ]


def _holds(requirement: str, columns: dict[str, np.ndarray]) -> np.ndarray:
    size = columns["detected"].size
    rows = Rows(np.zeros(size, np.int64), np.zeros(size), columns)
    value = Formula(parse(requirement), 0, "require", 0.0)(rows)
    return np.broadcast_to(np.asarray(value, dtype=float) == 1, (size,))


def _found(requirement: str, columns: dict[str, np.ndarray], number: int) -> str:
    """The values that it speaks of, as in `detected = 0.4` or `median = 13 h`."""

    def said(name: str) -> str:
        value = columns[name][number]
        return f"{value / 3600:.3g} h" if name.startswith("median") else f"{value:.4g}"

    return ", ".join(f"{name} = {said(name)}" for name in names(parse(requirement)))
