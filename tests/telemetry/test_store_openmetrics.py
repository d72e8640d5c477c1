"""The export, read by the real Prometheus."""

import re
import shutil
import subprocess

import numpy as np
import pytest

from mlsim.telemetry.labels import series_text
from mlsim.telemetry.openmetrics import write_openmetrics
from mlsim.telemetry.store import SeriesStore
from tests.monitoring.promqltest import labels_of


@pytest.fixture
def store():
    store = SeriesStore([0.5, 30.5, 60.5])
    store.add("queue_length", {"component": 'a "b" \\ c'}, [0.1, np.nan, 1e-7])
    store.add_histogram("wait_seconds", {}, [0.1], [[1, 0], [0, 2], [5, 5]], [0.1, 0.2, 0.3])
    return store


def test_every_sample_is_written_once_and_gaps_are_left_out(store, tmp_path):
    write_openmetrics(store, tmp_path / "a.om")
    lines = (tmp_path / "a.om").read_text().splitlines()
    assert lines[-1] == "# EOF"
    assert len(lines) == 2 + 4 * 3 + 1
    assert 'wait_seconds_bucket{le="+Inf"} 13 60.5' in lines


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing")
def test_prometheus_reads_the_same_samples(store, tmp_path):
    write_openmetrics(store, tmp_path / "a.om")
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "a.om", "db"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "db" / "wal").mkdir()  # Without it promtool doesn't believe that it is a database.
    command = ["promtool", "tsdb", "dump", "db"]
    dump = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    found = {}
    for series, value, time in re.findall(r"^(\{.*\}) (\S+) (\d+)$", dump, re.MULTILINE):
        found[series_text(labels_of(series)), int(time) / 1000] = float(value)
    frame = store.to_frame()
    wanted = {(name, t): v for name in frame for t, v in frame[name].dropna().items()}
    assert found == wanted
