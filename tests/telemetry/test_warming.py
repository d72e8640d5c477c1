"""After warming, counting visits compiles nothing any more."""

from mlsim.telemetry import folding
from mlsim.telemetry.warming import warm


def test_warming_compiles_what_the_recorder_counts_with():
    warm()
    for function in (folding.count, folding.count_durations):
        assert len(function.signatures) >= 1
