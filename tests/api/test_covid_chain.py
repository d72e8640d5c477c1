"""Each link of the COVID app's chain, switched off, moves the outcomes as a reader would say.

Labels come late, training learns from them, a push brings what was learned into service; a fault
of the unit spoils what is learned, a fault of the push keeps it away. Every claim is a paired
one-sided t-test over seeds at 99%: the same people with the same luck, with and without the link.
"""

from pathlib import Path

import pandas as pd
import pytest
from scipy.stats import ttest_rel

from mlsim import api
from mlsim.studies.worlds import run_here

SCENARIO = Path(__file__).parents[2] / "scenarios/covid_app.yaml"

REDUCED: dict[str, object] = {
    "horizon": "22d",
    "load.check_ups.rate": "0.02/s",
    "world.people": 20000,
}
"""A seventy-fifth of the check-ups; both faults and the new variant as they are."""
FULLER: dict[str, object] = {
    "horizon": "28d",
    "load.check_ups.rate": "0.1/s * daily(trough=0.3, peak_at=19h)",
}
SEEDS = range(1, 6)

NO_FAULTS = {
    f"faults[{k}].{key}": day for k in (0, 1) for key, day in (("at", "90d"), ("until", "91d"))
}
SHARE = "0.1 + 0.5 * (temperature > 37.5) + 0.2 * (cough_rate > 8)"
VARIANTS: dict[str, dict[str, object]] = {
    "as it is": {},
    "no training": NO_FAULTS | {f"system.nightly_{n}.every": "90d" for n in ("risk", "symptoms")},
    "labels end": NO_FAULTS | {"system.pcr_results.share": f"({SHARE}) * (1 - ramp(0d, 1s))"},
    "no labels": NO_FAULTS | {"system.pcr_results.share": "0"},
}
WORLDS = {
    # faults and links of each: variant, and world of its run
    "both faults": ("as it is", "all"),
    "update": ("as it is", "unit_change"),
    "lost push": ("as it is", "lost_push"),
    "twin": ("as it is", "twin"),
    **{variant: (variant, "all") for variant in VARIANTS if variant != "as it is"},
}
MISSED, ISOLATED = "missed_infections", "isolated_for_nothing"
CLAIMS = {
    # in which world there is more than in which other, of what, from which day to which
    "faults cost something": ("both faults", "twin", MISSED, 0, 90),
    "the update isolates for nothing": ("update", "twin", ISOLATED, 9, 14),
    "rows that it spoilt outlive it": ("update", "twin", MISSED, 14, 90),
    "also beside a lost push": ("both faults", "lost push", MISSED, 14, 90),
    "a lost push keeps away what was learned": ("lost push", "twin", MISSED, 16, 90),
    "also beside the update": ("both faults", "update", MISSED, 16, 90),
    "training copes with the variant": ("no training", "twin", MISSED, 14, 90),
    "training needs labels that come": ("labels end", "twin", MISSED, 14, 90),
    "without any label nobody is warned": ("no labels", "labels end", MISSED, 0, 90),
}


@pytest.mark.parametrize(
    "load", [{}, pytest.param(FULLER, marks=pytest.mark.long)], ids=["reduced", "fuller"]
)
def test_a_link_switched_off_moves_the_outcomes(load: dict[str, object], tmp_path: Path):
    """All claims in one test, so that no world is simulated twice, nor what worlds share."""
    monitoring = tmp_path / "hourly.yml"
    monitoring.write_text("scrape_interval: 1h\nevaluation_interval: 1h\n")
    tables = {
        variant: outcomes(api.load(SCENARIO, REDUCED | load | settings, monitoring))
        for variant, settings in VARIANTS.items()
    }

    def totals(world: str, outcome: str, first: int, last: int) -> list[float]:
        variant, name = WORLDS[world]
        return [total(table, name, outcome, first, last) for table in tables[variant]]

    p_values = {
        claim: ttest_rel(totals(more, *what), totals(less, *what), alternative="greater").pvalue
        for claim, (more, less, *what) in CLAIMS.items()
    }
    assert {claim: p for claim, p in p_values.items() if not p < 0.01} == {}


def outcomes(scenario: api.Scenario) -> list[pd.DataFrame]:
    return [
        api.Run(run_here(scenario.spec, scenario.monitoring, seed), wall_s=0.0).outcomes
        for seed in SEEDS
    ]


def total(table: pd.DataFrame, world: str, outcome: str, first: int, last: int) -> float:
    """An outcome of a world on the days from the first to the last, without that."""
    chosen = (table["world"] == world) & (table["outcome"] == outcome)
    return float(table.loc[chosen & table["day"].between(first, last - 1), "run"].sum())
