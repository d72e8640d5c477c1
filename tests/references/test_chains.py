"""Chains against figures that were published: kept in tests/data/truth."""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import norm

import mlsim

HERE = Path(__file__).parent
TRUTH = pd.read_csv(HERE.parent / "data" / "truth" / "chains.csv").set_index("metric")["exact"]
CLOSE = 0.009
"""At some 43,000 rows, as the truth says of 40,000."""
NEW = "1 if x1 + 0.8 * x2 > 0 else 0"
MOVES = "(0 if honest else budget * step(0d))"
OLD = "1 if (x1 > 0) != group else 0"


@cache
def shares(file: str, *settings: tuple[str, object]) -> dict[str, float]:
    """Each outcome as a share of all requests."""
    run = mlsim.load(HERE / file).with_(dict(settings)).run(twin=False)
    found = {row["outcome"]: row["run"] for row in run.summary["outcomes"]}
    return {name: value / found["all"] for name, value in found.items()}


def tagging(tag: str) -> dict[str, float]:
    return shares("tagging.yaml", ("system.tagger.makes.tag", tag))


def test_the_model_behind_the_old_tagger_has_learnt_its_quirk():
    old = tagging(OLD)
    assert old["up"] == pytest.approx(TRUTH["up_old"], abs=CLOSE)
    assert old["down"] == pytest.approx(TRUTH["down_old"], abs=CLOSE)


def test_a_better_tagger_makes_the_model_behind_it_worse():
    stale = tagging(f"({NEW}) if step(1s) else ({OLD})")
    assert stale["up"] == pytest.approx(TRUTH["up_new"], abs=CLOSE)
    assert stale["down"] == pytest.approx(TRUTH["down_new_stale"], abs=CLOSE)


def test_until_it_is_trained_on_the_new_tags():
    retrained = tagging(NEW)
    assert retrained["down"] == pytest.approx(TRUTH["down_new_retrained"], abs=CLOSE)


@pytest.mark.parametrize("budget", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_who_moves_the_feature_that_counts_most_gets_through(budget: float):
    got = shares("gaming.yaml", ("world.drivers.budget", budget))["right"]
    name = f"full b={budget:g}" if budget in (0.0, 0.5) else f"full b={budget}"
    assert got == pytest.approx(TRUTH[name], abs=CLOSE)


@pytest.mark.parametrize("budget", [0.0, 2.0])
def test_who_moves_a_feature_that_does_not_count_gets_nothing(budget: float):
    settings = (("world.drivers.budget", budget), ("system.model.inputs", ("x2",)))
    got = shares("gaming.yaml", *((path, _listed(value)) for path, value in settings))["right"]
    assert got == pytest.approx(TRUTH["robust b=0"], abs=CLOSE)


def test_another_construction_of_the_kind_holds_as_well():
    """Other means, another budget: the closed form and not the table."""
    settings = (
        ("world.drivers.budget", 0.8),
        ("world.applicant.x1", f"normal(1.3 if honest else -1.3, 1) + {MOVES}"),
        ("world.applicant.x2", "normal(0.4 if honest else -0.4, 1)"),
    )
    length = (1.3**2 + 0.4**2) ** 0.5
    moved = (1.3**2 + 0.4**2 - 1.3 * 0.8) / length
    expected = (norm.cdf(length) + norm.cdf(moved)) / 2
    assert shares("gaming.yaml", *settings)["right"] == pytest.approx(expected, abs=CLOSE)


def _listed(value: object) -> object:
    return str(list(value)).replace("'", "") if isinstance(value, tuple) else value
