"""At which components a fault is: pictures of the system frame them."""

from pathlib import Path

import pytest

import mlsim

SILENT = Path(__file__).parents[2] / "scenarios" / "silent"


@pytest.mark.parametrize(
    ("name", "components"),
    [
        ("unit_change", ("phone",)),
        ("zone_outage", ("gateway",)),  # the checkout stands in no zone
        ("machine_crash", ("gateway", "checkout")),
        ("partition", ("gateway", "checkout")),
        ("concept_drift", ()),  # the world is another one, the machine is innocent
    ],
)
def test_where_it_is(name: str, components: tuple[str, ...]):
    scenario = mlsim.load(SILENT / f"{name}.yaml").spec
    assert scenario.faults[0].where(scenario.system) == components
