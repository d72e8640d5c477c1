"""late_job: when each version was made, and what it is made of."""

import numpy as np

from tests.faults.test_training_faults import TWIN, broken, version
from tests.worlds import HOUR


def test_versions_are_made_as_much_later_and_on_the_rows_of_that_time():
    world = broken("late_job", by="5h")
    made = [v.trained_at / HOUR for v in world.system.registry.versions("risk_model")]
    assert made == [0, 17, 29, 36, 48][: len(made)]
    late, time = version(world, 2), np.concatenate([b.log.end for b in TWIN.collected])
    window = time[(time >= -7 * HOUR) & (time < 17 * HOUR)]
    assert late.oldest_row == window.min()
    assert late.touched
    assert not version(world, 4).touched


def test_meanwhile_the_version_before_it_is_overdue():
    world = broken("late_job", by="5h")
    changes = world.system["risk_model"].history
    overdue = [t / HOUR for t, k in changes if world.system["risk_model"].settings[k].overdue]
    assert overdue == [12, 24]


def test_a_job_that_is_later_than_its_next_turn_misses_it():
    world = broken("late_job", by="13h")
    made = [v.trained_at / HOUR for v in world.system.registry.versions("risk_model")]
    assert made[1:] == [25, 36, 48][: len(made) - 1]


def test_of_no_delay_it_is_the_twin():
    world = broken("late_job", by="0s")
    assert world.column("risk_model.score").tobytes() == TWIN.column("risk_model.score").tobytes()
    assert not any(v.touched for v in world.system.registry.versions("risk_model"))
