"""stale_scaler: the weights of one version on inputs that another one's constants have scaled."""

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from tests.faults.test_training_faults import SCHOOL
from tests.worlds import HOUR, World, loaded

DEPLOYED = SCHOOL.replace("flow:", "  rollout: {kind: deployer}\nflow:", 1)
FAULT = {"kind": "stale_scaler", "at": "6h", "until": "30h", "component": "rollout"}


def test_a_score_is_the_new_weights_on_the_old_scale():
    """By hand for the rows of version 2 (12 h to 24 h), with the constants of version 1."""
    world = World(loaded(DEPLOYED, faults=[FAULT]))
    versions = {v.number: v.estimator for v in world.system.registry.versions("risk_model")}
    sent = world.log.sent
    during = (sent > 12.1 * HOUR) & (sent < 23.9 * HOUR)
    inputs = np.column_stack(
        [world.read("risk_model", c)[during] for c in ("cough_model.score", "temperature")]
    )
    scaled = (inputs - versions[1].means) / versions[1].scales
    weights = versions[2].classifier
    expected = 1 / (1 + np.exp(-(scaled @ weights.coef_[0] + weights.intercept_[0])))
    np.testing.assert_allclose(world.column("risk_model.score")[during], expected, rtol=1e-9)
    assert not np.array_equal(versions[1].means, versions[2].means)


def test_the_next_push_after_the_repair_brings_both():
    world = World(loaded(DEPLOYED, faults=[FAULT]))
    served = [v for v in world.system["risk_model"].settings if v.number]
    assert [(v.number, v.touched) for v in served] == [
        (1, False),
        (2, True),
        (3, True),
        (4, False),
    ]
    assert served[-1].estimator is world.system.registry.version("risk_model", 4).estimator


def test_what_is_registered_is_as_it_was_made():
    world = World(loaded(DEPLOYED, faults=[FAULT]))
    twin = World(loaded(DEPLOYED, faults=[]))
    for one, other in zip(
        *(w.system.registry.versions("risk_model") for w in (world, twin)), strict=True
    ):
        assert not one.touched
        assert one.quality == other.quality


def test_it_needs_a_deployer():
    with pytest.raises(ScenarioError, match=r"component: no component 'rolout'.*'rollout'"):
        loaded(DEPLOYED, faults=[{**FAULT, "component": "rolout"}])
