"""fan_out.yaml: the slowest of a hundred answers, and how not to wait for it."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from story import Runs, Story, outcome

import mlsim
from mlsim.report import style, wording

EDGES = "client_request_duration_seconds_bucket{"


def over(run: mlsim.Run) -> pd.Series:
    """Share of the searches that took longer, by seconds, at the edges of the histogram."""
    last = run.metrics.filter(like=EDGES).iloc[-1]
    edges = last.index.str.extract(r'le="([^"]+)"')[0].map(lambda le: float(le.replace("+", "")))
    counts = pd.Series(last.to_numpy(), index=edges.to_numpy()).sort_index()
    share = 1.0 - counts / counts.iloc[-1]
    return share[(share > 0) & np.isfinite(share.index)]


def slow(run: mlsim.Run) -> str:
    """The share of searches that take more than a second."""
    return wording.percent(outcome(run, "slow") / outcome(run, "all"))


def expected(shards: int, spare: int = 0) -> str:
    """The chance that more than `spare` of so many shards need more than a second."""
    p = np.float64(0.04**1.43)
    fast, term = 0.0, (1 - p) ** shards
    for k in range(spare + 1):
        fast += term
        term *= (shards - k) / (k + 1) * p / (1 - p)
    return wording.percent(1 - fast)


def draw(runs: Runs) -> Figure:
    """How many searches take longer than so long."""
    with style.applied():
        figure = Figure(figsize=(style.WIDE, 3.4))
        axes = figure.subplots()
        colours = [style.LIGHT["run"], *(f"C{k}" for k in range(1, len(runs)))]
        for (name, run), colour in zip(runs.items(), colours, strict=True):
            share = 100 * over(run)
            axes.plot(share.index, share, label=name, color=colour, linewidth=1.6)
        axes.axvline(1.0, color=style.LIGHT["muted"], linewidth=0.8, linestyle=":")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(0.05, 12)
        axes.set_ylim(0.1, 110)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}%"))
        axes.set_xlabel("seconds", color=style.LIGHT["muted"])
        title = "searches that take longer than so many seconds"
        axes.set_title(title, loc="left", color=style.LIGHT["ink"])
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        axes.grid(color=style.LIGHT["hair"], linewidth=0.6)
        style.bare(axes)
        figure.subplots_adjust(left=0.07, right=0.8, bottom=0.15, top=0.9)
    return figure


STORY = Story(
    name="fan_out",
    title="The tail at scale: waiting for the slowest of a hundred",
    before=f"""\
A search asks a hundred shards at once and needs all their answers. Each shard answers 99 of 100
requests within a second. With a probability of 1 - 0.99^100 = {expected(100)} at least one of them
doesn't (Dean and Barroso, *The Tail at Scale*, 2013). Nothing is overloaded here, and no shard is
worse than the others. The binomial distribution also says what becomes of it with 10 shards
({expected(10)}), where 99 answers are enough ({expected(100, 1)}), and where 95 are
({expected(100, 5)}).""",
    variants={
        "10 shards": {"system.index.shards": 10},
        "99 are enough": {"system.index.wait_for": 99},
        "95 are enough": {"system.index.wait_for": 95},
        "hedged after 500 ms": {"system.app.hedge": "{after: 500ms}"},
    },
    columns={"over one second": slow},
    draw=draw,
    after="""\
- The **mean** of a shard tells nothing of this, and neither does its median: what counts is how
  often one is slow, times how many are asked.
- To do **without the last** shards is worth most: a result that lacks five in a hundred documents
  is there at once, and mostly as good.
- A **hedge** of the whole search asks a hundred shards again, each with the same chance to be
  slow. It helps those who would wait for many seconds, and next to nobody within the first.
""",
)
