"""What all tests share."""

import gc
import time
from collections.abc import Generator, Iterator

import pytest

LONG = 1.0
"""Seconds: a test that takes longer has run worlds of some size."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Modules and the tests themselves, half a million objects, are never looked through."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


@pytest.fixture(autouse=True)
def worlds_are_let_go() -> Iterator[None]:
    """A world holds itself, and its rows, until Python looks for such rings, which is seldom."""
    began = time.process_time()
    yield
    if time.process_time() - began > LONG:
        gc.collect()
