"""What became of visits is in the table, and told where requests go on without them."""

import re
from pathlib import Path

import pytest

import mlsim
from mlsim.report.html import page
from mlsim.report.serving import component_rows, losses, told
from mlsim.report.shown_run import as_folder

SHOP = """
scenario: shop
horizon: 10min
load:
  buyers: {rate: 100/s, enters: app}
system:
  app: {kind: client, timeout: 1s}
  gateway: {kind: server, workers: 1000, service_time: 1ms}
  pool: {kind: connection_pool, connections: 4, patience: 100ms}
  db: {kind: server, workers: 16, service_time: exponential(mean=40ms)}
  advice: {kind: server, workers: 4, optional: true, timeout: 60ms, service_time: exponential(40ms)}
flow:
  - app -> gateway(pool(db)) -> advice -> app
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> mlsim.Run:
    path = tmp_path_factory.mktemp("shop") / "shop.yaml"
    path.write_text(SHOP)
    return mlsim.load(path).run(record="visits")


def test_every_visit_is_in_a_column(shop: mlsim.Run):
    rows = component_rows(shop.summary)
    assert losses(rows) == ["rejected", "lost", "failed", "expired", "timed_out"]
    counts = shop.visits.groupby(["component", "outcome"], observed=True).size()
    for row in rows:
        shown = {how: row["ended"][how] for how in losses(rows) if row["ended"][how]}
        assert shown == counts[row["name"]].drop("served").to_dict()
        assert row["requests"] == counts[row["name"]].sum()


def test_the_page_has_a_heading_for_each(shop: mlsim.Run):
    html = page(as_folder(shop.findings, 0.0), [])
    head = html.partition("What each component did")[2].partition("</thead>")[0]
    headings = re.findall(r"<th[^>]*>([^<]*)</th>", head)
    assert headings[1:7] == ["Ended", "Rejected", "Lost", "Failed", "Expired", "Timed out"]


def test_an_optional_component_that_many_go_without_is_told(shop: mlsim.Run):
    ends = shop.visits.outcome[shop.visits.component == "advice"]
    missed = round(100 * (ends == "timed_out").mean())
    assert told(shop.summary)["Optional"] == [
        f"advice: {missed}% of visits brought nothing (timed out)"
    ]


def test_what_was_left_out_of_nothing_is_not_told(tmp_path: Path):
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP.replace("advice: {kind: server, workers: 4", "advice: {kind: server"))
    quick = {"system.advice.service_time": "1ms", "horizon": "1min"}
    assert told(mlsim.load(path).with_(quick).run().summary)["Optional"] == []


def test_times_are_of_all_whose_service_began(shop: mlsim.Run):
    """As the note below the table says: whatever became of them, and nobody who went before."""
    begun = shop.visits[shop.visits.start_s.notna()]
    taken = (begun.end_s - begun.arrival_s).groupby(begun.component, observed=True).mean()
    for row in component_rows(shop.summary):
        assert row["mean_s"] == pytest.approx(taken[row["name"]], rel=1e-6)
