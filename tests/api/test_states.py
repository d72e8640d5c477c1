"""States of the world in a run, in its folder and in its timeline."""

import numpy as np
import pandas as pd
import pytest

from mlsim import api
from mlsim.report import folder
from mlsim.report.figures import timeline
from tests.worlds import COUNTER, HOUR, loaded

USERS = """
scenario: users
horizon: 1d
seed: 4
world:
  state:
    users:
      start: 1
      every: 3h
      range: [0, 1]
      counts: {annoyed: not ok, came: attempts > 0}
      next: users - 0.5 * users * annoyed / came + 0.1 * (1 - users)
load:
  jobs: {rate: 0.5/s * users, enters: desk}
system:
  desk: {kind: server, workers: 1, service_time: 1s, queue_limit: 20}
flow:
  - desk
outcomes:
  lost: {count: not ok, unit: jobs}
faults:
  - {kind: crash, at: 6h, until: 10h, component: desk}
"""


@pytest.fixture(scope="module")
def run() -> api.Run:
    return api.Scenario(loaded(USERS), None).run()


def by_hand(run: api.Run) -> list[float]:
    """The state's values after each step, from the requests that ended in it."""
    users, values = 1.0, [1.0]
    ends, lost = run.requests["end_s"], run.requests["outcome"] != "ok"
    for step in range(1, 8):
        own = (ends > (step - 1) * 3 * HOUR) & (ends <= step * 3 * HOUR)
        users = users - 0.5 * users * lost[own].mean() + 0.1 * (1 - users)
        values.append(min(users, 1.0))
    return values


def test_a_run_tells_the_states_of_each_of_its_worlds():
    run = api.Scenario(loaded(USERS), None).run(record="requests")
    for world in (run, run.twin):
        assert world.states["time_s"].tolist() == [3 * HOUR * step for step in range(8)]
        np.testing.assert_allclose(world.states["value"], by_hand(world))
    assert run.states["value"].min() < 0.6 < run.twin.states["value"].min()


def test_states_come_back_from_the_folder_and_are_drawn(run: api.Run, tmp_path):
    written = run.write(tmp_path)
    opened = api.open_run(written)
    for mine, other in ((run, opened), (run.twin, opened.twin)):
        pd.testing.assert_frame_equal(mine.states, other.states)
    shown = folder.read(written)
    figure = timeline.draw(shown, 8.0)
    panel = figure.axes[-1]
    assert panel.get_title(loc="left") == "State of the world: users"
    drawn = [patch.get_data() for patch in panel.patches if hasattr(patch, "get_data")]
    for world in (run, run.twin):
        assert any(np.array_equal(one.values, world.states["value"]) for one in drawn)
    assert "States of the world answer" in timeline.caption(shown)


def test_a_run_without_states_has_none_and_draws_none(tmp_path):
    run = api.Scenario(loaded(COUNTER, horizon="1h"), None).run()
    assert run.states.empty
    shown = folder.read(run.write(tmp_path))
    assert shown.state_names == []
    assert "States of the world" not in timeline.caption(shown)


def test_gaps_of_a_scraper_belong_to_the_world_that_has_them(tmp_path):
    """Worlds share the series that are the same in both, gaps included."""
    text = COUNTER.replace("flow:", "  prometheus: {kind: scraper}\nflow:").replace("1d", "1h")
    faults = "faults:\n  - {kind: crash, at: 20min, until: 30min, component: desk}\n"
    run = api.Scenario(loaded(text + faults), None).run()
    opened = api.open_run(run.write(tmp_path))
    for mine, other in ((run, opened), (run.twin, opened.twin)):
        pd.testing.assert_frame_equal(mine.metrics, other.metrics)
    series = 'request_duration_seconds_count{component="desk"}'
    assert opened.metrics[series].isna().any()
    assert not opened.twin.metrics[series].isna().any()
