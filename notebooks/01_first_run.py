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
# # A first run: the phone that spoke Fahrenheit
#
# People open an app, cough into the phone and say how they feel. A model estimates whether they are
# infected, and the app tells some of them to isolate. One night an update of the app starts to send
# temperatures in Fahrenheit. The number arrives, it is a number, and the service reads it as
# Celsius.
#
# **The question of this chapter: who will notice, when, and what will it have cost by then?**

# %%
import mlsim

scenario = mlsim.load("../scenarios/covid_app.yaml")
scenario

# %% [markdown]
# That file describes four weeks. A what-if needs less: two days, with two more before them from
# which the first models learn, and the fault from noon of the first day to noon of the second.
# `with_` gives another scenario with other values; any path of the YAML document will do.

# %%
two_days = scenario.with_(
    {
        "history": "2d",
        "horizon": "2d",
        "system.nightly_symptoms.window": "2d",
        "system.nightly_risk.window": "2d",
        "faults[0].at": "12h",
        "faults[0].until": "36h",
        "faults[0].ramp": "0s",
    }
)

# %% [markdown]
# ## Your prediction
#
# Write down an answer to each before you go on. They are worth more wrong than not given.
#
# 1. While the fault lasts, are **more or fewer** infections missed than without it?
# 2. The gateway's dashboard shows requests per second, errors and latency. **What does it show?**
# 3. On the evening of the second day the update has been withdrawn. **Is everything as before?**
#
# ## The run
#
# A run simulates the world with the fault, and its *twin*: the same people, with the same
# infections, the same coughs and the same luck in every queue, but without the fault. What the two
# differ in is what the fault did, and nothing else.

# %%
run = two_days.run(seed=7)
run

# %% [markdown]
# ## The picture
#
# The band is the fault, each line above is an alert. Below, the blue area between run and twin is
# what the fault did to people.

# %%
run.plot.timeline()

# %% [markdown]
# So much for the first question: *fewer* infections are missed, next to none in fact, since nearly
# everybody is told to isolate. Somebody who watched missed infections alone would have praised the
# update.
#
# ## What happened to one person?
#
# `run.requests` holds a sample of requests, and `run.twin.requests` the same ones in the other
# world. Here are the first five check-ups of the fault's first afternoon, side by side.

# %%
seen = run.requests.merge(run.twin.requests, on="request", suffixes=("", " (twin)"))
afternoon = seen[seen["arrival_s"] > 13 * 3600]
afternoon[
    [
        "infected",
        "temperature",
        "features.temperature (twin)",
        "features.temperature",
        "risk_model.score (twin)",
        "risk_model.score",
        "advice.isolate",
    ]
].head()

# %% [markdown]
# The person's temperature is the same in both worlds. What the service believes is not: 37.0
# arrives as 98.6 degrees *Celsius*. No part of the service finds that odd. A logistic regression
# multiplies it by its weight like any other number, and is very sure of the result.
#
# ## Who noticed?
#
# The scenario is watched by `with_data_checks.yml`: rules on errors and latency, and others on what
# the requests carry.

# %%
run.detection[["rule", "severity", "detected", "time_to_detect_s", "false_alarms"]]

# %% [markdown]
# What would a team have seen that watches the machine only? The run need not be repeated for that:
# `judged_by` puts another monitoring file on top of what was recorded.

# %%
ops_only = run.judged_by("../scenarios/monitoring/ops_only.yml")
ops_only

# %% [markdown]
# Nothing, ever. That is the second answer: requests came as often as always, were answered as fast
# as always, and none ended in an error. Compare the time people spent waiting in the table above:
# the two worlds agree to the last digit.
#
# ## What follows
#
# The third question needs more days. The models of this service are trained every night, on the
# rows of the last week whose PCR result is known. So give it ten days, with the fault from day 2 to
# day 5, taken up by the phones over one day. Look at the days *after* the band.

# %%
ten_days = scenario.with_(
    {
        "history": "7d",
        "horizon": "10d",
        "system.nightly_symptoms.window": "7d",
        "system.nightly_risk.window": "7d",
        "faults[0].at": "2d",
        "faults[0].until": "5d",
        "faults[0].ramp": "1d",
    }
)
longer = ten_days.run(seed=7)
longer.plot.timeline()

# %%
by_day = longer.outcomes.query("world == 'all'")
by_day.pivot(index="day", columns="title", values="difference").round()

# %% [markdown]
# Two things happen that nobody wrote into the scenario.
#
# - *On day 4 the flood of isolated people ends, with the fault still there.* The night before,
#   labelled rows in Fahrenheit reached the training data. A temperature of 98 now belongs to the
#   sick and the healthy alike, so the new model has learnt to trust it less.
# - *On day 5 the phones are repaired, and it gets worse.* The models have lost their best symptom,
#   and keep learning from a week of mixed units. Two to three times as many infections are missed
#   as in the twin, day after day, while the alert that had fired is resolved and the ticket is
#   closed.
#
# The system's graph shows the way it took: from the phone along the requests into the training
# data, and with every new version back into production.

# %%
longer.plot.graph()

# %% [markdown]
# And this is what each night's training made of it. A filled mark is a version that has learnt from
# spoilt rows, a cross one that the gate refused. All but the last passed their validation, on rows
# of their own week, and each was worse than the one before.

# %%
longer.plot.models()

# %% [markdown]
# Who noticed that?

# %%
longer.detection[["rule", "severity", "detected", "time_to_detect_s", "false_alarms"]]

# %% [markdown]
# ## What would you monitor?
#
# The range check speaks up within an hour or two. But it falls silent with the repair, and the harm
# does not. Who speaks up next is `RecallDropped`, days later: it compares advice with PCR results,
# and those take two days to arrive. `ModelTooOld` comes last of all, when the nightly gate has
# begun to refuse what training gives it.
#
# 1. Which rule would you add so that somebody hears of it *between* the repair and that alert?
#    Think of what has changed by then: not the inputs, but the models, and what they were trained
#    on.
# 2. `PredictionDrift` fired, and is not counted as detection, as it also fires in the twin: the
#    epidemic grows and models change every night. Where would you put its threshold? What do you
#    miss then?
# 3. Suppose you may page somebody once a week. Which rules stay?
#
# Copy `scenarios/monitoring/with_data_checks.yml` and its rule file under names of your own, change
# a threshold or a `for`, and ask again:
# `longer.judged_by("../scenarios/monitoring/mine.yml").detection` answers in a second. A new check
# on data needs the rows, so keep them: `ten_days.run(record="rows")`. Then do it with another
# fault: `mlsim kinds` lists them, and `scenarios/silent/` has a small scenario for each.
