"""Each statement on the path of a fault is checked against the rows themselves, and the twin's."""

from pathlib import Path

import numpy as np
import pytest

from mlsim import api
from mlsim.measures.explain import Step, explain
from mlsim.report import wording
from mlsim.report.explanation import told
from tests.worlds import CLINIC, HOUR, World, loaded, written

AT, UNTIL, END = 12 * HOUR, 36 * HOUR, 96 * HOUR
FAULT = """
faults:
  - kind: wrong_scale
    at: 12h
    until: 36h
    component: features
    column: temperature
    factor: 1.3
"""
TRAINED = (
    CLINIC.partition("faults:")[0]
    .replace("horizon: 2d", "horizon: 4d")
    .replace("collector}", "collector}\n  nightly: {kind: trainer, model: risk_model, window: 1d}")
    + FAULT
)


@pytest.fixture(scope="module")
def worlds() -> tuple[World, World]:
    """The world with the fault, and its twin, row by row."""
    scenario = loaded(TRAINED)
    return World(scenario), World(scenario, faults=())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> api.Run:
    """The same, as a run that was written and read back."""
    folder = tmp_path_factory.mktemp("explained")
    path = written(folder, TRAINED)
    return api.open_run(api.load(path).run().write(folder / "reports"))


@pytest.fixture(scope="module")
def steps(run: api.Run) -> list[Step]:
    return explain(run.findings, "wrong_scale")


def only(steps: list[Step], stage: str) -> Step:
    (step,) = [step for step in steps if step.stage == stage]
    return step


def test_is_in_order_of_time_from_the_onset_on(steps: list[Step]):
    times = [step.time_s for step in steps]
    assert times == sorted(times)
    assert steps[0].stage == "fault"
    assert steps[0].time_s == AT
    assert only(steps, "repair").time_s == UNTIL


def first_difference(worlds: tuple[World, World], reader: str, column: str) -> int:
    """The place of the request that ended first among those in which the worlds differ."""
    mine, other = (world.read(reader, column) for world in worlds)
    return int(np.flatnonzero((mine != other) & (worlds[0].log.end > 0))[0])


def test_the_first_wrong_row_is_where_the_worlds_differ_first(
    steps: list[Step], worlds: tuple[World, World]
):
    step, world = only(steps, "first_row"), worlds[0]
    row = first_difference(worlds, "risk_model", "temperature")
    assert (step.facts["component"], step.facts["column"]) == ("features", "temperature")
    assert step.facts["request"] == world.log.request[row]
    assert step.time_s == world.log.end[row]
    assert step.facts["value"] == world.read("risk_model", "temperature")[row]
    assert step.facts["true"] == world.column("temperature")[row]
    assert step.facts["unit"] == "celsius"
    assert step.facts["version"] == 0, "no version has to do with it"


def test_it_reaches_components_where_their_first_value_differs(
    steps: list[Step], worlds: tuple[World, World]
):
    reached = {step.facts["component"]: step for step in steps if step.stage == "reached"}
    assert list(reached) == ["risk_model", "advice"]
    row = first_difference(worlds, "advice", "risk_model.score")
    assert reached["risk_model"].time_s == worlds[0].log.end[row]
    assert reached["risk_model"].facts["value"] == worlds[0].column("risk_model.score")[row]


def test_what_was_learned_was_fitted_on_rows_of_the_fault(
    steps: list[Step], worlds: tuple[World, World]
):
    """The training at the end of day 0 looks back on the day, of which the second half is wrong."""
    step, world = only(steps, "learned"), worlds[0]
    assert step.time_s == 24 * HOUR
    version = world.system.registry.version("risk_model", step.facts["version"])
    assert version.trained_at == step.time_s
    reported = np.concatenate([block.log.end for block in world.collected])
    wrong = ((reported > AT) & (reported < step.time_s)).sum()
    kept = step.facts["touched_rows"] / wrong
    assert abs(kept - 0.8) < 5 * np.sqrt(0.8 * 0.2 / wrong)  # a fifth is held out, row by row


def test_the_symptom_is_the_first_minute_in_which_an_outcome_differs(
    steps: list[Step], worlds: tuple[World, World]
):
    step = only(steps, "symptom")
    isolated = [world.column("advice.isolate").astype(bool) for world in worlds]
    infected, end = worlds[0].column("infected").astype(bool), worlds[0].log.end
    first = np.flatnonzero((isolated[0] != isolated[1]) & (end > 0))[0]
    minute = int(np.ceil(end[first] / 60))
    assert step.time_s == 60 * minute
    outcome = "missed_infections" if infected[first] else "isolated_for_nothing"
    assert step.facts["outcome"] == outcome
    inside = (np.ceil(end / 60) == minute) & (infected == infected[first])
    sign = -1 if infected[first] else 1
    difference = sign * (isolated[0][inside].sum() - isolated[1][inside].sum())
    assert step.facts["difference"] == difference


