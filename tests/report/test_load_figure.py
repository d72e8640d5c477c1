"""The load over time: what is drawn is what visits did, and of components that it matters for."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

import mlsim
from mlsim.report import folder, style
from mlsim.report.figures import catalogue
from mlsim.report.figures.load import LOAD, pressed
from mlsim.report.shown_run import as_folder
from tests.report.test_figures import assert_words_have_room

SHOP = """
scenario: shop
horizon: 8h
seed: 4
load:
  buyers: {rate: "1/s * (1 + 3 * spike(at=30min, rise=1min, fall=10min))", enters: browser}
system:
  browser: {kind: client}
  till_with_a_long_name: {kind: server, workers: 2, replicas: 2, service_time: exponential(2s)}
  bank: {kind: server, workers: 90, service_time: exponential(1s)}
flow:
  - browser -> till_with_a_long_name -> bank -> browser
faults:
  - {kind: crash, at: 90min, until: 95min, component: till_with_a_long_name, replica: 1}
"""
TILL, MINUTE = "till_with_a_long_name", 60.0


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> mlsim.Run:
    path = tmp_path_factory.mktemp("shop") / "shop.yaml"
    path.write_text(SHOP)
    return mlsim.load(path).run(record="visits")


def lines(figure: Figure, panel: int) -> list[pd.Series]:
    """The lines of a panel, each step by the seconds at which it ends."""
    patches = [patch for patch in figure.axes[panel].patches if isinstance(patch, StepPatch)]
    drawn = [patch.get_data() for patch in patches]
    return [pd.Series(data.values, data.edges[1:] * 86400).round(9) for data in drawn]


def at_once(visits: pd.DataFrame, begin: str, end: str) -> np.ndarray:
    """How many visits are between two of their moments, every 30 seconds: two for each step."""
    times = np.arange(0.0, 8 * 3600.0, 30.0)
    return np.array([((visits[begin] <= t) & (visits[end] > t)).sum() for t in times]).reshape(
        -1, 2
    )


def test_what_is_drawn_is_what_visits_did(shop: mlsim.Run):
    visits = shop.visits[shop.visits.component == TILL]
    left = visits.assign(start_s=visits.start_s.fillna(visits.end_s))
    figure = shop.plot.load()
    (room, served), (longest,) = lines(figure, 1), lines(figure, 2)
    before = slice(-10)  # visits that have not ended yet are in no table
    counted = at_once(visits, "start_s", "end_s").mean(axis=1)
    assert served.tolist()[before] == counted.tolist()[before]
    counted = at_once(left, "arrival_s", "start_s").max(axis=1)
    assert longest.tolist()[before] == counted.tolist()[before]
    assert longest.max() > 300
    down = (room.index > 90 * MINUTE) & (room.index <= 95 * MINUTE)
    assert set(room[down]) == {2.0}
    assert set(room[~down]) == {4.0}


def test_answers_add_up_to_those_of_the_client(shop: mlsim.Run):
    attempts, answers = lines(shop.plot.load(), 0)
    [client] = [row for row in shop.summary["components"] if row["name"] == "browser"]
    assert (answers * 60.0).sum() == pytest.approx(client["ended"]["ok"])
    assert (attempts * 60.0).sum() == pytest.approx(client["attempts"])


def test_only_what_was_overloaded_or_changed_is_drawn(shop: mlsim.Run):
    assert [row["name"] for row in pressed(as_folder(shop.findings, 0.0))] == [TILL]


def test_a_folder_shows_the_same(shop: mlsim.Run, tmp_path: Path):
    stored = folder.read(shop.write(tmp_path))
    for panel in range(3):
        drawn = lines(LOAD.draw(stored, style.WIDE), panel)
        pd.testing.assert_series_equal(pd.concat(drawn), pd.concat(lines(shop.plot.load(), panel)))


def test_a_folder_without_telemetry_shows_no_load(shop: mlsim.Run, tmp_path: Path):
    """As one that is kept in a repository, where its report can be made again all the same."""
    stored = shop.write(tmp_path)
    (stored / "telemetry.parquet").unlink()
    shown = [picture.name for picture in catalogue.shown(folder.read(stored))]
    assert shown == ["timeline", "graph"]


@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
def test_no_word_leaves_the_paper_or_covers_another(shop: mlsim.Run, width: float):
    assert_words_have_room(LOAD.draw(as_folder(shop.findings, 0.0), width), LOAD.name)
