# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Write your own: an experiment, what goes wrong with it, and who notices
#
# A shop tries a coupon out on half of its visitors. Who gets it is decided by a component of its
# own, which mlsim doesn't have. One day a configuration is rolled out that gives it to 52% instead
# of 50%. Nobody sees an error; but an experiment whose two arms are not as large as planned may be
# worth nothing (a *sample ratio mismatch*).
#
# **The question of this chapter: how long does it take to tell 52% from 50%?**
#
# To ask it we need a component, a fault and a check. Each is one class.

# %%
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

import mlsim
from mlsim.engine import draws
from mlsim.faults.base import fault_kind
from mlsim.faults.families.component import SettingsFault
from mlsim.monitoring.checks.base import ColumnCheck, check_kind
from mlsim.scenario.units import Probability
from mlsim.system.base import component_kind
from mlsim.system.server import Served
from mlsim.testing import check_check, check_component, check_fault

# %% [markdown]
# ## Your prediction
#
# The shop has 17,280 visitors a day. A statistician will believe in a mismatch when the share is
# four standard errors from one half, and looks at the last 24 hours.
#
# 1. After how many visitors is 52% four standard errors away from 50%?
# 2. So how many **hours** after the rollout will the alarm come?
# 3. Somebody had the coupon on Monday, and comes back on Tuesday. Does he still have it, before and
#    after the rollout?
#
# ## A component
#
# Its fields are what a scenario says of it. What can change while it runs is its *settings*: an
# immutable value, of which new ones come into force. `compute` gives a column for a block of rows
# under the settings of their time. Each person's luck belongs to the person: a draw keyed by the
# seed, a name and the person, not the next number of a generator. (In a file of your own a
# docstring under a field is its description.)


# %%
@dataclass(frozen=True)
class Split:
    """Who gets the coupon now. planned, share: of the people; luck: the stream of their draws."""

    planned: float
    share: float
    luck: np.uint64

    def chosen(self, people, share):
        return draws.uniform(self.luck, people) < share


@component_kind("experiment")
class Experiment(Served):
    """Puts people into one of two arms; `<name>.arm` is 1 for those who get the new thing."""

    example: ClassVar[str] = "{kind: experiment, share: 0.5}"
    kind: Literal["experiment"] = "experiment"
    share: Probability = Field(description="Share of the people who get it.")

    def outputs(self, name):
        return (f"{name}.arm",)

    def first_settings(self, system, name):
        return Split(self.share, self.share, draws.stream(system.seed, f"experiment/{name}"))

    def compute(self, settings, rows, column):
        return settings.chosen(rows.people, settings.share).astype(float)

    def touched(self, settings, rows, column):
        """For lineage: who is in another arm than the one that was meant."""
        share, planned = settings.share, settings.planned
        return settings.chosen(rows.people, share) != settings.chosen(rows.people, planned)


# %% [markdown]
# ## A fault
#
# It changes the mechanism, and nothing that measures it: other settings are in force while it
# lasts. `fits` says which components have the mechanism; the message for all others follows from
# it.


# %%
@fault_kind("lopsided")
class Lopsided(SettingsFault):
    """An experiment gives the new thing to another share of the people than was planned."""

    needs: ClassVar[str] = "an experiment"
    example: ClassVar[str] = "{kind: lopsided, at: 5d, component: experiment, becomes: 0.52}"
    kind: Literal["lopsided"] = "lopsided"
    becomes: Probability = Field(description="The share who get it.")

    @staticmethod
    def fits(spec):
        return isinstance(spec, Experiment)

    def title(self):
        return f"{self.component} gives it to {self.becomes:.0%}"

    def broken(self, settings, system):
        return replace(settings, share=self.becomes)

    def repaired(self, settings, system):
        return replace(settings, share=settings.planned)


# %% [markdown]
# ## A check
#
# It sorts values into bins, and turns the counts of a window into one number. Nothing else of a row
# is kept, so a check costs the same for a thousand rows and for a billion.


# %%
@check_kind("sample_ratio")
class SampleRatio(ColumnCheck):
    """How many standard errors the share of ones is away from what was planned."""

    width: ClassVar[int] = 2
    example: ClassVar[str] = "{kind: sample_ratio, column: experiment.arm, planned: 0.5}"
    kind: Literal["sample_ratio"] = "sample_ratio"
    planned: Probability = Field(description="The share of ones that was planned.")

    def bins(self, values, reference):
        return np.where(np.isnan(values), -1, values).astype(np.int64)

    def statistic(self, counts, reference: Any):
        n, ones, p = counts.sum(axis=1), counts[:, 1], self.planned
        error = np.sqrt(n * p * (1 - p))
        return np.divide(abs(ones - n * p), error, out=np.full(len(n), np.nan), where=n > 0)


