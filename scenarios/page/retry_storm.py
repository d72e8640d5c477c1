"""retry_storm.yaml: what ends a storm that feeds itself, and what doesn't."""

import pandas as pd
from matplotlib.figure import Figure
from story import Panel, Runs, Story, gauge, outcome, per_second, side_by_side

import mlsim
from mlsim.report import wording

BEGAN, REPAIRED = 60.0, 75.0


def failing(run: mlsim.Run) -> pd.Series:
    """The share of searches that end without an answer, over 10 s."""
    ended = run.metrics.filter(like="client_requests_total{").diff(2)
    unanswered = ended.loc[:, ~ended.columns.str.contains('outcome="ok"')].sum(axis=1)
    return (100 * unanswered / ended.sum(axis=1)).fillna(0.0)


def recovered(run: mlsim.Run) -> str:
    """How long after the repair the last scrape was that saw more than 5% fail."""
    bad = failing(run)
    last = float(bad.index[bad > 5.0].max())
    if last >= run.metrics.index[-2]:
        return "never"
    return f"{wording.duration(last - REPAIRED)} later"


def last_minute(run: mlsim.Run) -> str:
    """Attempts per second in the last minute."""
    return wording.number(round(per_second(run, "client_attempts_total", 12).iloc[-1]))


def draw(runs: Runs) -> Figure:
    """Attempts, what fails, and who waits."""
    panels = (
        Panel("attempts per second", lambda run: per_second(run, "client_attempts_total")),
        Panel("searches without an answer, %", failing),
        Panel("waiting at ranking", lambda run: gauge(run, "queue_length")),
    )
    return side_by_side(runs, panels, ("minutes", 60.0), (BEGAN, REPAIRED))


STORY = Story(
    name="retry_storm",
    title="A retry storm that outlives its trigger",
    before="""\
Ten workers can rank 100 requests a second, and 70 come. For 15 seconds (the band) a slow disk
makes ranking take four times as long; then all is well again, and nothing is. Each search is sent
four times, 280 attempts a second are more than 100, and the workers are busy with requests that
nobody waits for any more. The same people search in every column, with the same luck.""",
    variants={
        "retry budget 10%": {"system.app.retries.budget": 0.1},
        "shed after 500 ms": {"system.ranking.patience": "500ms"},
        "queue of 50": {"system.ranking.queue_limit": 50},
        "deadline sent along": {"system.app.deadline": "true"},
        "timeout of 300 ms": {"system.app.timeout": "300ms"},
    },
    columns={
        "without an answer": lambda run: wording.number(outcome(run, "unanswered")),
        "without the slow disk": lambda run: wording.number(outcome(run, "unanswered", "twin")),
        "attempts/s in the last minute": last_minute,
        "last failures": recovered,
    },
    draw=draw,
    after="""\
- A **budget** takes the fuel away: with one retry for ten searches, 77 attempts a second are less
  than 100, and the queue drains.
- **Shedding** and a **small queue** keep every wait shorter than the timeout, so work that is
  begun is still wanted. Most of what is turned away succeeds at the second attempt.
- A **deadline** that travels along looks like shedding and doesn't help: first come, first
  served, those who are served have waited for almost a second and have no time left for being
  served.
- A **shorter timeout** makes it worse. One service in twenty takes longer than 300 ms by itself,
  so there are retries on a quiet day, and the storm needs no slow disk any more: without it, it
  only comes later.
""",
)
