"""Worlds that share their past are to the last bit what each would be by itself."""

import os
from pathlib import Path
from typing import ClassVar, Literal

import pytest

import mlsim
from mlsim.faults.base import Fault
from mlsim.measures.headline import headline
from mlsim.studies.processes import JobFailed
from mlsim.studies.recording import Recording
from mlsim.studies.shared_past import simulate_together
from mlsim.studies.worlds import run_here, run_worlds, worlds_of
from mlsim.system.simulation import System
from tests.worlds import written

MORE = """
  - {kind: latency, at: 12h, until: 40h, component: gateway, factor: 2}
  - {kind: missing_values, at: 36h, component: phone, column: temperature, share: 0.5}
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can fork")


def test_worlds_are_what_each_would_be_by_itself(tmp_path: Path):
    """Two faults begin at one instant, one of them ends when a third begins."""
    path = written(tmp_path)
    text = path.read_text().replace("\nmonitoring:", MORE + "\nmonitoring:")
    path.write_text(text)
    scenario = mlsim.load(path)
    together = run_here(scenario.spec, scenario.monitoring, 3)
    apart = run_worlds(scenario.spec, scenario.monitoring, 3)
    assert list(together.records) == list(apart.records)
    assert len(together.records) == 5
    for name, record in apart.records.items():
        own = together.records[name]
        assert (own.world, own.faults, own.requests) == (name, record.faults, record.requests)
        assert own.store.to_frame().equals(record.store.to_frame())
        assert own.alerts.equals(record.alerts)
        assert own.components == record.components
        for outcome, cells in record.totals.items():
            assert (own.totals[outcome] == cells).all()
    assert headline(together) == headline(apart)


class Bad(Fault):
    """A fault whose beginning fails."""

    kind: Literal["bad"] = "bad"
    how: ClassVar[str] = "raise"

    def begin(self, system: System) -> None:
        if self.how == "raise":
            raise ValueError("no such mechanism")
        os._exit(3)


class Deadly(Bad):
    """A fault that ends its process."""

    how: ClassVar[str] = "exit"


@pytest.mark.parametrize(
    ("kind", "message"),
    [(Bad, "ValueError: no such mechanism"), (Deadly, "a process ended without a result")],
)
def test_what_goes_wrong_in_a_copy_is_raised_in_the_original(
    desk: Path, kind: type[Bad], message: str
):
    scenario = mlsim.load(desk).spec
    scenario = scenario.model_copy(update={"faults": (kind(at="1min"),)})
    with pytest.raises(JobFailed, match=message):
        simulate_together(scenario, None, 1, worlds_of(scenario), Recording.of(scenario, ()))
