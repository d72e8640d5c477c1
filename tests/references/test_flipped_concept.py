"""A flipped concept costs what the normal distribution says, and no input has moved.

The model has learnt sign(x1 + A * x2); from day 0 the truth is sign(x1 - A * x2 + B * e). The two
directions have the correlation (1 - A^2) / (|(1, A)| * |(1, A, B)|), and two standard normal
variables of correlation r have one sign with probability 1 - arccos(r) / pi.
"""

from pathlib import Path

import numpy as np

import mlsim

HERE = Path(__file__).parent
A, B = 0.8, 0.6
FLIPPED = {
    "kind": "concept_drift",
    "at": "0s",
    "column": "y",
    "becomes": "x1 - 0.8 * x2 + 0.6 * normal(0, 1) > 0",
}


def test_accuracy_of_a_flipped_concept_and_the_silence_of_drift_checks():
    scenario = mlsim.load(HERE / "linear.yaml", {"faults": [FLIPPED]})
    run = scenario.watched_by(HERE / "inputs.yml").run()
    total = run.outcomes[run.outcomes.world == "all"].groupby("outcome")["run"].sum()
    correlation = (1 - A**2) / np.sqrt((1 + A**2) * (1 + A**2 + B**2))
    expected = 1 - np.arccos(correlation) / np.pi
    assert total["rows"] > 39_000
    assert abs(total["right"] / total["rows"] - expected) < 0.009
    assert run.alerts.empty
