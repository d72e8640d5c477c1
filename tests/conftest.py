"""What all tests share."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def worlds_are_let_go() -> Iterator[None]:
    """A world holds itself, and its rows, until Python looks for such rings, which is seldom."""
    yield
    gc.collect()
