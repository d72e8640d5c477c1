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
# # Local gain, global loss
#
# A team has built a better model. On its test set it is better, nobody doubts that. It replaces the
# old one, and the product gets worse.
#
# **The question of this chapter: how can a better part make a worse whole, and how would one have
# known before?**
#
# Two systems, each a page of YAML. In neither of them is it written that accuracy costs anything.

# %%
import mlsim

phone = mlsim.load("../scenarios/chains/face_unlock.yaml").with_({"horizon": "6h"})
phone

# %% [markdown]
# A phone looks at a face before it unlocks. The model in use recognises its owner nine times out of
# ten, and takes a quarter of a second. People have some patience, here one second; then they type
# their PIN. The new model recognises the owner 97 times out of a hundred, and takes four times as
# long.
#
# ## Your prediction
#
# 1. Of a hundred owners ten have typed their PIN so far. **How many will with the new model?**
# 2. Its designers measure accuracy on recorded faces. **Will they see a difference?**
# 3. The next phone computes four times as fast. **What will it be then?**

# %%
accurate = {"system.face.sensitivity": 0.97}
large = {**accurate, "system.face.service_time": "lognormal(mean=1100ms, cv=0.4)"}
fast = {**accurate, "system.face.service_time": "lognormal(mean=275ms, cv=0.4)"}

faces = mlsim.gains(
    phone,
    "face",
    steps={"in use": {}, "more accurate": large, "on a faster phone": fast},
    measure="outcome.pins_typed",
    replications=4,
)
faces.table

# %% [markdown]
# `gains` has run each step under the same seeds: the same people, the same faces, the same luck. So
# a difference needs few runs. `quality` is local, what the model's designers measure; `outcome` is
# global, what people get.

# %%
faces.plot()

# %% [markdown]
# On recorded faces both new models are equally good. In the hand the one makes people type five
# times as often as before, and the other hardly ever. What differs is not in the model.
#
# ## A part that others have got used to
#
# The second system is a pipeline: a tagger finds the verb, and a second model has learnt from
# tagged sentences what is meant. The tagger is wrong about slang, always in the same way. Its
# better version isn't.

# %%
pipeline = mlsim.load("../scenarios/chains/language_pipeline.yaml").with_({"horizon": "1d"})
tagger = mlsim.gains(pipeline, "tagger", replications=4)
tagger.plot()

# %% [markdown]
# The steps are the tagger's own *dial*: a release right after day 0 that makes a part of the errors
# of the one before. **Before you go on: why does the cost rise in a straight line?**
#
# The second model has learnt that in slang the tag means its opposite. Each slang sentence that is
# tagged rightly now is turned round by it, one for one. Its own test set, tagged by the old tagger,
# is as good as ever.
#
# What follows is a remedy: train the second model on what the tagger says now.

# %%
better = {"system.tagger.releases": [{"at": "1s", "sensitivity": 0.95, "specificity": 0.95}]}
nightly = {"kind": "trainer", "model": "interpreter", "every": "3h", "window": "3h"}

remedy = mlsim.compare(
    pipeline,
    {
        "old tagger": {},
        "better tagger": better,
        "and retrained": {**better, "system.nightly": nightly},
    },
    measures=["outcome.misunderstood"],
    replications=4,
)
remedy.table[["variant", "baseline", "mean", "difference", "low", "high", "sign"]]

# %% [markdown]
# ## What follows
#
# - A model has two qualities: its own, and what the product makes of it. Measure both, and know the
#   slope between them before you spend a year on the first.
# - Who consumes a model's output has learnt its mistakes. A better version is a change of format.
# - Without `model`, `mlsim.gains(scenario)` turns every model of a system up in turn, and tells
#   where a point of quality is worth most: `mlsim gains scenarios/chains/meme_generator.yaml`.
#
# **Try it**: how patient would people have to be for the accurate model to win on the slow phone?
# `phone.with_({"system.hand.patience": "2s"})` is a beginning. And in the
# [other chains](../scenarios/chains/README.md): which part would you make better first?
