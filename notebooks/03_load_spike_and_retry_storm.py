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
# # A load spike and a retry storm: when too much comes
#
# The other chapters are about services that answer quickly, and wrongly. This one is about
# services that don't answer. There are two ways to be overloaded, and they look alike on the first
# page of a dashboard. In one, more people come than can be served; it ends when they leave. In the
# other, the service is kept busy by its own failure, and it doesn't end at all.
#
# **The question of this chapter: how does one tell them apart, and what ends each?**

# %%
import pandas as pd

import mlsim

sale = mlsim.load("../scenarios/load_spike.yaml")
sale

# %% [markdown]
# ## A sale
#
# A shop serves 20 visits a second with three replicas, 40 if it must. After two hours a mail goes
# out, and within two minutes five times as many people come. An autoscaler follows Kubernetes's
# rule: each 30 seconds it compares the share of busy workers with a target of 60%. A new replica
# loads its model for three minutes before it serves. People wait for four seconds.
#
# ### Your prediction
#
# 1. The autoscaler sees the spike within half a minute. For how long will the shop be overloaded?
# 2. During that time it serves at full speed, about half of what comes. **What share of the
#    visitors gets an answer?**
#
# ### The run

# %%
spike = sale.run()
spike

# %% [markdown]
# Here is the hour around the mail: what was sent and what was answered per second, how many
# waited, and how many replicas there were.


# %%
def over_time(run, start, end, unit=60.0):
    """What a run's scrapes say from `start` to `end`, in seconds; time in minutes."""
    metrics = run.metrics
    step = metrics.index[1] - metrics.index[0]
    ok = metrics.filter(like='outcome="ok"').filter(like="client_requests_total")
    table = pd.DataFrame(
        {
            "attempts per second": metrics.filter(like="client_attempts").sum(axis=1).diff() / step,
            "answers per second": ok.sum(axis=1).diff() / step,
            "waiting": metrics.filter(like="queue_length").sum(axis=1),
            "replicas": metrics.filter(like="up{").sum(axis=1),
        }
    )
    table.index = table.index / unit
    return table.loc[start / unit : end / unit]


def picture(table, titles):
    """The first two columns in one panel, each other one in one of its own."""
    rates, others = table.iloc[:, :2].rolling(6, min_periods=1).mean(), table.iloc[:, 2:]
    shown = pd.concat([rates, others], axis=1)
    axes = shown.plot(
        subplots=[tuple(rates), *((name,) for name in others)],
        figsize=(9, 5.5),
        sharex=True,
        color=["#8b93a0", "#0072b2", "#0072b2", "#0072b2"],
    )
    for one, title in zip(axes, titles, strict=True):
        one.set_title(title, loc="left", fontsize=10)
        one.set_ylim(bottom=0)
        one.spines[["top", "right"]].set_visible(False)
    axes[1].get_legend().remove()
    axes[2].get_legend().remove()
    axes[2].set_xlabel("minutes")
    axes[0].figure.tight_layout()


picture(
    over_time(spike, 110 * 60, 150 * 60),
    ["What is asked, and what is answered", "Who waits at the shop", "Replicas that serve"],
)

# %% [markdown]
# Not half of the visitors, but *next to nobody* gets an answer, for seven minutes, by a shop all
# of whose workers are busy. First come, first served: once the queue is longer than four seconds
# of work, whoever is served has left. A queue that is too long doesn't delay work, it wastes it.
#
# ### What helps?
#
# Replicas that start quickly? More headroom? A shorter queue, which adds nobody who serves? Each
# is one setting; the same people come, at the same instants.

# %%
variants = {
    "as it is": {},
    "replicas start in 15 s": {"system.scaler.start_up": "15s"},
    "target of 30%": {"system.scaler.target": 0.3},
    "queue of 40": {"system.shop.queue_limit": 40},
}
runs = {name: sale.with_(settings).run() for name, settings in variants.items()}


def replica_hours(run):
    """Hours of replicas that were up, from day 0."""
    up = over_time(run, 0, 4 * 3600)["replicas"]
    return up.mean() * 4


pd.DataFrame(
    {
        name: {
            "visits without an answer": run.summary["outcomes"][0]["run"],
            "answers after more than 2 s": run.summary["outcomes"][1]["run"],
            "replica-hours": replica_hours(run),
        }
        for name, run in runs.items()
    }
).T.round()