# %% [markdown]
# ## Do they keep the rules?
#
# Twins, damage and lineage are exact only if every kind does what its family must: a fault does
# nothing before its onset and leaves nothing behind after its repair, a component gives a row the
# same numbers in whatever block it comes, a check knows nothing of the future ... `mlsim.testing`
# tries all of that out, in a small system of ours or of yours.

# %%
SHOP = """
scenario: coupons
title: A coupon for every second visitor
start: 2024-03-04T00:00:00Z
history: 1d
horizon: 6d
seed: 12
world:
  people: 1000000
  visit: {amount: "lognormal(mean=30, cv=0.8)"}
load:
  visits: {rate: 0.2/s, of: person, enters: website}
system:
  website: {kind: client}
  experiment: {kind: experiment, share: 0.5}
  telemetry: {kind: collector}
flow:
  - website -> experiment -> website
  - experiment ~> telemetry
outcomes:
  coupons: {count: experiment.arm, cost: 2 EUR, unit: coupons}
"""
check_component(Experiment)
check_fault(Lopsided, host=SHOP, nothing={"becomes": 0.5})
check_check(SampleRatio, host=SHOP)
print("all three conform")

# %% [markdown]
# What a kind that breaks a rule is told, you see when you break one: let `compute` subtract the
# mean of its block, or let `repaired` forget something.
#
# ## The run
#
# From now on the three are words of the language. The fault begins on day 2 and is repaired on day
# 5; the check looks back 24 hours, every hour.

# %%
folder = Path(tempfile.mkdtemp())
(folder / "shop.yaml").write_text(
    SHOP
    + """
faults:
  - {kind: lopsided, at: 2d, until: 5d, component: experiment, becomes: 0.52}
monitoring: watch.yml
"""
)
(folder / "watch.yml").write_text("""
checks:
  arms: {kind: sample_ratio, column: experiment.arm, planned: 0.5, every: 1h, window: 24h}
rule_files: [rules.yml]
""")
(folder / "rules.yml").write_text("""
groups:
  - name: experiment
    rules:
      - alert: SampleRatioMismatch
        expr: data_check{kind="sample_ratio"} > 4
        labels: {severity: page}
""")
run = mlsim.load(folder / "shop.yaml").run()
run

# %% [markdown]
# ## The picture
#
# The statistic of the check in both worlds, and the line that it has to cross.

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(8, 3))
for label, world in (("with the fault", run), ("twin", run.twin)):
    [column] = world.metrics.filter(regex=r"^data_check\{").columns
    world.metrics[column].rename(label).set_axis(world.metrics.index / 86400).plot(ax=axes)
axes.axhline(4, color="grey", linestyle=":")
axes.axvspan(2, 5, color="orange", alpha=0.15)
axes.set(xlabel="day", ylabel="standard errors", xlim=(0, 6))
axes.legend()
plt.show()

# %%
run.detection[["rule", "detected", "time_to_detect_s", "false_alarms"]].assign(
    hours=lambda table: table.time_to_detect_s / 3600
)

# %% [markdown]
# The first answer is a formula: $0.02\,n = 4\sqrt{n}/2$ gives $n = 10{,}000$ visitors, which come
# in 14 hours. The alarm needs longer, since the window still holds visitors from before the
# rollout: among $N$ = 17,280 of them, those who came after it must make up for all, $0.02\,n =
# 4\sqrt{N}/2$, or 18 hours. A shorter window would not do: it never holds enough visitors. (The
# statistic of one seed wobbles by a standard error around that, which is worth five hours here.)
#
# And the third: who had the coupon keeps it. Everybody's luck is their own, so a larger share only
# adds people. That is what lineage has marked: the 2% in between, and no others.

# %%
during = run.requests.query("arrival_s > 2 * 86400 and arrival_s < 5 * 86400")
both = during.merge(run.twin.requests, on="request", suffixes=("", "_twin"))
kept = both[both["experiment.arm_twin"] == 1]["experiment.arm"].mean()
moved = (both["experiment.arm"] != both["experiment.arm_twin"]).mean()
radius = run.summary["faults"][0]["radius"]
print(f"kept it: {kept:.0%}; got it only now: {moved:.1%}; rows touched: {radius['rows']}")

# %% [markdown]
# ## What follows
#
# You have added three words to a language, with a page each (`mlsim kinds` would show them), error
# messages, a JSON Schema and an exact counterfactual, in about sixty lines. To give them to others,
# put them into a package and name them in its entry points (`docs/conformance.md`), and let its
# tests call the three checks from above. To give them to mlsim itself, see `CONTRIBUTING.md`: one
# file each, a test, and a small scenario that tells the story.
