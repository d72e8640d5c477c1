"""A fault's name is that of its world: it must be one of its own."""

import pytest

from mlsim.errors import ScenarioError
from mlsim.faults.base import Fault
from tests.worlds import CLINIC, loaded

SECOND = "  - {kind: unit_change, at: 40h, component: phone, column: temperature, unit: kelvin%s}\n"


def test_two_faults_of_one_kind_need_names():
    with pytest.raises(ScenarioError, match=r"faults\[1\]: needs a name of its own.*'unit_change'"):
        loaded(CLINIC + SECOND % "")


def test_a_name_makes_it_another_fault():
    assert [f.called for f in loaded(CLINIC + SECOND % ", name: later").faults] == [
        "unit_change",
        "later",
    ]


@pytest.mark.parametrize("name", ["all", "twin"])
def test_the_names_of_the_worlds_of_every_run_are_taken(name: str):
    with pytest.raises(ScenarioError, match=rf"faults\[1\]\.name: .*'{name}' is a world"):
        loaded(CLINIC + SECOND % f", name: {name}")


def test_twice_as_many_faults_are_asked_for_their_names_twice_as_often(
    monkeypatch: pytest.MonkeyPatch,
):
    asked = 0

    def called(fault: Fault) -> str:
        nonlocal asked
        asked += 1
        return fault.name or fault.kind

    monkeypatch.setattr(Fault, "called", property(called))

    def asked_for(faults: int) -> int:
        before = asked
        loaded(CLINIC + "".join(SECOND % f", name: the_{number}" for number in range(faults)))
        return asked - before

    assert asked_for(40) <= 2 * asked_for(20)
