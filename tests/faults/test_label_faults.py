"""Labels that get lost, late or wrong: only those, only then, and models learn from it."""

from typing import Any

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.worlds import CLINIC, DAY, HOUR, World, loaded

LAB = CLINIC[: CLINIC.index("faults:")].replace(
    "flow:",
    """  lab: {kind: feedback, reveals: infected, share: 0.8, delay: 2h}
  nightly: {kind: trainer, model: risk_model, every: 12h, window: 1d, duration: 0s}
flow:""",
)
TWIN = World(loaded(LAB))


def disturbed(kind: str, **fields: Any) -> World:
    fault = {"kind": kind, "at": "12h", "until": "36h", "component": "lab", **fields}
    return World(loaded(LAB, faults=[fault]))


def collected(world: World, what: str) -> np.ndarray:
    """Something of all rows that were reported: their time, `known` or the label that came in."""
    read = {
        "time": lambda block: block.log.end,
        "known": lambda block: block.known_at("infected"),
        "label": lambda block: block.reported("infected"),
        "truth": lambda block: block.truth["infected"],
    }
    return np.concatenate([read[what](block) for block in world.collected])


TIME, TRUTH = collected(TWIN, "time"), collected(TWIN, "truth")
DURING = (TIME > 12 * HOUR) & (TIME < 36 * HOUR)


def test_lost_labels_never_come_and_all_others_as_they_did():
    world = disturbed("lost_feedback", only="not infected")
    lost = DURING & (TRUTH == 0)
    known, was = collected(world, "known"), collected(TWIN, "known")
    assert np.isinf(known[lost]).all()
    assert known[~lost].tobytes() == was[~lost].tobytes()


def test_who_learns_from_what_is_left_takes_most_people_for_infected():
    world = disturbed("lost_feedback", only="not infected")
    at_24h, twins = (w.system.registry.version("risk_model", 3) for w in (world, TWIN))
    assert at_24h.spoilt
    assert not twins.spoilt
    assert at_24h.positives / at_24h.rows > 1.5 * twins.positives / twins.rows


def test_delayed_labels_come_that_much_later():
    world = disturbed("delayed_labels", delay="5h", only="infected")
    known, was = collected(world, "known"), collected(TWIN, "known")
    late = DURING & (TRUTH == 1)
    np.testing.assert_allclose(known[late], was[late] + 5 * HOUR)
    assert known[~late].tobytes() == was[~late].tobytes()


def test_wrong_labels_say_the_contrary_and_the_truth_stays():
    world = disturbed("label_noise", share=0.3)
    wrong = collected(world, "label") != TRUTH
    assert not wrong[~DURING].any()
    assert abs(wrong[DURING].mean() - 0.3) < 4 * np.sqrt(0.21 / DURING.sum())
    assert collected(world, "truth").tobytes() == TRUTH.tobytes()


def test_a_version_knows_how_many_wrong_labels_it_learned_from():
    """At 24 h the window is the last day: wrong labels came in in its second half."""
    world = disturbed("label_noise", only="infected")
    version = world.system.registry.version("risk_model", 3)
    assert version.trained_at == DAY
    inside = (TIME >= 0) & (TIME < DAY) & (collected(TWIN, "known") <= DAY)
    wrong = inside & DURING & (TRUTH == 1)
    assert 0.7 * wrong.sum() < version.touched_rows < 0.9 * wrong.sum(), "a fifth is held out"


def test_a_share_grows_over_the_ramp():
    world = disturbed("lost_feedback", ramp="24h")
    middle = np.abs(TIME - DAY) < 2 * HOUR
    kept = np.isfinite(collected(world, "known"))[middle].mean()
    assert abs(kept - 0.4) < 4 * np.sqrt(0.24 / middle.sum())


@pytest.mark.parametrize("kind", ["lost_feedback", "label_noise", "delayed_labels"])
def test_of_no_strength_it_is_the_twin(kind: str):
    delay = {"delay": "3h"} if kind == "delayed_labels" else {}
    world = disturbed(kind, share=0, **delay)
    for what in ("known", "label"):
        assert collected(world, what).tobytes() == collected(TWIN, what).tobytes()
    assert world.column("risk_model.score").tobytes() == TWIN.column("risk_model.score").tobytes()


def test_what_the_machine_does_can_decide_whose_truth_comes_to_light():
    """Nobody is tested who was told to isolate: the model learns from the others only."""
    world = World(loaded(LAB, system__lab__share="1 - advice.isolate"))
    told = np.concatenate([block["advice.isolate"] for block in world.collected]).astype(bool)
    assert told.any()
    np.testing.assert_array_equal(np.isinf(collected(world, "known")), told)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"component": "lap"}, r"\[0\]\.component: no component 'lap'.*'lab'"),
        ({"only": "infectd"}, r"\[0\]\.only: .*did you mean 'infected'"),
    ],
)
def test_refuses(fields: dict[str, Any], message: str):
    with pytest.raises(ScenarioError, match=message):
        disturbed("lost_feedback", **fields)