# %% [markdown]
# The autoscaler's *rule* was right; its *delay* lost the sale. And a queue of 40 places, one
# second of work, saves five visitors of six without a single replica: who is let in is served in
# time, and who isn't is told so at once.
#
# ## A storm
#
# Now a smaller service on a quiet day. Ten workers rank searches in 100 ms each, so they could do
# 100 a second; 70 come. An app waits for a second and tries up to three times more. For 15 seconds
# a slow disk makes ranking take four times as long.
#
# ### Your prediction
#
# 1. During the 15 seconds some 670 searches too many pile up. After that, 30 more a second can be
#    served than come. **How long until all is well?**
# 2. Which of these would end it sooner: a retry budget, a smaller queue, shedding what has waited
#    for too long, a shorter timeout?
#
# ### The run

# %%
quiet_day = mlsim.load("../scenarios/retry_storm.yaml")
storm = quiet_day.run()
storm

# %%
picture(
    over_time(storm, 0, 600),
    ["What is asked, and what is answered", "Who waits for ranking", "Replicas that serve"],
)

# %% [markdown]
# It doesn't end. Nobody is answered nine minutes after the disk is well. The replica is up, its
# workers are busy, and 70 people a second come, as they always do. Each of them asks four times:
# 280 attempts a second are more than 100, so the queue stays longer than anybody waits, so
# everybody asks four times.
#
# That is the difference between the two. A spike is a matter of how much comes; a storm is a
# second state in which the system stays, *with the same load that it bore before*. People call
# such failures metastable. Removing the cause doesn't help: the cause has gone.
#
# The damage is measured against the twin, the same searches on a day when the disk was never slow.

# %%
storm.summary["faults"][0]["damage"][0]

# %% [markdown]
# ### What ends it?

# %%
remedies = {
    "as it is": {},
    "retry budget of 10%": {"system.app.retries.budget": 0.1},
    "queue of 50": {"system.ranking.queue_limit": 50},
    "shed after 500 ms": {"system.ranking.patience": "500ms"},
    "timeout of 300 ms": {"system.app.timeout": "300ms"},
}
tried = {name: quiet_day.with_(settings).run() for name, settings in remedies.items()}
unanswered = pd.DataFrame(
    {
        name: {
            "searches without an answer": run.summary["outcomes"][0]["run"],
            "without the slow disk": run.summary["outcomes"][0]["twin"],
            "attempts/s at the end": over_time(run, 540, 600)["attempts per second"].mean(),
        }
        for name, run in tried.items()
    }
).T.round()
unanswered

# %% [markdown]
# - A budget takes the fuel away: 77 attempts a second are less than 100.
# - A short queue, or shedding what has waited for half a second, keeps every wait under the
#   timeout. Work that is begun is still wanted, so it counts.
# - A shorter timeout is the opposite of a remedy. One service in twenty takes longer than 300 ms,
#   so there are retries all day long, and now the storm comes *without a slow disk*: look at the
#   second column.
#
# ## When does it stick?
#
# If every search is sent `n` times while waits are longer than the timeout, the storm feeds itself
# as long as `rate * n` is more than can be served. Here `n` is four and 100 can be served, so
# there should be a limit at 25 searches a second. Try it on both sides, with a trigger that is as
# bad for each: the disk forty times as slow.

# %%
rates = [15, 20, 30, 40]
at_rates = {
    rate: quiet_day.with_(
        {"load.searches.rate": f"{rate}/s", "faults[0].factor": 40, "horizon": "5min"}
    ).run()
    for rate in rates
}
last_minute = pd.Series(
    {
        rate: over_time(run, 240, 300)["answers per second"].mean() / rate
        for rate, run in at_rates.items()
    },
    name="share answered in the last minute",
)
last_minute.rename_axis("searches per second").to_frame().round(2)

# %% [markdown]
# A service that runs at 70% is not "30% away from trouble". With three retries it is in trouble
# from 25% on, and needs only somebody to push it.
#
# ## What follows
#
# 1. The alert `ClientsGiveUp` fires in both failures. Which expression over
#    `client_attempts_total` and `client_requests_total` tells them apart? Write it as a rule
#    beside those in `scenarios/monitoring/rules/load.rules.yml`, and ask `storm.judged_by(...)`
#    and `spike.judged_by(...)`.
# 2. Give the app a circuit breaker, `"system.app.breaker": {"failures": 20, "open_for": "5s"}`, or
#    let it send its deadline along, `"system.app.deadline": True`. One of the two ends the storm.
#    Predict which, and say why the other doesn't.
# 3. What if people who get no answer leave for good? Let `load.searches` be a `population`
#    (`docs/language.md`): a closed one can't storm as an open one does. Why?
#
# `scenarios/README.md` has the pictures of all variants side by side.
