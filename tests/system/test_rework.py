"""Work that goes back to an earlier queue: an open network with feedback, as Jackson solved it."""

import numpy as np
import pytest

from tests.engine.test_laws import assert_mean
from tests.worlds import HOUR, World, loaded

CALLED_AGAIN = """
load:
  jobs: {rate: 1/s, enters: mill}
system:
  mill: {kind: server, workers: 1, service_time: exponential(mean=500ms), retries: 100}
  inspection: {kind: server, workers: 1, service_time: exponential(mean=400ms), error_rate: 0.3}
flow: [mill -> inspection]
"""
GOES_ON = """
load:
  jobs: {rate: 1/s, enters: mill, think: 1ms, then: {checks: 1}}
  checks: {enters: inspection, think: 1ms, then: {jobs: 0.3}}
system:
  mill: {kind: server, workers: 1, service_time: exponential(mean=500ms)}
  inspection: {kind: server, workers: 1, service_time: exponential(mean=400ms)}
flow: [mill, inspection]
"""


@pytest.mark.parametrize("machines", [CALLED_AGAIN, GOES_ON], ids=["called again", "goes on"])
def test_queues_with_feedback_are_as_long_as_jackson_says(machines: str):
    """A share of 0.3 comes back, so 1 / (1 - 0.3) per second come to each; then rho / (1 - rho)."""
    hours = 10
    visits = World(loaded(f"scenario: rework\nhorizon: {hours}h\nseed: 2{machines}")).visits
    for station, service in ((0, 0.5), (1, 0.4)):
        here = visits.station == station
        bins = (visits.arrival[here] / (HOUR / 10)).astype(int)
        stayed = np.bincount(bins, (visits.end - visits.arrival)[here], 10 * hours)
        utilisation = service / (1 - 0.3)
        assert_mean(stayed / (HOUR / 10), utilisation / (1 - utilisation), batches=20)
