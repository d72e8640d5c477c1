import pickle

import numpy as np
import pytest

from mlsim.telemetry.labels import Matcher
from mlsim.telemetry.parquet import read_parquet, write_parquet
from mlsim.telemetry.store import SeriesStore


def named(name, *matchers):
    return [Matcher("__name__", "=", name), *matchers]


@pytest.fixture
def store():
    store = SeriesStore([0, 30, 60, 90])
    store.add("up", {"component": "gateway", "replica": "0"}, [1, 1, 0, 1])
    store.add("up", {"component": "gateway", "replica": "1"}, [1.0, np.nan, np.nan, 1.0])
    store.add_increments("requests_total", {"component": "gateway"}, [1, 2, 3, 4])
    store.add_histogram(
        "wait_seconds", {}, [0.1, 1], [[1, 0, 0], [0, 2, 1], [0, 0, 0], [1, 1, 1]], [0.05, 9, 0, 4]
    )
    return store


def test_increments_are_added_up_when_read(store):
    (block,) = store.select(named("requests_total"))
    np.testing.assert_array_equal(block.values, [[1, 3, 6, 10]])


def test_a_window_of_a_counter_holds_what_came_before_it(store):
    (block,) = store.select(named("requests_total"), start=60, end=90)
    np.testing.assert_array_equal(block.times, [60, 90])
    np.testing.assert_array_equal(block.values, [[6, 10]])


def test_series_with_different_gaps_come_in_blocks_of_their_own(store):
    whole, gappy = store.select(named("up"))
    assert (whole.times.size, gappy.times.size) == (4, 2)
    assert dict(gappy.labels[0])["replica"] == "1"


def test_a_histogram_has_cumulative_buckets_sum_and_count(store):
    (block,) = store.select(named("wait_seconds_bucket"))
    assert [dict(labels)["le"] for labels in block.labels] == ["0.1", "1", "+Inf"]
    np.testing.assert_array_equal(block.values[:, -1], [2, 5, 7])
    assert store.select(named("wait_seconds_sum"))[0].values[0, -1] == pytest.approx(13.05)
    assert store.select(named("wait_seconds_count"))[0].values[0, -1] == 7


@pytest.mark.parametrize(
    ("matcher", "found"),
    [
        (Matcher("replica", "=", "1"), 1),
        (Matcher("replica", "!=", "1"), 1),
        (Matcher("component", "=~", "gate|phone"), 0),
        (Matcher("component", "=~", "gate.*"), 2),
        (Matcher("component", "!~", "gate.*"), 0),
        (Matcher("zone", "=", ""), 2),
        (Matcher("zone", "!=", ""), 0),
    ],
)
def test_matchers_are_anchored_and_a_missing_label_is_empty(store, matcher, found):
    assert sum(len(block.labels) for block in store.select(named("up", matcher))) == found


def test_parquet_gives_the_same_store_back_and_the_same_bytes(store, tmp_path):
    write_parquet(store, tmp_path / "a.parquet")
    again = read_parquet(tmp_path / "a.parquet")
    write_parquet(again, tmp_path / "b.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert again.to_frame().equals(store.to_frame())


def test_parquet_in_several_row_groups(store, tmp_path, monkeypatch):
    monkeypatch.setattr("mlsim.telemetry.parquet.ROWS_AT_A_TIME", 3)
    write_parquet(store, tmp_path / "a.parquet")
    assert read_parquet(tmp_path / "a.parquet").to_frame().equals(store.to_frame())


def test_a_pickled_store_is_the_same_and_keeps_increments_small():
    store = SeriesStore(np.arange(100_000.0))
    store.add_increments("requests_total", {}, np.ones(100_000, dtype=int))
    text = pickle.dumps(store)
    assert len(text) < 1.3e6
    assert pickle.loads(text).to_frame().equals(store.to_frame())


def test_columns_of_the_frame_are_written_as_in_promql(store):
    frame = store.to_frame()
    assert 'up{component="gateway",replica="0"}' in frame
    assert frame.index.name == "time_s"


def test_refuses_what_would_be_a_wrong_series(store):
    with pytest.raises(ValueError, match="already"):
        store.add("up", {"replica": "0", "component": "gateway"}, [1, 1, 1, 1])
    with pytest.raises(ValueError, match="needs 4 samples"):
        store.add("down", {}, [1])
    with pytest.raises(ValueError, match="must be integers"):
        store.add_increments("x_total", {}, [0.5, 1, 1, 1])
    with pytest.raises(ValueError, match="increasing"):
        SeriesStore([0, 0])
