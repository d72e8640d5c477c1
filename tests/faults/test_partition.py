"""partition: calls that don't arrive, as their callers see it."""

from pathlib import Path

import numpy as np
import pytest

from mlsim import faults  # noqa: F401  (makes its kinds known)
from mlsim.errors import ScenarioError
from mlsim.scenario.load import load
from mlsim.system.simulation import System
from tests.system.test_served import Ends

SHOP = """
version: 1
scenario: shop
horizon: 30min
seed: 3
load: {orders: {rate: 2/s, enters: browser}}
system:
  browser: {kind: client, timeout: 4s}
  checkout: {kind: server, service_time: 10ms}
  payment: {kind: server, service_time: 20ms, timeout: 700ms}
  telemetry: {kind: collector}
flow:
  - browser -> checkout -> payment -> browser
  - payment ~> telemetry
faults:
  - {kind: partition, at: 10min, until: 15min, between: %s, calls: %s}
"""


def run(between: str, calls: str, tmp_path: Path, shop: str = SHOP) -> Ends:
    file = tmp_path / "shop.yaml"
    file.write_text(shop % (between, calls))
    scenario = load(file)
    system, ends = System(scenario, seed=3), Ends()
    system.listeners.append(ends)
    for fault in scenario.faults:
        system.clock.process(fault.process(system))
    system.run()
    return ends


@pytest.mark.parametrize(
    ("calls", "outcome", "took"), [("lost", "timed_out", 0.71), ("refused", "rejected", 0.01)]
)
@pytest.mark.parametrize("between", ["[checkout, payment]", "[payment, checkout]"])
def test_callers_wait_for_the_timeout_or_know_at_once(between, calls, outcome, took, tmp_path):
    ends = run(between, calls, tmp_path)
    arrival = np.concatenate([block.log.arrival for block in ends.blocks])
    cut = (arrival + 0.01 >= 600) & (arrival + 0.01 < 900)
    assert np.array_equal(ends.column(outcome), cut)
    np.testing.assert_allclose(ends.column("sojourn_time")[cut], took)


def test_who_call_nobody_can_not_be_parted(tmp_path):
    with pytest.raises(ScenarioError, match=r"between: neither of browser and payment calls"):
        run("[browser, payment]", "lost", tmp_path)
    with pytest.raises(ScenarioError, match=r"between.*no component 'paymnt'.*'payment'"):
        run("[checkout, paymnt]", "lost", tmp_path)


def test_who_has_answered_a_caller_does_not_call_what_follows(tmp_path):
    held = SHOP.replace("checkout -> payment ->", "checkout(payment) -> telemetry ->")
    held = held.replace("  - payment ~> telemetry\n", "")
    with pytest.raises(ScenarioError, match=r"between: neither of payment and telemetry calls"):
        run("[payment, telemetry]", "lost", tmp_path, held)
