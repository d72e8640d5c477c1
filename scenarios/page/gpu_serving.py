"""gpu_serving.yaml: batches against waiting."""

import pandas as pd
from matplotlib.figure import Figure
from story import Panel, Runs, Story, outcome, per_second, side_by_side

import mlsim
from mlsim.report import wording


def latency(run: mlsim.Run) -> pd.Series:
    """Mean time until the answer over 30 s, in ms."""
    total = run.metrics.filter(like="client_request_duration_seconds_sum").sum(axis=1)
    count = run.metrics.filter(like="client_request_duration_seconds_count").sum(axis=1)
    return (1000 * total.diff(6) / count.diff(6)).fillna(0.0)


def answered(run: mlsim.Run) -> pd.Series:
    """Answers per second over 30 s."""
    ok = run.metrics.filter(like="client_requests_total{").filter(like='outcome="ok"').sum(axis=1)
    return (ok.diff(6) / 30.0).fillna(0.0)


def at(minute: float):
    """The latency then, in words."""
    return lambda run: f"{latency(run).loc[: 60 * minute].iloc[-1]:.0f} ms"


def most(run: mlsim.Run) -> str:
    """The most answers per second."""
    return wording.number(round(float(answered(run).max())))


def draw(runs: Runs) -> Figure:
    """Throughput and latency as the load grows."""
    panels = (
        Panel(
            "requests per second: answered, and sent (grey)",
            answered,
            lambda run: per_second(run, "client_attempts_total", 6),
        ),
        Panel(
            "mean time until the answer, ms (cut at 150)", lambda run: latency(run).clip(upper=150)
        ),
    )
    return side_by_side(runs, panels, ("minutes", 60.0))


STORY = Story(
    name="gpu_serving",
    title="A GPU that serves in batches: latency against throughput",
    before="""\
A batch of n requests takes 20 ms + 2 ms (n - 1). One by one that is 50 requests a second, in
batches of 16 it is 16 / 50 ms = 320. The load grows steadily up to 220 a second.""",
    variants={
        "batches of 2": {"system.gpu.batch.size": 2},
        "batches of 6": {"system.gpu.batch.size": 6},
        "no wait": {"system.gpu.batch.wait": "0s"},
        "wait of 100 ms": {"system.gpu.batch.wait": "100ms"},
    },
    columns={
        "latency at minute 2": at(2),
        "at minute 10": at(10),
        "at minute 19": at(19),
        "answers/s at most": most,
        "without an answer": lambda run: wording.number(outcome(run, "unanswered")),
    },
    draw=draw,
    after="""\
- The **size** of a batch sets what the GPU can do at most: n / (20 ms + 2 ms (n - 1)), which is 91
  a second for batches of 2 and 200 for batches of 6. Beyond it, the queue grows until everybody
  runs into the timeout.
- A **wait** for company costs its whole length unless a batch fills up before: at 214 requests a
  second, 16 of them still take 75 ms to come together.
- **No wait** at all is best here at any load: while the GPU is busy with one batch, the next one
  gathers anyway.
""",
)
