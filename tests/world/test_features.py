"""A world of events and features: when they act, what flows, and what comes of promises."""

import math

import numpy as np
import pytest
import simpy

from mlsim.engine.columns import Rows
from mlsim.scenario.features import Resolution
from mlsim.world.actors import Lineup
from mlsim.world.features import Happenings
from mlsim.world.state import Published
from tests.worlds import loaded


class Lived:
    """A world that has been run: what its states were, what was done, and the verdicts."""

    def __init__(
        self, world: str, *order: str, horizon: str = "100s", resolution: Resolution | None = None
    ):
        scenario = loaded(f"scenario: lived\nhorizon: {horizon}\nworld:\n{world}")
        clock = simpy.Environment()
        self.states = {name: Published(s.start) for name, s in scenario.world.state.items()}
        lineup = Lineup(order or tuple(scenario.world.features), resolution)
        self._happenings = happenings = Happenings(scenario, self.states, clock, lineup)
        clock.process(happenings.process())
        clock.run(until=scenario.horizon)
        self.verdicts = happenings.verdicts()
        self.deeds = [(round(d.time, 6), d.who, d.what) for d in happenings.deeds]
        self.met = happenings.met

    def at(self, state: str, *times: float) -> list[float]:
        """What a state was at some times."""
        rows = Rows(np.zeros(len(times), np.int64), np.array(times), {})
        return self.states[state](rows).tolist()

    def status(self, feature: str, number: int = 0) -> str:
        """What became of a promise."""
        return self.verdicts[feature, number].status


TANK = """
  state:
    tank: {start: 50, range: [0, 60], flows: {in: 2/s}}
    pump: {start: 'off'}
  features:
    pumps:
      when: tank > 58
      then: [tank -= 5/s * (1 + (pump == 'fast')), pump = 'on']
      requires: always tank <= 60
"""


def test_a_rate_flows_as_long_as_the_condition_holds_and_no_longer():
    """58 is reached after 4 s. The condition ends where it began: it is decided again each tick."""
    lived = Lived(TANK)
    assert [deed[0] for deed in lived.deeds[:2]] == [4.0, 4.0]
    level = lived.at("tank", *np.linspace(5, 99, 300))
    tick = 0.2  # a 500th of the horizon
    assert 58 - 3 * tick - 1e-9 <= min(level) <= max(level) <= 58 + 2 * tick + 1e-9
    assert lived.status("pumps") == "kept"


def test_a_tank_between_two_marks_follows_its_sawtooth_exactly():
    """Fills at 2/s to 40, is emptied at 3/s to 10: corners at 5, 15, 30, 40 ... s."""
    lived = Lived("""
  state:
    pump: {start: 'off', values: ['on', 'off']}
    tank: {start: 30, flows: {in: 2/s, out: "-5/s if pump == 'on' else 0/s"}}
  features:
    starts: {when: tank >= 40, then: pump = 'on'}
    stops: {when: tank <= 10, then: pump = 'off', requires: [always tank >= 10, never tank > 40]}
""")
    corners = [0, 5, 15, 30, 40, 55, 65, 80, 90]
    levels = [30, 40, 10, 40, 10, 40, 10, 40, 10]
    times = np.linspace(0.01, 100, 777)
    expected = np.interp(times, [*corners, 100], [*levels, 30])
    np.testing.assert_allclose(lived.at("tank", *times), expected, atol=1e-6)
    assert [deed[0] for deed in lived.deeds] == pytest.approx(corners[1:])
    assert lived.status("stops", 0) == lived.status("stops", 1) == "kept"


def test_a_flow_stops_at_the_ends_of_its_range():
    lived = Lived("""
  state:
    tank: {start: 1, range: [0, 7], flows: {in: "2/s * pulse(0s, 10s)", out: -1/s * step(20s)}}
  features:
    watch: {when: tank == 0, then: tank += 0, requires: eventually tank == 0 after tank == 7}
""")
    assert lived.at("tank", 3, 9, 20, 23, 27, 50) == pytest.approx([7, 7, 7, 4, 0, 0])
    assert lived.deeds == [(27.0, "watch", "tank is 0 already")]
    assert lived.status("watch") == "kept"


def test_what_follows_a_curve_is_followed_in_small_steps():
    """Exponential decay; the error of 500 steps is that of Euler's method, first order."""
    world = """
  state:
    heat: {start: 100, flows: {lost: -0.05/s * heat}}
  features:
    alarm: {when: heat < 50, then: heat += 0}
"""
    lived = Lived(world)
    exact = 100 * math.exp(-0.05 * 60)
    assert lived.at("heat", 60) == pytest.approx([exact], rel=0.02)
    [(time, _, _)] = lived.deeds
    assert time == pytest.approx(math.log(2) / 0.05, rel=0.01)
    finer = Lived(world.replace("start: 100,", "start: 100, every: 10ms,"))
    assert abs(finer.at("heat", 60)[0] - exact) < abs(lived.at("heat", 60)[0] - exact) / 5


