"""The page on metrics names every series of a run, and no other."""

import re
from pathlib import Path

import mlsim
from mlsim.report.world_folder import TABLES, TELEMETRY, TOTALS
from mlsim.telemetry.labels import METRIC_NAME

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| (\w+)", re.MULTILINE)
PAGE = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
DOCUMENTED = {name: set(labels.strip().split(", ")) for name, labels, _ in ROW.findall(PAGE)}
SUFFIX = re.compile(r"_(bucket|sum|count)$")
SCENARIOS = (
    *("stale_store", "telemetry_overload", "machine_crash"),
    *("format_change", "lost_push", "stale_cache"),
)


def exposed() -> dict[str, set[str]]:
    """The labels of each metric over some scenarios that between them have every kind of series."""
    found: dict[str, set[str]] = {}
    for name in SCENARIOS:
        scenario = mlsim.load(ROOT / "scenarios" / "silent" / f"{name}.yaml")
        run = scenario.with_({"horizon": "1d", "faults": []}).run(twin=False)
        for series in run.findings.run.store:
            labels = dict(series.labels)
            metric = SUFFIX.sub("", labels.pop(METRIC_NAME))
            found.setdefault(metric, set()).update(labels)
    return found


def test_every_series_is_documented_with_its_labels():
    found = exposed()
    assert set(found) == set(DOCUMENTED)
    for metric, labels in found.items():
        assert labels <= DOCUMENTED[metric], metric


def test_files_of_a_run_are_named_as_they_are_written():
    handouts = (ROOT / "mlsim" / "exercises" / "catalogue").glob("*/handed_out/*.md")
    written = {TELEMETRY, TOTALS, *(f"{table}.parquet" for table in TABLES)}
    studies = {"runs.parquet"}
    for page in (*(ROOT / "docs").glob("*.md"), *handouts):
        named = re.findall(r"(\w+\.parquet)`", page.read_text(encoding="utf-8"))
        assert set(named) <= written | studies, page
    assert TELEMETRY in PAGE
