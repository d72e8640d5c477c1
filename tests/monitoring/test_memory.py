"""Judging with a memory gives what judging without one gives."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from mlsim.monitoring.judging import judge
from mlsim.monitoring.memory import Memory
from mlsim.monitoring.rules import Rule, read_rules
from mlsim.telemetry.store import SeriesStore

RULES = """
groups:
  - name: g
    rules:
      - record: smooth
        expr: avg_over_time(load[{window}])
      - alert: High
        expr: smooth > {threshold} and on (site) 7 >= load
        for: {hold}
      - alert: Steep
        expr: (({threshold} + 1) < max_over_time(smooth[10m])) or load * 2 == bool 3
"""


def rules(folder: Path, **given: object) -> tuple[Rule, ...]:
    path = folder / "rules.yml"
    path.write_text(RULES.format(**given))
    return read_rules([path])


def test_alerts_are_the_same_with_a_memory_of_other_rules(tmp_path: Path):
    times = np.arange(0, 6000 * 60.0, 60.0)
    store = SeriesStore(times)
    for number, site in enumerate("ab"):
        store.add("load", {"site": site}, 4 + 3 * np.sin(times / 7000 + number))
    memory, seen = Memory(), set()
    for threshold, hold, window in product((4, 5.5), ("0s", "20m"), ("5m", "1h")):
        chosen = rules(tmp_path, threshold=threshold, hold=hold, window=window)
        own = judge(chosen, store, 0, times[-1], 60)
        for _ in range(2):
            pd.testing.assert_frame_equal(
                judge(chosen, store, 0, times[-1], 60, memory=memory), own
            )
        seen.add(own.to_csv())
    assert len(seen) == 8
    assert not own.empty
