"""What components say of errors, optional visits and patience, in what a run has counted."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from mlsim.scenario.load import load
from mlsim.system.requests import OUTCOMES, RequestBlock
from mlsim.system.simulation import System

SHOP = """
version: 1
scenario: shop
horizon: 2h
seed: 3
world: {order: {size: "uniform(0, 1)"}}
load: {orders: {rate: 1/s, enters: browser}}
system:
  browser: {kind: client, timeout: 3s, patience: 4s, retries: {max: 3, backoff: 1s}}
  features:
    kind: transform
    reads: [size]
    %s
  checkout: {kind: server, service_time: 10ms}
flow: [browser -> features -> checkout -> browser]
"""


class Ends:
    """Keeps the ends of requests."""

    def __init__(self) -> None:
        self.blocks: list[RequestBlock] = []

    def on_visits(self, visits: object) -> None: ...

    def on_collected(self, collector: str, block: RequestBlock) -> None: ...

    def on_requests(self, block: RequestBlock) -> None:
        self.blocks.append(block)

    def column(self, name: str) -> np.ndarray:
        return np.concatenate([block[name] for block in self.blocks])

    def shares(self) -> Mapping[str, float]:
        return {name: float(self.column(name).mean()) for name in OUTCOMES}


def run(features: str, tmp_path: Path) -> Ends:
    file = tmp_path / "shop.yaml"
    file.write_text(SHOP % features)
    system, ends = System(load(file), seed=3), Ends()
    system.listeners.append(ends)
    system.run()
    return ends


def test_an_error_fails_the_attempt_and_is_tried_again(tmp_path):
    """With p the error rate, three retries leave p**4 of the requests without an answer."""
    ends = run("error_rate: 0.5", tmp_path)
    share, n = 0.5**4, ends.column("ok").size
    assert ends.shares()["failed"] == pytest.approx(share, abs=4 * (share / n) ** 0.5)


def test_what_an_optional_component_would_have_sent_is_missing(tmp_path):
    ends = run("optional: true\n    error_rate: 0.25", tmp_path)
    assert ends.shares()["ok"] == 1.0
    missing = np.isnan(ends.column("features.size"))
    assert missing.mean() == pytest.approx(0.25, abs=0.02)
    assert ends.column("attempts").max() == 1


def test_an_optional_call_is_waited_for_as_long_as_its_timeout(tmp_path):
    """The share of calls that are slower is e**-1, and their value is missing."""
    slow = "optional: true\n    timeout: 20ms\n    service_time: exponential(20ms)"
    ends = run(slow, tmp_path)
    assert ends.shares()["ok"] == 1.0
    assert np.isnan(ends.column("features.size")).mean() == pytest.approx(np.exp(-1), abs=0.025)
    assert ends.column("sojourn_time").max() == pytest.approx(0.03)


def test_who_has_waited_long_enough_leaves(tmp_path):
    """The first attempt times out after 3 s, the second begins after 4 s: too late."""
    ends = run("service_time: 60s", tmp_path)
    assert ends.shares()["abandoned"] == 1.0
    assert ends.column("sojourn_time").tolist() == pytest.approx([4.0] * ends.column("ok").size)
