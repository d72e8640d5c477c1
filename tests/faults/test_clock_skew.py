"""clock_skew: a time is off by as much as the clock is."""

import numpy as np

from tests.faults.senders import sent_and_read, with_fault
from tests.worlds import DAY


def test_the_clock_is_off_and_gains_in_the_unit_of_the_column():
    """Half an hour from the beginning, and an hour slower by the end of the day."""
    world = with_fault("clock_skew", column="taken_at", by="30min", per_day="-1h")
    true, read = sent_and_read(world, "taken_at")
    np.testing.assert_allclose(read - true, 0.5 - world.log.sent / DAY, atol=1e-9)
