"""Broken inputs cost as much accuracy as the normal distribution says.

The model learns sign(x1 + A * x2); what reaches it while a fault lasts is another direction, and
two directions of a normal vector agree in sign with probability 1 - angle / pi. Derived in
docs/reference_constructions.md.
"""

from pathlib import Path

import numpy as np
import pytest
import sklearn.linear_model  # noqa: F401  (once here, instead of in the process of each world)

import mlsim

HERE = Path(__file__).parent
A, B = 0.8, 0.6
SPREAD = np.sqrt(1 + A**2 + B**2)
TOLERANCE = 0.009


def agreement(correlation: float) -> float:
    """P(two standard normal variables of this correlation have one sign)."""
    return 1 - float(np.arccos(correlation)) / np.pi


def accuracy_of(seen_x1: float, seen_x2: float, private: float = 0.0) -> float:
    """Accuracy of the sign of `seen_x1 * x1 + seen_x2 * x2`, and `private` times other luck."""
    own_spread = np.sqrt(seen_x1**2 + seen_x2**2 + private**2)
    return agreement((seen_x1 + A * seen_x2) / (own_spread * SPREAD))


HEALTHY = accuracy_of(1, A)
IMPUTED = accuracy_of(0, A)

CONSTRUCTIONS: dict[str, tuple[dict[str, object] | None, float]] = {
    "healthy": (None, HEALTHY),
    "imputed": ({"kind": "missing_values", "column": "x1"}, IMPUTED),
    "scaled by 100": (
        {"kind": "wrong_scale", "column": "x1", "factor": 100},
        accuracy_of(100, A),
    ),
    "sign flipped": ({"kind": "sign_flip", "column": "x1"}, accuracy_of(-1, A)),
    "swapped": ({"kind": "swapped_columns", "column": "x1", "with": "x2"}, accuracy_of(A, 1)),
    "shuffled": ({"kind": "shuffled", "column": "x1"}, accuracy_of(0, A, private=1)),
    "missing in 10% of rows": (
        {"kind": "missing_values", "column": "x1", "share": 0.1},
        0.9 * HEALTHY + 0.1 * IMPUTED,
    ),
    "an irrelevant input, ten times as large": (
        {"kind": "wrong_scale", "column": "irrelevant", "factor": 10},
        HEALTHY,
    ),
}


def broken_by(fault: dict[str, object] | None) -> mlsim.Scenario:
    faults = [{"at": "0s", "component": "source", **fault}] if fault else []
    return mlsim.load(HERE / "linear.yaml", {"faults": faults})


def accuracy(run: mlsim.Run) -> float:
    totals = run.outcomes.groupby("outcome")["run"].sum()
    assert abs(totals["rows"] - 40_000) < 4 * np.sqrt(40_000)
    return float(totals["right"] / totals["rows"])


@pytest.mark.parametrize("name", CONSTRUCTIONS)
def test_accuracy_is_what_the_normal_distribution_gives(name: str):
    fault, expected = CONSTRUCTIONS[name]
    assert abs(accuracy(broken_by(fault).run(twin=False)) - expected) < TOLERANCE


def test_the_constructions_can_be_told_apart():
    """Else a fault that does nothing could pass."""
    harmful = [expected for _, expected in CONSTRUCTIONS.values() if expected != HEALTHY]
    assert min(HEALTHY - expected for expected in harmful) > TOLERANCE


def test_a_shift_that_harms_nobody_is_as_loud_as_one_that_does():
    """The alarm about an irrelevant input is a true report and a false alarm."""
    fault = {"kind": "wrong_scale", "column": "irrelevant", "factor": 10}
    run = broken_by(fault).watched_by(HERE / "drift.yml").run()
    assert "InputDrift" in set(run.alerts["rule"])
    assert run.twin.alerts.empty
    difference = run.outcomes.groupby("outcome")["difference"].sum()
    assert abs(difference["right"]) / 40_000 < TOLERANCE
