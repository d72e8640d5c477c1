"""What the lecture claims of chains of models comes about in runs, and goes with its mechanism.

Each harm is significant at 99% over paired replications; with the mechanism turned off nothing of
it is left that is larger than a tenth.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import mlsim

CHAINS = Path(__file__).parents[2] / "scenarios" / "chains"
CLAIMS = YAML(typ="safe").load(CHAINS / "claims.yaml")
LEVEL = 0.99


def difference(name: str, variants: Mapping[str, Any], runs: int) -> Mapping[str, float]:
    found = mlsim.compare(
        CHAINS / f"{name}.yaml", variants, replications=runs, measures=["cost"], level=LEVEL
    )
    return found.table.iloc[-1].to_dict()


def harm(name: str, runs: int, part: str = "better", off: bool = False) -> Mapping[str, float]:
    claim = CLAIMS[name]
    extra = claim["off"] if off else {}
    before, after = ({**s, **extra} for s in (claim.get("before", {}), claim[part]))
    return difference(name, {"before": before, "after": after}, runs)


@pytest.mark.parametrize("name", ["language_pipeline", "face_unlock"])
def test_a_better_part_makes_the_whole_worse(name: str):
    """The two quickest, with as few runs as show it."""
    assert harm(name, runs=3)["low"] > 0


def test_without_its_mechanism_the_harm_is_gone():
    assert harm("face_unlock", runs=3, off=True)["high"] < 0


@pytest.mark.long
@pytest.mark.parametrize("name", CLAIMS)
def test_each_claim_holds_and_goes_with_its_mechanism(name: str):
    effect = harm(name, runs=8)
    assert effect["low"] > 0
    assert harm(name, runs=8, off=True)["high"] < effect["difference"] / 10
    assert harm(name, runs=8, part="remedy")["difference"] < effect["difference"] / 2


def test_errors_of_models_in_a_row_compound():
    """A good joke gets through if nobody errs: the product of what each gets right."""
    run = mlsim.load(CHAINS / "meme_generator.yaml").run(twin=False)
    rows = run.requests.query("cat == 1 and surprised == 1 and offensive == 0 and outcome == 'ok'")
    through = rows["post.publish"].mean()
    assert through == pytest.approx(0.9 * 0.85 * 0.97, abs=0.03)
    assert through < min(0.9, 0.85, 0.97)
