"""The state in machine code: one pointer, behind which every array is as Python sees it."""

from dataclasses import replace

import numpy as np
import pytest

from mlsim.engine.building import records
from mlsim.engine.handing import Table, handed, state_at
from mlsim.engine.jit import kernel_entry
from mlsim.engine.state import ARRAYS, State


@kernel_entry
def rewrite(table: Table, row: int, column: int) -> float:
    """Read and write an element of arrays of each shape and kind."""
    state = state_at(table)
    state.clock[0] = state.tokens[row].service + state.replicas[row, column].slowness
    state.tokens[row].service = 2.5
    state.replicas[row, column].slowness = 3.0
    state.stamps[row, column] += 7
    return float(state.tokens.size + 100 * state.replicas.shape[1])


def state_of(rows: int, columns: int) -> State:
    shapes = {1: rows, 2: (rows, columns)}
    arrays = {}
    for name, dtype, dimensions in ARRAYS:
        plain = dtype.names is None
        make = np.zeros if plain else records
        arrays[name] = make(shapes[dimensions], dtype)
    return State(**arrays)


def test_the_kernel_reads_and_writes_the_arrays_of_python():
    state = state_of(rows=5, columns=3)
    state.tokens["service"][4], state.replicas["slowness"][4, 2] = 0.25, 0.5
    assert rewrite(handed(state), 4, 2) == 305.0
    assert state.clock.tolist() == [0.75, 0.0, 0.0, 0.0, 0.0]
    assert state.tokens["service"].tolist() == [0.0, 0.0, 0.0, 0.0, 2.5]
    assert state.replicas["slowness"].sum() == state.replicas["slowness"][4, 2] == 3.0
    assert state.stamps.sum() == state.stamps[4, 2] == 7


def test_an_array_that_has_been_replaced_is_the_one_that_the_kernel_sees():
    old = state_of(rows=5, columns=3)
    handed(old)
    new = replace(old, tokens=records(9, old.tokens.dtype))
    assert rewrite(handed(new), 4, 0) == 309.0
    assert new.tokens["service"][4] == 2.5
    assert old.tokens["service"][4] == 0.0


@pytest.mark.parametrize("wrong", [np.zeros(4, np.float64), np.zeros((4, 4), np.int64)])
def test_an_array_of_another_kind_is_refused_before_the_kernel_reads_it(wrong):
    with pytest.raises(ValueError, match="'agenda'"):
        _ = replace(state_of(rows=4, columns=2), agenda=wrong).table


def test_an_array_with_gaps_is_refused():
    with pytest.raises(ValueError, match="'agenda'"):
        _ = replace(state_of(rows=4, columns=2), agenda=np.zeros(8, np.int64)[::2]).table
