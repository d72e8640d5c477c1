"""Training and serving have feature code of their own: either can change without the other."""

from typing import Any

import numpy as np
import pytest

from mlsim.errors import ScenarioError
from mlsim.system.learning import ModelVersion
from tests.worlds import CLINIC, HOUR, World, loaded

TWO_CODES = (
    CLINIC[: CLINIC.index("faults:")]
    .replace("inputs: [cough_model.score, temperature]", "inputs: [fever, age]")
    .replace("flow:", "  nightly:\n    {kind: trainer, model: risk_model, every: 12h, window: 1d,\n"
             "     duration: 0s, features: recomputed}\nflow:")
)  # fmt: skip
SKEW = {"kind": "training_skew", "component": "nightly", "column": "fever"}
SERVING = {"kind": "library_skew", "component": "features", "column": "fever"}
TWIN = World(loaded(TWO_CODES))


def version(world: World, number: int = 2) -> ModelVersion:
    return world.system.registry.version("risk_model", number)


def skewed(fault: dict[str, Any], computes: str) -> World:
    return World(
        loaded(TWO_CODES, faults=[{"at": "6h", "until": "18h", "computes": computes, **fault}])
    )


def test_recomputed_features_are_the_logged_ones_while_both_codes_agree():
    logged = World(loaded(TWO_CODES.replace("features: recomputed", "features: logged")))
    assert version(logged).estimator.means.tobytes() == version(TWIN).estimator.means.tobytes()
    assert logged.column("risk_model.score").tobytes() == TWIN.column("risk_model.score").tobytes()


def test_training_learns_another_feature_and_serving_goes_on_as_before():
    world = skewed(SKEW, "2 * (temperature - 37)")
    np.testing.assert_allclose(
        version(world).estimator.means[0], 2 * version(TWIN).estimator.means[0]
    )
    assert version(world).quality["auc"] == pytest.approx(version(TWIN).quality["auc"], abs=1e-3)
    assert version(world).spoilt
    assert version(world, 3).estimator.means[0] == version(TWIN, 3).estimator.means[0]
    assert world.read("risk_model", "fever").tobytes() == TWIN.read("risk_model", "fever").tobytes()
    served = (TWIN.log.sent > 12 * HOUR) & (TWIN.log.sent < 24 * HOUR)
    scores = [w.column("risk_model.score")[served] for w in (world, TWIN)]
    assert np.nanmax(np.abs(scores[0] - scores[1])) > 0.2


def test_serving_changes_and_training_never_sees_it():
    """What it learns from is made of what was received, by code of its own."""
    world = skewed(SERVING, "2 * (temperature - 37)")
    assert version(world).estimator.means.tobytes() == version(TWIN).estimator.means.tobytes()
    assert version(world).touched_rows == 0
    assert np.any(world.read("risk_model", "fever") != TWIN.read("risk_model", "fever"))


@pytest.mark.parametrize(
    ("text", "fields", "message"),
    [
        (TWO_CODES, {"column": "fevr"}, "did you mean 'fever'"),
        (TWO_CODES, {"computes": "temprature"}, "did you mean 'temperature'"),
        (TWO_CODES.replace("recomputed", "logged"), {}, "needs features: recomputed"),
    ],
)
def test_refuses(text: str, fields: dict[str, Any], message: str):
    fault = {"at": "6h", "computes": "temperature", **SKEW, **fields}
    with pytest.raises(ScenarioError, match=message):
        loaded(text, faults=[fault])
