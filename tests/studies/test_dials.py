from pathlib import Path

import pytest

import mlsim
from mlsim.studies.dials import NoDial, models_with_a_dial, quality_dial, time_dial

CHAINS = Path(__file__).parents[2] / "scenarios" / "chains"


@pytest.fixture(scope="module")
def memes():
    return mlsim.load(CHAINS / "meme_generator.yaml")


def test_models_and_channels_have_dials_and_others_have_none(memes):
    assert models_with_a_dial(memes.spec) == ("objects", "caption", "joke", "moderation")


def test_a_channel_keeps_a_share_of_its_errors(memes):
    steps = quality_dial(memes.spec, "objects")
    assert next(iter(steps)) == "as it is"
    run = memes.with_({"horizon": "12h", **steps["0% of its errors"]}).run(twin=False)
    rows = run.requests.query("arrival_s > 60 and outcome == 'ok'")
    assert (rows["objects.score"] == rows["cat"]).all()


def test_every_step_of_every_dial_is_a_valid_scenario(memes):
    for model in models_with_a_dial(memes.spec):
        for settings in (*quality_dial(memes.spec, model).values(),):
            memes.with_(settings)
    for settings in time_dial(memes.spec, "joke").values():
        memes.with_(settings)


def test_a_longer_time_is_longer(memes):
    steps = time_dial(memes.spec, "joke")
    assert list(steps) == [
        *("0.25 times its time", "0.5 times its time", "as it is"),
        *("2 times its time", "4 times its time"),
    ]
    assert steps["2 times its time"] == {
        "system.joke.service_time": "lognormal(mean=1800ms, cv=0.8)"
    }


def test_what_has_no_dial_is_told_with_its_line(memes):
    with pytest.raises(NoDial, match=r"meme_generator\.yaml:\d+: system\.post: has no dial"):
        quality_dial(memes.spec, "post")
    with pytest.raises(NoDial, match=r"no model 'jok' \(did you mean 'joke'\?\)"):
        quality_dial(memes.spec, "jok")
    with pytest.raises(NoDial, match=r"system\.post: has no service_time"):
        time_dial(memes.spec, "post")
