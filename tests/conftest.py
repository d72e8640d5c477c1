"""What all tests share."""

import gc
import time
from collections.abc import Iterator

import pytest

LONG = 1.0
"""Seconds: a test that takes longer has run worlds of some size."""


@pytest.fixture(autouse=True, scope="session")
def what_outlives_all_tests_is_not_looked_at() -> None:
    """Modules, and the tests themselves: half a million objects at every look for rings."""
    gc.freeze()


@pytest.fixture(autouse=True)
def worlds_are_let_go() -> Iterator[None]:
    """A world holds itself, and its rows, until Python looks for such rings, which is seldom."""
    began = time.process_time()
    yield
    if time.process_time() - began > LONG:
        gc.collect()