RIVALS = """
  state:
    bell: {start: 'off'}
    door: {start: closed}
  events:
    ring: {when: "pulse(10s, 20s)", then: bell = 'on'}
  features:
    one: {when: bell == 'on', then: [door = 'one', bell = 'off']}
    two: {when: bell == 'on', then: [door = 'two', bell = 'off']}
"""


def test_who_comes_first_takes_away_what_the_other_waits_for():
    assert Lived(RIVALS, "one", "two").at("door", 50) == ["one"]
    assert Lived(RIVALS, "two", "one").at("door", 50) == ["two"]
    assert Lived(RIVALS, "two", "one").met == {frozenset({"one", "two"})}
    assert Lived(RIVALS, "one").met == set()


def test_a_delayed_action_is_done_come_what_may():
    """Both have decided at 10 s; the slower one has the last word."""
    lived = Lived(RIVALS.replace("one: {", "one: {delay: 3s, "), "one", "two")
    assert lived.at("door", 9, 12, 14) == ["closed", "two", "one"]


def test_priority_holds_the_others_back_while_the_first_one_wants_to_act():
    world = """
  state:
    a: {start: 0, flows: {up: 1/s}}
    log: {start: 0}
  features:
    early: {when: a > 10, then: log = 1}
    late: {when: a > 20 and a < 50, then: log = 2}
"""
    first = Resolution(priority=("late", "early"))
    assert Lived(world, resolution=first).at("log", 15, 25) == [1.0, 2.0]
    assert Lived(world, resolution=first).deeds[-1] == (50.0, "early", "log: 2 -> 1")
    assert Lived(world).deeds[-1] == (20.0, "late", "log: 1 -> 2")


def test_a_lock_makes_the_others_wait_until_it_is_free():
    world = """
  state:
    a: {start: 0, flows: {up: 1/s}}
    log: {start: 0}
  features:
    first: {when: a > 10 and a < 40, then: log += 1}
    second: {when: a > 20, then: log += 10}
"""
    assert [d[0] for d in Lived(world).deeds] == [10.0, 20.0]
    locked = Lived(world, resolution=Resolution(locks=("second", "first")))
    assert [d[0] for d in locked.deeds] == [10.0, 40.0]


def test_features_that_set_each_other_off_without_end_are_held_to_a_tick():
    lived = Lived("""
  state:
    side: {start: left}
    turns: {start: 0}
  features:
    right: {when: side == 'left', then: [side = 'right', turns += 1]}
    left: {when: side == 'right', then: [side = 'left', turns += 1]}
""")
    assert 400 <= lived.at("turns", 100)[0] <= 1002


@pytest.mark.parametrize(
    ("promise", "status"),
    [
        ("always level < 30", "kept"),
        ("always level < 20", "broken"),
        ("never level >= 20", "broken"),
        ("always level < 20 within 10s after level > 5", "kept"),
        ("always level < 20 within 20s after level > 5", "broken"),
        ("always level < 3 within 10s after level > 24 and level < 3", "not asked"),
        ("always level > 3 within 50s after level > 24", "open"),
        ("eventually level > 20", "kept"),
        ("eventually level > 20 within 19s after level > 2", "kept"),
        ("eventually level > 20 within 17s after level > 2", "broken"),
        ("eventually level == 0 within 50s after level > 24", "open"),
        ("eventually level == 0 within 40s after level > 24", "broken"),
        ("eventually level == 25 after level > 24", "kept"),
    ],
)
def test_promises_over_a_level_that_rises_and_stays(promise: str, status: str):
    """It rises from 0 at 1/s to 25 and stays there; it is seen for 70 s."""
    lived = Lived(
        f"""
  state:
    level: {{start: 0, range: [0, 25], flows: {{up: 1/s}}}}
  features:
    one: {{when: level > 10, then: level += 0, requires: {promise}}}
""",
        horizon="70s",
    )
    assert lived.status("one") == status


def test_a_broken_promise_is_told_with_its_instant():
    lived = Lived("""
  state:
    level: {start: 0, flows: {up: 2/s}}
  features:
    one:
      when: level > 10
      then: level += 0
      requires: [always level <= 30, eventually level < 0 within 7s]
""")
    assert lived.verdicts["one", 0].at == pytest.approx(15.0)
    assert lived.verdicts["one", 1].at == pytest.approx(12.0)
