"""Effects of factors against sums that are plain to see."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlsim.errors import MlsimError
from mlsim.studies.effects import TooManyCombinations, combinations_of, effects

FACTORS = {"a.x": [1, 2], "b.y": ["p", "q", "r"]}
amounts = st.floats(-100, 100).map(lambda value: round(value, 3))


def made_up(value_of, seeds: int = 5) -> pd.DataFrame:
    """Runs whose measure is `value_of(settings, seed)`."""
    rows = [
        (name, seed, "cost", value_of(settings, seed))
        for name, settings in combinations_of(FACTORS).items()
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows, columns=["variant", "seed", "measure", "value"])


def table(value_of) -> pd.DataFrame:
    return effects(made_up(value_of), FACTORS, ["cost"]).set_index("of")


@given(amounts, amounts, amounts)
def test_what_adds_up_has_no_interaction(x: float, q: float, r: float):
    def value_of(settings, seed):
        return 7 * seed + x * (settings["a.x"] == 2) + {"p": 0, "q": q, "r": r}[settings["b.y"]]

    got = table(value_of)
    assert got.loc["x: 1 -> 2", "estimate"] == pytest.approx(x, abs=1e-9)
    assert got.loc["y: p -> r", "estimate"] == pytest.approx(r, abs=1e-9)
    between = got[got["effect"] == "interaction"]
    assert len(between) == 2
    assert np.allclose(between["estimate"], 0, atol=1e-9)


def test_what_only_comes_together_is_an_interaction():
    def value_of(settings, seed):
        return seed + 10.0 * (settings["a.x"] == 2 and settings["b.y"] == "q")

    got = table(value_of)
    assert got.loc["x: 1 -> 2 x y: p -> q", "estimate"] == pytest.approx(10)
    assert got.loc["x: 1 -> 2 x y: p -> q", "sign"] == "more"
    assert got.loc["x: 1 -> 2 x y: p -> r", "sign"] == "same"
    assert got.loc["x: 1 -> 2", "estimate"] == pytest.approx(10 / 3)
    assert got.loc["y: p -> q", "estimate"] == pytest.approx(5)


def test_noise_alone_is_found_in_about_one_of_twenty():
    rng = np.random.default_rng(1)
    found = [
        effects(made_up(lambda *_: rng.normal(), seeds=8), FACTORS, ["cost"])["decided"]
        for _ in range(200)
    ]
    assert 0.02 < np.mean(found) < 0.08


def test_a_factor_of_one_level_and_a_design_without_end_are_refused():
    with pytest.raises(MlsimError, match=r"a\.x: a factor needs two levels"):
        combinations_of({"a.x": [1]})
    with pytest.raises(TooManyCombinations, match="59049 combinations"):
        combinations_of({f"a.x{k}": [1, 2, 3] for k in range(10)})


def test_factors_with_the_same_last_name_are_told_by_their_paths():
    assert "a.x=1, b.x=3" in combinations_of({"a.x": [1, 2], "b.x": [3, 4]})
