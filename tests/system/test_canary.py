"""A version on trial serves some people, is compared on rows of that time, and stays or goes."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.worlds import CLINIC, HOUR, World, loaded

TRIED = CLINIC[: CLINIC.index("faults:")].replace(
    "flow:",
    """  nightly: {kind: trainer, model: risk_model, every: 24h, window: 1d, duration: 0s}
  rollout: {kind: deployer, canary: {share: 0.2, for: 6h, promote: new.auc >= old.auc - 0.02}}
flow:""",
)
LEAK = {
    "kind": "label_leakage",
    "at": "20h",
    "component": "nightly",
    "column": "temperature",
    "becomes": "36 - 4 * infected",
}


def served(world: World) -> list[tuple[float, int]]:
    model = world.system["risk_model"]
    return [(time / HOUR, model.settings[number].number) for time, number in model.history]


def test_a_good_version_is_promoted_after_the_trial():
    world = World(loaded(TRIED))
    assert served(world)[:3] == [(0, 1), (24, 1), (30, 2)]
    assert world.system.registry.deployed["risk_model"][0] == (30 * HOUR, 2)


def test_meanwhile_it_answers_its_share_of_the_people_and_always_the_same():
    world, old = World(loaded(TRIED)), World(loaded(TRIED.replace("share: 0.2", "share: 0")))
    sent = world.log.sent
    during = (sent > 24 * HOUR) & (sent < 30 * HOUR) & (world.log.answer >= 0)
    new, usual = world.column("risk_model.score")[during], old.column("risk_model.score")[during]
    trial = world.column("risk_model.trial_score")[during]
    people = np.concatenate([block.truth.people for block in world.blocks])[during]
    moved = new != usual
    np.testing.assert_array_equal(new[moved], trial[moved])
    assert not set(people[moved]) & set(people[~moved])
    assert abs(moved.mean() - 0.2) < 4 * np.sqrt(0.16 / moved.size)
    assert np.isnan(world.column("risk_model.trial_score")[sent < 23 * HOUR]).all()


def test_a_bad_version_that_passed_its_gate_is_withdrawn():
    """What knows the label in training is perfect on its holdout, and bad on those of the trial."""
    world = World(loaded(TRIED, faults=[LEAK]))
    made = world.system.registry.version("risk_model", 2)
    assert made.passed
    assert made.quality["auc"] > 0.99
    assert served(world)[:3] == [(0, 1), (24, 1), (30, 1)]
    assert world.system["risk_model"].settings[3].trial is None
    assert world.system["risk_model"].settings[3].overdue
    assert not world.system.registry.deployed["risk_model"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("new.auc >=", "nw.auc >="), "unknown metric 'nw.auc'.*did you mean 'new.auc'"),
        (("for: 6h", "for: 3d"), "needs a trainer whose window is as long"),
    ],
)
def test_refuses(change: tuple[str, str], message: str):
    with pytest.raises(ScenarioError, match=message):
        loaded(TRIED.replace(*change))
