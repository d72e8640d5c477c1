"""A run read back from its folder is the run that was written, and can be judged by other files."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from mlsim import api
from mlsim.errors import MlsimError, ScenarioError
from mlsim.monitoring.spec import load_monitoring
from mlsim.report.write import write_report
from mlsim.studies.judging_again import judged_by
from tests.worlds import COUNTER, RULES, WATCHED, written

QUALITY = "checks:\n  risk_auc: {kind: quality, model: risk_model, every: 2h, window: 12h}"
OTHER_CHECKS = (
    WATCHED.replace("every: 15min", "every: 20min")
    .replace("window: 6h", "window: 5h")
    .replace("checks:", QUALITY)
)
OTHER_RULES = RULES.replace("> 0.05", "> 0.2").replace("OutOfRange", "Hot")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("clinic"))


@pytest.fixture(scope="module")
def run(path: Path) -> api.Run:
    """A run with settings beside its file, and with another seed than the file's."""
    settings = {"load.check_ups.rate": "0.04/s", "world.people": 4000}
    return api.load(path, settings).run(seed=11, record="rows")


@pytest.fixture(scope="module")
def folder(run: api.Run, path: Path) -> Path:
    return run.write(path.parent / "reports")


@pytest.fixture(scope="module")
def opened(folder: Path) -> api.Run:
    return api.open_run(folder)


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """The run's folder, to be spoilt."""
    return shutil.copytree(folder, tmp_path / "copy")


@pytest.fixture
def watched(tmp_path: Path):
    """Writes a monitoring file with its rules, far from the scenario."""

    def write(monitoring: str = WATCHED, rules: str = RULES) -> Path:
        (tmp_path / "data.yml").write_text(rules)
        (tmp_path / "other.yml").write_text(monitoring)
        return tmp_path / "other.yml"

    return write


def assert_same(one: api.Run, other: api.Run) -> None:
    assert one.summary == other.summary
    for table in ("alerts", "detection", "outcomes"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table), check_exact=True)
    for ours, theirs in ((one, other), (one.twin, other.twin)):
        pd.testing.assert_frame_equal(ours.metrics, theirs.metrics, check_exact=True)
        pd.testing.assert_frame_equal(ours.alerts, theirs.alerts, check_exact=True)
        pd.testing.assert_frame_equal(ours.requests, theirs.requests, check_exact=True)


def test_an_opened_run_is_the_run_that_was_written(run: api.Run, opened: api.Run):
    assert_same(opened, run)
    pd.testing.assert_frame_equal(opened.rows, run.rows, check_exact=True)
    assert opened.findings.faults == run.findings.faults


def test_it_opens_where_it_was_moved_to_and_without_the_files_it_came_from(
    run: api.Run, copy: Path, tmp_path: Path
):
    moved = copy.rename(tmp_path / "elsewhere")
    assert_same(api.open_run(moved), run)


def test_latest_opens_as_well(run: api.Run, folder: Path):
    assert api.open_run(folder.parent / "latest").summary == run.summary


def test_settings_are_made_again_in_their_order(tmp_path: Path):
    (tmp_path / "counter.yaml").write_text(COUNTER)
    scenario = api.load(tmp_path / "counter.yaml", {"load.jobs.rate": "1/s", "horizon": "10min"})
    for setting in ({"load.jobs": {"rate": "5/s", "enters": "desk"}}, {"load.jobs.rate": "2/s"}):
        scenario = scenario.with_(setting)
    opened = api.open_run(scenario.run().write(tmp_path / "here"))
    assert opened.findings.scenario.hash == scenario.spec.hash


def test_a_run_without_faults_is_its_own_twin(tmp_path: Path):
    (tmp_path / "counter.yaml").write_text(COUNTER)
    run = api.load(tmp_path / "counter.yaml", {"horizon": "1h"}).run()
    opened = api.open_run(run.write(tmp_path / "here"))
    assert_same(opened, run)
    assert not (tmp_path / "here/latest/worlds").exists()


def test_a_run_under_another_monitoring_file_keeps_that_one(path: Path, watched, tmp_path: Path):
    run = api.load(path, {"horizon": "12h"}, watched(WATCHED, OTHER_RULES)).run()
    opened = api.open_run(run.write(tmp_path / "here"))
    assert_same(opened, run)
    assert set(opened.detection["rule"]) == set()  # the fault begins with the horizon
    assert [rule["rule"] for rule in opened.summary["rules"]] == ["Hot", "NobodyAnswers"]


def test_the_same_file_gives_the_same_verdict(run: api.Run, opened: api.Run, path: Path):
    judged = opened.judged_by(path.parent / "watched.yml")
    assert_same(judged, run)
    assert judged.alerts["firing_s"].notna().any()


def test_other_rules_are_judged_as_if_the_run_had_been_watched_by_them(
    run: api.Run, opened: api.Run, watched
):
    file = watched(WATCHED, OTHER_RULES)
    again = run.findings.scenario.document.settings
    fresh = api.load(run.findings.scenario.document.path, again, file).run(seed=11)
    assert_same(opened.judged_by(file), fresh)


