"""load_spike.yaml: a sale that is over before the autoscaler has helped, and what helps."""

import pandas as pd
from matplotlib.figure import Figure
from story import Panel, Runs, Story, gauge, integral, outcome, per_second, side_by_side

import mlsim
from mlsim.report import wording


def replica_hours(run: mlsim.Run) -> str:
    """Hours of replicas that were up, from day 0."""
    return wording.number(round(integral(gauge(run, "up")) / 3600, 1))


def overload(run: mlsim.Run) -> str:
    """How much and for how long the shop was overloaded."""
    [row] = [row for row in run.summary["components"] if row["name"] == "shop"]
    if not row["overloads"]:
        return "no"
    lasted = wording.duration(row["overload_until_s"] - row["overload_from_s"])
    return f"{wording.percent(row['demand'])} for {lasted}"


def draw(runs: Runs) -> Figure:
    """Who comes, who gets an answer, and how many replicas there are."""
    panels = (
        Panel("visits per second: answered, and sent (grey)", answered, sent),
        Panel("waiting at the shop", lambda run: gauge(run, "queue_length")),
        Panel("replicas", lambda run: gauge(run, "up")),
    )
    return side_by_side(runs, panels, ("hours", 3600.0), span=(1.8 * 3600, 3.0 * 3600))


def sent(run: mlsim.Run) -> pd.Series:
    """Visits that begin per second."""
    return per_second(run, "client_attempts_total", 6)


def answered(run: mlsim.Run) -> pd.Series:
    """Answers per second, as browsers see them."""
    ok = run.metrics.filter(like="client_requests_total{").filter(like='outcome="ok"').sum(axis=1)
    return (ok.diff(6) / (6 * (ok.index[1] - ok.index[0]))).fillna(0.0)


STORY = Story(
    name="load_spike",
    title="A sale, and an autoscaler that is too slow",
    before="""\
A mail goes out after two hours; within two minutes five times as many people come. The autoscaler
follows Kubernetes's rule, with a new decision every 30 seconds, but a new replica loads its model
for three minutes before it serves. The queue is longer than the four seconds for which people
wait.""",
    variants={
        "start in 15 s": {"system.scaler.start_up": "15s"},
        "target 30%": {"system.scaler.target": 0.3},
        "at least 12 replicas": {"system.scaler.min": 12},
        "queue of 40": {"system.shop.queue_limit": 40},
    },
    columns={
        "visits without an answer": lambda run: wording.number(outcome(run, "lost")),
        "answers after more than 2 s": lambda run: wording.number(outcome(run, "slow")),
        "overloaded": overload,
        "replica-hours": replica_hours,
    },
    draw=draw,
    after="""\
- The **autoscaler** decides rightly within half a minute, and for nothing: what it has decided
  serves three minutes later. Meanwhile the queue has grown to thousands, and *everybody* waits
  for longer than they are patient: the shop answers next to nobody although all its workers are
  busy.
- **Starting quickly** saves the sale at the same number of replica-hours. It is the delay that
  has to be repaired, and not the rule.
- **More headroom** costs two thirds more, day and night, and is still a minute short. **Twelve
  replicas** beforehand save the sale for those who know when it comes.
- A **queue of 40** adds nobody who serves, and saves five visits out of six: whoever is let in is
  served in time. The others are told so at once.
""",
)
