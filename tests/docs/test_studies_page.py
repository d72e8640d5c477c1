"""The studies on their page can be carried out."""

import re
from pathlib import Path

import pytest

from mlsim.studies.plan import read_plan
from mlsim.studies.prepared import prepare

PAGE = (Path(__file__).parents[2] / "docs" / "studies.md").read_text(encoding="utf-8")
STUDIES = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))

SHOP = """
scenario: shop
horizon: 1d
load:
  orders: {rate: 1/s, enters: desk}
system:
  desk: {kind: server, workers: 2, service_time: exponential(mean=1s)}
flow: [desk]
outcomes:
  late: {count: sojourn_time > 5s, cost: 1 EUR}
faults:
  - {kind: crash, at: 2h, until: 3h, component: desk}
monitoring: watch.yml
"""


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_of_the_page_is_ready_to_run(name: str, tmp_path: Path):
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "scenario.yaml").write_text(SHOP)
    (shop / "watch.yml").write_text("scrape_interval: 30s\n")
    (shop / "ops_only.yml").write_text("scrape_interval: 30s\nevaluation_interval: 5m\n")
    (tmp_path / name).write_text(STUDIES[name])
    ready = prepare(read_plan(tmp_path / name), tmp_path)
    assert len(ready.variants) == {"compare.yaml": 3, "coverage.yaml": 1, "sweep.yaml": 8}[name]