def test_the_alert_is_the_first_that_the_twin_does_not_have(steps: list[Step], run: api.Run):
    step = only(steps, "alert")
    twin = set(zip(run.twin.alerts["rule"], run.twin.alerts["firing_s"], strict=True))
    own = run.alerts.sort_values("firing_s")
    mine = [
        (rule, firing)
        for rule, firing in zip(own["rule"], own["firing_s"], strict=True)
        if firing >= AT and (rule, firing) not in twin
    ]
    assert (step.facts["rule"], step.time_s) == mine[0]


def test_after_the_repair_the_versions_that_learned_go_on(
    steps: list[Step], worlds: tuple[World, World]
):
    """Until the next push: a version that was fitted on wrong rows touches all that it scores."""
    step, world = only(steps, "last_row"), worlds[0]
    risk = world.system["risk_model"]
    stamps = world.log.stamps[:, world.system.network.index("risk_model")]
    spoilt = [n for n, version in enumerate(risk.settings) if version.touched]
    by_version = np.isin(stamps, spoilt)
    sent_wrong = (world.log.sent > AT) & (world.log.sent <= UNTIL)
    after = (world.log.end > UNTIL) & (by_version | sent_wrong)
    assert step.facts["rows"] == after.sum()
    assert step.facts["models"] == ["risk_model"]
    assert step.time_s == world.log.end[after].max() < END
    assert not step.facts["goes_on"]


def test_words_say_the_same(run: api.Run, worlds: tuple[World, World]):
    lines = list(told(run.findings))
    assert lines[0] == "wrong_scale"
    assert lines[1].split(maxsplit=3)[3].startswith("The fault begins: features sends temperature")
    assert "First wrong row: features gives temperature = " in lines[2]
    assert "(celsius by contract), where " in lines[2]
    assert "First alert: OutOfRange" in "".join(lines)
    assert lines[-2].split(maxsplit=2)[2].startswith("Touched ")
    missed = []
    for world in worlds:
        infected, isolated = world.column("infected") == 1, world.column("advice.isolate") == 1
        missed.append((infected & ~isolated & (world.log.end > 0)).sum())
    difference = wording.signed(float(missed[0] - missed[1]))
    assert f"Against the twin: missed infections {difference}, isolated" in lines[-1]


LOST = TRAINED.replace("  nightly:", "  rollout: {kind: deployer}\n  nightly:").partition(
    "faults:"
)[0]


def test_a_version_that_a_lost_push_keeps_is_named(tmp_path: Path):
    """From the push on, each row is scored by the version that should have gone."""
    text = LOST + "faults: [{kind: lost_push, at: 12h, component: rollout}]"
    run, world = api.load(written(tmp_path, text)).run(), World(loaded(text))
    step = only(explain(run.findings, "lost_push"), "first_row")
    serving = world.system["risk_model"]
    stamps = world.log.stamps[:, world.system.network.index("risk_model")]
    overdue = [n for n, version in enumerate(serving.settings) if version.overdue]
    kept = np.flatnonzero(np.isin(stamps, overdue))
    first = kept[np.argmin(world.log.end[kept])]
    assert step.facts["request"] == world.log.request[first]
    assert step.facts["version"] == serving.settings[stamps[first]].number == 1
    assert "by version 1, which the fault brought or kept" in "\n".join(told(run.findings))


def test_the_first_label_that_is_lost_would_have_come(tmp_path: Path):
    feedback = "  lab: {kind: feedback, reveals: infected, share: 0.3, delay: 1h}\n  rollout:"
    lost = "faults: [{kind: lost_feedback, at: 12h, component: lab}]"
    text = LOST.replace("  rollout:", feedback) + lost
    run, twin = api.load(written(tmp_path, text)).run(), World(loaded(text), faults=())
    step = only(explain(run.findings, "lost_feedback"), "first_row")
    came, request, known = (
        np.concatenate(pieces)
        for pieces in zip(
            *((b.log.end, b.log.request, b.known_at("infected")) for b in twin.collected),
            strict=True,
        )
    )
    revealed = np.flatnonzero((came >= AT) & np.isfinite(known))
    first = revealed[np.argmin(came[revealed])]
    assert (step.facts["what"], step.facts["request"]) == ("label", request[first])
    assert step.time_s == came[first]
    line = next(line for line in told(run.findings) if "First wrong row" in line)
    assert "the label of infected for request" in line
    assert line.endswith("comes late to lab, or never.")


def test_nobody_noticed_and_nothing_broken_are_said(tmp_path: Path):
    unwatched = written(tmp_path, TRAINED.replace("4d", "1d")).read_text().rpartition("monitoring")
    path = tmp_path / "unwatched.yaml"
    path.write_text(unwatched[0])
    assert "Nobody watches." in "\n".join(told(api.load(path).run().findings))
    path.write_text(unwatched[0].partition("faults:")[0])
    assert list(told(api.load(path).run().findings)) == ["Nothing was broken in this run."]
