"""Published figures of queueing theory, met by scenario files through the public API.

Source of the figures: tests/engine/data/README.md. Their tolerance, three standard errors at a
million requests, grows with one over the square root of the number of requests.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

import mlsim

TRUTH = Path(__file__).parents[1] / "engine" / "data" / "queueing.csv"
N = 200_000
WARM_UP = N // 20

SCENARIO = """
scenario: queue
horizon: {horizon}s
seed: 5
load: {{jobs: {{rate: {rate}/s, enters: {first}}}}}
system:
{system}
flow: ["{flow}"]
"""
DESK = "  desk: {{kind: server, workers: {c}, service_time: '{time}'{more}}}"


def model_of(row: dict[str, str]) -> tuple[str, str, str]:
    """System, flow and first component of a row."""
    known = dict(pair.split("=") for pair in row["params"].split(",") if "=" in pair)
    desk = {"c": known.get("c", 1), "time": "exponential(1s)", "more": ""}
    match row["model"]:
        case "M/M/c/K":
            desk["more"] = f", queue_limit: {int(known['K']) - int(known['c'])}"
        case "M/G/1":
            desk["time"] = f"lognormal(mean=1s, cv={float(known['SCV']) ** 0.5})"
        case "M/D/1":
            desk["time"] = "1s"
        case "M/M/c+M":
            desk["more"] = f", patience: exponential({1 / float(known['theta'])}s)"
        case "tandem Jackson":
            second = DESK.format(c=1, time=f"exponential({1 / 0.9}s)", more="")
            return (
                DESK.format(**desk) + "\n" + second.replace("desk", "till"),
                "desk -> till",
                "desk",
            )
        case "fork-join k=2":
            both = DESK.format(**desk)
            door = "  door: {kind: server}\n"
            return door + both + "\n" + both.replace("desk", "till"), "door -> [desk, till]", "door"
    return DESK.format(**desk), "desk", "desk"


def figures(run: mlsim.Run) -> dict[str, float]:
    """What the rows state, from the requests and visits of a run."""
    requests = run.requests.sort_values("arrival_s").iloc[WARM_UP:]
    visits = run.visits.sort_values("arrival_s").iloc[WARM_UP:]
    ok = requests[requests["outcome"] == "ok"]
    took = ok["end_s"] - ok["arrival_s"]
    wait = visits["start_s"].fillna(visits["end_s"]) - visits["arrival_s"]  # who leaves, waited
    inside = took.sum() / (requests["arrival_s"].max() - requests["arrival_s"].min())
    return {
        **dict.fromkeys(("mean_sojourn", "mean_total", "mean"), took.mean()),
        **{f"p{p}_sojourn": took.quantile(p / 100) for p in (50, 95, 99)},
        "p95_total": took.quantile(0.95),
        "std_total": took.std(),
        "mean_sojourn_accepted": took.mean(),
        "mean_in_system": inside,
        **dict.fromkeys(("P_block", "P_abandon"), (requests["outcome"] == "rejected").mean()),
        **dict.fromkeys(("P_wait", "P_wait(ErlangC)"), (wait > 0).mean()),
        **dict.fromkeys(("mean_wait", "mean_wait(all, served+abandoned)"), wait.mean()),
        **{f"p{p}_wait": wait.quantile(p / 100) for p in (90, 95, 99)},
        **{f"P(wait>{t})": (wait > t).mean() for t in (1.667, 0.2)},
    }


def rows() -> dict[tuple[str, str], list[dict[str, str]]]:
    """The rows by model and parameters."""
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    with TRUTH.open() as lines:
        for row in csv.DictReader(lines):
            found.setdefault((row["model"], row["params"]), []).append(row)
    return found


@pytest.mark.parametrize("case", rows(), ids=lambda case: f"{case[0]} {case[1]}")
def test_a_published_figure_is_met(case: tuple[str, str], tmp_path: Path):
    truth = rows()[case]
    rate = float(case[1].split(",")[0].split("=")[1])
    system, flow, first = model_of(truth[0])
    horizon = round(N / rate)
    text = SCENARIO.format(horizon=horizon, rate=rate, first=first, system=system, flow=flow)
    (tmp_path / "queue.yaml").write_text(text)
    run = mlsim.load(tmp_path / "queue.yaml").run(record=["requests", "visits"])
    found = figures(run)
    expected = {row["metric"]: float(row["value"]) for row in truth}
    tolerance = {row["metric"]: float(row["reltol_1e6"]) * np.sqrt(1e6 / N) for row in truth}
    off = {m: found[m] / value - 1 for m, value in expected.items()}
    assert {m: x for m, x in off.items() if abs(x) > 1.3 * tolerance[m]} == {}