def test_other_checks_are_done_on_the_rows_that_were_recorded(
    run: api.Run, opened: api.Run, watched
):
    file = watched(OTHER_CHECKS)
    again = run.findings.scenario.document.settings
    fresh = api.load(run.findings.scenario.document.path, again, file).run(seed=11)
    assert_same(opened.judged_by(file), fresh)


def test_a_check_is_the_same_under_another_name(opened: api.Run, watched):
    """And needs no rows: its results are there."""
    renamed = [text.replace("temperature_in_range", "plausible") for text in (WATCHED, RULES)]
    judged = opened.judged_by(watched(*renamed))
    assert judged.alerts["firing_s"].tolist() == opened.alerts["firing_s"].tolist()
    assert any('check="plausible"' in name for name in judged.metrics)
    assert not any("temperature_in_range" in name for name in judged.metrics)


def test_new_checks_without_rows_are_refused_by_name(copy: Path, watched):
    (copy / "rows.parquet").unlink()
    changed = WATCHED.replace("every: 15min", "every: 20min")
    with pytest.raises(MlsimError) as refusal:
        api.open_run(copy).judged_by(watched(changed))
    assert "'temperature_in_range'" in str(refusal.value)
    assert "risk_score_drift" not in str(refusal.value)
    assert re.search(
        r"`mlsim run \S*scenario\.yaml --seed \d+ .*--record rows`", str(refusal.value)
    )


def test_another_scrape_interval_is_refused(opened: api.Run, watched):
    file = watched(WATCHED.replace("scrape_interval: 5m", "scrape_interval: 1m"))
    with pytest.raises(MlsimError, match=r"scrape_interval: the run was scraped every 300s"):
        opened.judged_by(file)


def test_a_check_that_does_not_fit_the_scenario_is_refused(opened: api.Run, watched):
    file = watched(WATCHED.replace("column: temperature", "column: temprature"))
    with pytest.raises(ScenarioError, match="did you mean 'temperature'"):
        opened.judged_by(file)


def test_a_file_that_acts_is_refused(opened: api.Run, watched):
    """What it would have done was never simulated."""
    action = "{alert: OutOfRange, call: rollback, component: rollout, model: risk_model}"
    acting = load_monitoring(watched(WATCHED + f"actions: [{action}]\n"))
    with pytest.raises(ScenarioError, match="a configuration that acts has to be run"):
        judged_by(opened.findings, acting)


@pytest.mark.parametrize(
    "missing",
    ["run.json", "alerts.csv", "telemetry.parquet", "world.json", "worlds/twin/world.json"],
)
def test_an_incomplete_folder_names_what_is_missing(copy: Path, missing: str):
    (copy / missing).unlink()
    with pytest.raises(MlsimError, match=rf"not a complete run folder \({Path(missing).name}"):
        api.open_run(copy)


def test_a_folder_with_another_scenario_in_it_is_refused(copy: Path):
    file = copy / "inputs/scenario/scenario.yaml"
    file.write_text(file.read_text().replace("prevalence: 0.1", "prevalence: 0.2"))
    with pytest.raises(MlsimError, match="not the one that was run"):
        api.open_run(copy)


def test_a_folder_may_not_name_files_outside_of_it(copy: Path):
    origin = json.loads((copy / "run.json").read_text())
    origin["scenario_file"] = "../../secret.yaml"
    (copy / "run.json").write_text(json.dumps(origin))
    with pytest.raises(MlsimError, match="names a file outside of it"):
        api.open_run(copy)


def test_the_report_is_the_same_however_it_is_made(
    run: api.Run, opened: api.Run, copy: Path, tmp_path: Path
):
    page = (copy / "report.html").read_bytes()
    assert run.report(tmp_path / "run.html") == tmp_path / "run.html"
    opened.report(tmp_path / "opened.html")
    write_report(copy)
    again = [tmp_path / "run.html", tmp_path / "opened.html", copy / "report.html"]
    assert [file.read_bytes() == page for file in again] == [True] * 3


def test_worlds_keep_only_the_series_in_which_they_differ(folder: Path):
    """A wrong unit moves no request: of the twin's series the checks' own are left."""
    kept = pd.read_parquet(folder / "worlds/twin/telemetry.parquet").columns
    assert 0 < len(kept) - 1 < 10
    assert all(name.startswith(("time_s", "data_check")) for name in kept)


@pytest.mark.parametrize("name", ["timeline", "cost", "scorecard", "graph"])
def test_plots_are_figures_that_show_themselves(opened: api.Run, name: str):
    figure = getattr(opened.plot, name)()
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_scenarios_and_runs_show_themselves(opened: api.Run, path: Path):
    scenario = api.load(path, {"title": "Cough & <b>fever</b>"})
    shown = scenario._repr_html_()
    assert "Cough &amp; &lt;b&gt;fever" in shown
    assert "watched.yml" in shown
    assert "OutOfRange (page) noticed" in opened._repr_html_()


def test_import_takes_nothing_heavy_and_gives_all():
    program = (
        "import sys, mlsim\n"
        "assert not {'numpy', 'pandas', 'numba', 'pydantic'} & set(sys.modules)\n"
        "from mlsim import Run, Scenario, ScenarioError, load, open_run\n"
        "assert load.__module__ == Run.__module__ == 'mlsim.api.running'\n"
        "try:\n    mlsim.lode\n"
        "except AttributeError as error:\n    assert 'lode' in str(error)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ})
