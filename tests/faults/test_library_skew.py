"""library_skew: a transform computes a feature by another formula."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.faults.senders import phone, with_fault

MAKES = phone("makes: {fever: temperature - 37}")


def test_the_feature_is_what_the_other_formula_gives():
    fault = {"component": "features", "column": "fever", "computes": "floor(temperature - 37)"}
    world = with_fault("library_skew", MAKES, **fault)
    expected = np.floor(world.column("temperature") - 37)
    np.testing.assert_array_equal(world.read("telemetry", "fever"), expected)


def test_a_feature_that_the_transform_does_not_make():
    fault = {"component": "features", "column": "fevr", "computes": "temperature"}
    with pytest.raises(ScenarioError, match=r"column: .*did you mean 'fever'"):
        with_fault("library_skew", MAKES, **fault)
