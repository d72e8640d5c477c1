"""sensor_ageing: the mean moves and the spread grows in proportion to age."""

import numpy as np

from tests.faults.senders import sent_and_read, with_fault
from tests.worlds import DAY


def test_drift_and_noise_grow_with_time():
    """Per day of age, the error has mean `drift` and standard deviation `noise`."""
    world = with_fault("sensor_ageing", column="temperature", drift=-2, noise=0.5)
    true, read = sent_and_read(world, "temperature")
    old = world.log.sent > DAY / 10  # younger than that, rounding is large beside the error
    per_day = ((read - true) / (world.log.sent / DAY))[old]
    assert abs(per_day.mean() + 2) < 4 * 0.5 / np.sqrt(per_day.size)
    assert abs(per_day.std() - 0.5) < 4 * 0.5 / np.sqrt(2 * per_day.size)
