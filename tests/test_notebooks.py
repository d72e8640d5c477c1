"""The notebooks run from top to bottom, and what their prose says is what their runs show."""

import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

import jupytext
import pytest
from ipykernel.inprocess.manager import InProcessKernelManager

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"

HANGS = 600
"""Seconds after which nobody waits any longer."""

CLAIMS = {
    "01_first_run.py": """
def rules(a_run):
    return set(a_run.detection.query("detected").rule)

missed = "missed_infections"
[short] = [o for o in run.summary["outcomes"] if o["outcome"] == missed]
assert short["difference"] < 0, "fewer infections are missed while the fault lasts"
assert rules(run) >= {"TemperatureOutOfRange"} and not rules(ops_only)
waiting = run.outcomes.query("outcome == 'waiting_time'")
assert (waiting.run == waiting.twin).all(), "the two worlds agree to the last digit"
days = longer.outcomes.query("world == 'all' and outcome == @missed").set_index("day")
assert (days.run[6:] / days.twin[6:]).between(2, 3.5).all(), "two to three times as many"
isolated = longer.outcomes.query("world == 'all' and outcome == 'isolated_for_nothing'")
isolated = isolated.set_index("day").difference
assert isolated[4] < isolated[3] / 5, "the flood ends, with the fault still there"
first = longer.detection.set_index("rule").time_to_detect_s
assert first["TemperatureOutOfRange"] < 2 * 3600 < 86400 * 4 < first["RecallDropped"]
drift = longer.detection.set_index("rule").loc["PredictionDrift"]
assert not drift.detected and drift.false_alarms > 0
[symptoms] = [m for m in longer.summary["models"] if m["name"] == "symptom_model"]
spoilt = symptoms["versions"][4:]
assert [version["passed"] for version in spoilt] == [True] * 5 + [False]
auc = [version["quality"]["auc"] for version in spoilt]
assert auc == sorted(auc, reverse=True), "each worse than the one before"
""",
    "02_which_monitor_would_have_caught_it.py": """
sees = table.notna()
assert sees["errors, latency"].sum() == 1, "eight of nine answer every request in time"
assert sees["errors, latency"]["crash"] and table.loc["crash"].min() < 0.1
assert not sees.loc["stale_scaler"].any() and sees.drop("stale_scaler").any(axis=1).all()
assert sees["quality"].sum() == 5 == sees.sum().max()
assert table["quality"].min() > 24, "it waits for labels"
both = table[sees["quality"] & (sees["drift"] | sees["values"])]
sooner = both["quality"] > both[["drift", "values"]].min(axis=1)
assert sooner.sum() == len(sooner) - 1, "nearly always the slowest"
assert [row["add"] for row in chosen] == ["quality", "pipeline", "errors, latency"]
[blocked] = damage.query("fault == 'stale_scaler'").itertuples()
assert 4.5 < blocked.run / blocked.twin < 5.5, "five times as many"
assert fired == 0 and drift.max().max() < 0.15
""",
    "04_write_your_own.py": """
[hours] = run.detection.time_to_detect_s / 3600
assert abs(hours - 18) < 10, "two standard errors, of five hours each"
assert run.detection.false_alarms.sum() == 0
assert kept == 1, "who had the coupon keeps it"
visits = 3 * 17280
assert abs(radius["rows"] / visits - 0.02) < 4 * (0.02 * 0.98 / visits) ** 0.5
""",
    "05_local_gain_global_loss.py": """
pins = faces.table.set_index("step").outcome
assert 4 < pins["more accurate"] / pins["in use"] < 7
assert pins["on a faster phone"] < pins["in use"] / 2
local = faces.table.set_index("step").quality
assert abs(local["more accurate"] - local["on a faster phone"]) < 0.01
assert local["more accurate"] - local["in use"] > 0.01
cost = tagger.table.outcome.diff().dropna()
assert (tagger.table.effect[1:] == "up").all() and cost.max() < 1.1 * cost.min(), "a straight line"
signs = remedy.table.set_index("variant").sign
assert signs["better tagger"] == "more"
after = remedy.table.set_index("variant")["mean"]
assert after["and retrained"] < after["better tagger"]
""",
    "03_load_spike_and_retry_storm.py": """
minutes = over_time(spike, 121.5 * 60, 127 * 60)
assert minutes["answers per second"].mean() < 0.05 * minutes["attempts per second"].mean()
assert minutes["replicas"].max() > minutes["replicas"].min()
lost = {name: run.summary["outcomes"][0]["run"] for name, run in runs.items()}
assert lost["replicas start in 15 s"] == 0 < lost["target of 30%"]
assert lost["queue of 40"] < lost["as it is"] / 5
hours = {name: replica_hours(run) for name, run in runs.items()}
assert hours["queue of 40"] < 1.02 * hours["as it is"]
assert hours["target of 30%"] > 1.5 * hours["as it is"]
end = over_time(storm, 540, 600)
assert end["answers per second"].max() == 0 and end["attempts per second"].mean() > 250
told, undisturbed = unanswered["searches without an answer"], unanswered["without the slow disk"]
assert undisturbed["as it is"] == 0 and undisturbed["timeout of 300 ms"] > 10_000
assert told["timeout of 300 ms"] > told["as it is"] > 10 * told["retry budget of 10%"]
assert max(told["queue of 50"], told["shed after 500 ms"]) < told["retry budget of 10%"]
assert last_minute[[15, 20]].min() > 0.95 and last_minute[[30, 40]].max() < 0.05
limit = {"failures": 20, "open_for": "5s"}
breaker = quiet_day.with_({"system.app.breaker": limit}).run()
deadline = quiet_day.with_({"system.app.deadline": True}).run()
ended = [run.summary["outcomes"][0]["run"] for run in (breaker, deadline)]
assert ended[0] < 3_000 and ended[1] > 30_000
""",
}


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.py")), ids=lambda path: path.name)
def test_notebook_runs_and_its_prose_is_true(path: Path):
    assert failure_in([*cells_of(path), CLAIMS[path.name]]) == []


def test_a_cell_that_fails_is_told():
    assert failure_in(["a = 1", "a / 0", "b"])[-1] == "ZeroDivisionError: division by zero"


def cells_of(path: Path) -> list[str]:
    return [cell.source for cell in jupytext.read(path).cells if cell.cell_type == "code"]


def failure_in(cells: list[str]) -> list[str]:
    """The traceback of the first cell that fails, if any, in a process of its own.

    A fork has imported and loaded already what every kernel would import and load again.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=execute, args=(cells, sender))
    process.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(HANGS) else [f"still running after {HANGS} s"]
    finally:
        process.kill()
        process.join()


def execute(cells: list[str], failure: Connection) -> None:
    """Each cell by a kernel of Jupyter, which shows what it gives in all forms that it has."""
    os.chdir(NOTEBOOKS)
    manager = InProcessKernelManager()
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    for cell in ["%matplotlib inline", *cells]:
        client.execute(cell)
        reply = client.get_shell_msg()["content"]
        if reply["status"] != "ok":
            failure.send([*reply["traceback"], f"{reply['ename']}: {reply['evalue']}"])
            return
    failure.send([])
