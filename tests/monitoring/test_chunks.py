"""No result depends on how the steps of an evaluation were cut into chunks."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlsim.monitoring.promql import evaluate
from tests.monitoring import made_up
from tests.monitoring.test_promtool import EXPRESSIONS

STEPS = np.arange(-600, 4500, 37)


@pytest.fixture(scope="module")
def store():
    return made_up.store(5)


@pytest.fixture(scope="module")
def whole(store):
    return {e: evaluate(e, store, STEPS, steps_at_a_time=STEPS.size) for e in EXPRESSIONS}


@example(expression="-queue_length ^ 2 % 7", size=1)
@settings(max_examples=60, deadline=None)
@given(expression=st.sampled_from(EXPRESSIONS), size=st.integers(1, 60))
def test_chunks_of_any_size_give_the_same_bits(store, whole, expression, size):
    parts = evaluate(expression, store, STEPS, steps_at_a_time=size)
    assert parts.labels == whole[expression].labels
    assert parts.values.tobytes() == whole[expression].values.tobytes()
    assert parts.present.tobytes() == whole[expression].present.tobytes()
