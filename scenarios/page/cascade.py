"""cascade.yaml: how much goes on to the large model, what that costs and what it brings."""

import pandas as pd
from matplotlib.figure import Figure
from story import Panel, Runs, Story, gauge, outcome, per_second, side_by_side

import mlsim
from mlsim.report import wording


def of(run: mlsim.Run, metric: str, component: str) -> pd.Series:
    """The series of one component, summed."""
    return run.metrics.filter(like=f"{metric}{{").filter(like=f'"{component}"').sum(axis=1)


def share(run: mlsim.Run) -> str:
    """The share of the comments that come to the large model."""
    seen = {name: of(run, "requests_total", name) for name in ("small", "large")}
    grown = {name: series.iloc[-1] - series.loc[:0].iloc[-1] for name, series in seen.items()}
    return wording.percent(grown["large"] / grown["small"])


def read(run: mlsim.Run) -> pd.Series:
    """Comments per second that get an answer."""
    ok = run.metrics.filter(like="client_requests_total{").filter(like='outcome="ok"')
    return (ok.sum(axis=1).diff(6) / 30.0).fillna(0.0)


def count(name: str):
    """What an outcome of a run is, in words."""
    return lambda run: wording.number(outcome(run, name))


def draw(runs: Runs) -> Figure:
    """Who is answered, and what waits before the large model."""
    panels = (
        Panel(
            "comments per second: read, and sent (grey)",
            read,
            lambda run: per_second(run, "client_attempts_total", 6),
        ),
        Panel("busy GPUs", lambda run: of(run, "workers_busy", "large").rolling(6).mean()),
        Panel("waiting (cut at 50)", lambda run: gauge(run, "queue_length").clip(upper=50)),
    )
    return side_by_side(runs, panels, ("minutes", 60.0), span=(0.0, 1800.0))


WAY = "app -> small -> {} -> filter -> app"
BAND = "(large if {} < small.score and small.score < {})"


STORY = Story(
    name="cascade",
    title="A cascade: only uncertain cases go to the large model",
    before="""\
A small model reads a comment in 5 ms; a large one knows better and needs 200 ms on one of six
GPUs, which can read 30 comments a second. 40 come. So the small one has to decide some of them by
itself: those of whose score it is sure enough.""",
    variants={
        "the large one reads all": {"flow[0]": WAY.format("large")},
        "0.02 to 0.98": {"flow[0]": WAY.format(BAND.format(0.02, 0.98))},
        "0.3 to 0.7": {"flow[0]": WAY.format(BAND.format(0.3, 0.7))},
        "the small one alone": {"flow[0]": WAY.format(BAND.format(0.5, 0.5))},
    },
    columns={
        "read by the large one": share,
        "read by nobody in time": count("unseen"),
        "spam that got through": count("spam"),
        "blocked wrongly": count("censored"),
    },
    draw=draw,
    after="""\
- The **best model** for everybody answers nobody: its GPUs can't keep up, and the queue grows until
  every comment runs into the timeout. It lets no spam through, and nothing else.
- Between a score of **0.1 and 0.9** lie the comments about which the small model is in doubt. The
  large one decides those. (It could not read all: they would be more than it can serve.)
- A **narrower** band leaves GPUs idle and errors where they were: it sends on only those cases
  that are nearest to a coin toss.
""",
)
