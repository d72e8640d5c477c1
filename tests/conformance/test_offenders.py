"""The conformance suite catches a kind that doesn't do what it must."""

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import pytest
from pydantic import Field

from mlsim.engine.columns import Column
from mlsim.faults.base import fault_kind
from mlsim.faults.sign_flip import SignFlip
from mlsim.monitoring.checks.range import Range
from mlsim.scenario import kinds
from mlsim.system.base import Inbox, component_kind
from mlsim.system.simulation import System
from mlsim.system.transform import Transform
from mlsim.testing import CheckTrial, ComponentTrial, FaultTrial, checks, components, faults
from mlsim.testing import language as words

FLIP = SignFlip.example.replace("sign_flip", "offender")


@pytest.fixture(autouse=True)
def _no_offender_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is registered here is forgotten afterwards."""
    for family, known in kinds._KINDS.items():
        monkeypatch.setitem(kinds._KINDS, family, dict(known))


def test_catches_a_fault_that_acts_before_its_onset():
    @fault_kind("offender")
    class Offender(SignFlip):
        """It can't wait."""

        example: ClassVar[str] = FLIP
        kind: Literal["offender"] = "offender"

        def process(self, system: System):
            yield system.clock.timeout(self.at - 7200 - system.clock.now)
            self.begin(system)
            yield system.clock.timeout(self.until - system.clock.now)
            self.end(system)

    with pytest.raises(AssertionError, match="other values before it begins"):
        faults.comes_after_its_cause(FaultTrial(Offender))


def test_catches_a_fault_that_is_never_repaired():
    @fault_kind("offender")
    class Offender(SignFlip):
        """It stays."""

        example: ClassVar[str] = FLIP
        kind: Literal["offender"] = "offender"

        def end(self, system: System) -> None:
            return

    with pytest.raises(AssertionError, match="features stays broken"):
        faults.is_repaired(FaultTrial(Offender))


def test_catches_a_fault_without_strength_that_does_something():
    @fault_kind("offender")
    class Offender(SignFlip):
        """Its share means nothing to it."""

        example: ClassVar[str] = FLIP
        kind: Literal["offender"] = "offender"

        def _change(self, *about):
            change = super()._change(*about)
            return replace(change, spread=replace(change.spread, share=1.0))

    with pytest.raises(AssertionError, match="without strength"):
        faults.is_nothing_without_strength(FaultTrial(Offender))


def test_catches_a_fault_that_does_nothing():
    @fault_kind("offender")
    class Offender(SignFlip):
        """It doesn't dare."""

        example: ClassVar[str] = FLIP
        kind: Literal["offender"] = "offender"

        def begin(self, system: System) -> None:
            return

    with pytest.raises(AssertionError, match="nothing is other than before"):
        faults.does_something(FaultTrial(Offender))


def test_catches_a_component_whose_values_depend_on_the_block():
    @component_kind("offender")
    class Offender(Transform):
        """It subtracts the mean of whoever is in the same block."""

        example: ClassVar[str] = "{kind: offender, reads: [temperature], makes: {odd: temperature}}"
        kind: Literal["offender"] = "offender"

        def compute(self, settings: object, rows: Inbox, column: str) -> Column:
            values = super().compute(settings, rows, column)
            return values - np.nanmean(values)

    with pytest.raises(AssertionError, match=r"another run has other values: .*odd"):
        components.repeats_itself(ComponentTrial(Offender))


def test_catches_a_check_that_looks_into_the_future():
    class Offender(Range):
        """It compares with the whole run."""

        def statistic(self, counts: np.ndarray, reference: object) -> np.ndarray:
            return counts[:, 0] / max(1, counts[-1].sum())

    with pytest.raises(AssertionError, match="later rows change"):
        checks.knows_nothing_of_the_future(CheckTrial(Offender))


def test_catches_a_kind_that_explains_nothing_and_one_that_takes_any_value():
    class Silent(SignFlip):
        """It has a field without a word on it."""

        much: float = Field(1.0, ge=0)

    with pytest.raises(AssertionError, match="fields without a docstring: much"):
        words.explains_itself(Silent)

    class Careless(SignFlip):
        """It takes what it gets."""

        model_config = {"extra": "ignore"}

    with pytest.raises(AssertionError, match="no_such_key was accepted"):
        words.refuses_unknown_keys(Careless)
