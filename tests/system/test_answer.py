"""The world answers: its states, recomputed by hand from the requests of the run."""

import numpy as np
import pytest

from mlsim.engine.columns import Rows
from mlsim.system import simulation
from mlsim.world.state import Published
from tests.worlds import CLINIC, HOUR, World, loaded

LOGISTIC = "epidemic + 0.3 * epidemic * (1 - epidemic)"

EPIDEMIC = CLINIC.replace(
    "  drivers:\n    prevalence: 0.1 + 0.1 * ramp(0d, 2d)\n",
    """  state:
    epidemic:
      start: 0.1
      every: 3h
      range: [0, 0.6]
      counts: {at_large: infected and not advice.isolate, infectious: infected}
      next: epidemic * (1 + 0.3 * at_large / infectious)
  drivers:
    prevalence: epidemic
""",
)

CROWD = """
scenario: crowd
horizon: 12h
seed: 5
world:
  state:
    users:
      start: 1
      every: 20min
      range: [0, 1]
      counts: {annoyed: not ok or sojourn_time > 3s, came: attempts > 0}
      next: users - 0.5 * users * annoyed / came + 0.1 * (1 - users)
load:
  jobs: {rate: 0.6/s * users, enters: desk}
system:
  desk: {kind: server, workers: 1, service_time: exponential(mean=1s)}
flow:
  - desk
"""


def values(world: World, state: str) -> list[float]:
    return world.system.world.states[state].values


def test_growth_without_an_answer_is_the_recursion_itself():
    world = World(loaded(EPIDEMIC, world__state__epidemic__next=LOGISTIC))
    expected = [0.1]
    for _ in range(15):  # the step at the horizon itself is not taken any more
        expected.append(min(expected[-1] + 0.3 * expected[-1] * (1 - expected[-1]), 0.6))
    np.testing.assert_allclose(values(world, "epidemic"), expected, rtol=1e-12)
    assert max(expected) == 0.6, "it reaches its range's end, and stays there"


def test_a_step_is_what_its_formula_makes_of_the_requests_that_ended_in_it():
    world = World(loaded(EPIDEMIC), faults=[])
    end, infected = world.log.end, world.column("infected") == 1
    at_large = infected & ~world.column("advice.isolate")
    now, expected = 0.1, [0.1]
    for k in range(15):
        during = (end > 3 * HOUR * k) & (end <= 3 * HOUR * (k + 1))
        now = min(now * (1 + 0.3 * (at_large & during).sum() / (infected & during).sum()), 0.6)
        expected.append(now)
    np.testing.assert_allclose(values(world, "epidemic"), expected, rtol=1e-12)


def test_a_request_has_the_value_published_before_it_arrived():
    """Also in a row that is looked at when the world has long gone on."""
    world = World(loaded(EPIDEMIC), faults=[])
    state = world.system.world.states["epidemic"]
    arrival = world.log.arrival
    expected = np.full(arrival.size, 0.1)
    for time, value in zip(state.times, state.values, strict=True):
        expected[arrival > time] = value
    np.testing.assert_array_equal(world.column("prevalence"), expected)


def test_at_the_instant_of_a_step_it_is_still_what_it_was():
    state = Published(1.0)
    state.publish(5.0, 2.0)
    at = state(Rows(np.arange(3), np.array([4.0, 5.0, np.nextafter(5.0, 6.0)]), {}))
    assert at.tolist() == [1.0, 1.0, 2.0]
    assert state.between(0.0, 5.0) == (1.0, 1.0)
    assert state.between(5.0, 9.0) == (1.0, 2.0)


def test_its_damage_is_part_of_the_difference_to_the_twin():
    """Fahrenheit isolates everybody, so the epidemic grows less, for each of several seeds."""
    for seed in (1, 2, 3):
        scenario = loaded(EPIDEMIC)
        twin, broken = World(scenario, [], seed=seed), World(scenario, seed=seed)
        assert values(broken, "epidemic")[-1] < values(twin, "epidemic")[-1]
        assert values(broken, "epidemic")[:5] == values(twin, "epidemic")[:5]  # until 12 h
        without = World(loaded(EPIDEMIC, faults=[]), seed=seed)
        assert values(without, "epidemic") == values(twin, "epidemic")
        assert without.log.end.tobytes() == twin.log.end.tobytes()


def test_users_leave_where_it_is_slow_and_come_back():
    calm = World(loaded(CROWD, system__desk__service_time="exponential(mean=100ms)"))
    assert min(values(calm, "users")) > 0.999
    slow = World(loaded(CROWD, system__desk__service_time="exponential(mean=2s)"))
    assert 0.2 < values(slow, "users")[-1] < 0.8, "as many stay as the desk can bear"
    assert slow.log.end.size < 0.8 * calm.log.end.size


def test_who_comes_follows_the_state_person_by_person():
    """With half of the users, those who come are a subset of those who came in the full world."""
    half = World(loaded(CROWD, world__state__users__next="0.5"))
    full = World(loaded(CROWD, world__state__users__next="1"))
    step = 20 * 60.0
    ids = [set(w.log.request[w.log.arrival > step].tolist()) for w in (half, full)]
    assert ids[0] < ids[1]
    expected = 0.3 * (12 * HOUR - step)
    assert abs(len(ids[0]) - expected) < 4 * np.sqrt(expected)
    first = [w.log.request[w.log.arrival <= step].tolist() for w in (half, full)]
    assert sorted(first[0]) == sorted(first[1])


@pytest.mark.parametrize("text", [EPIDEMIC, CROWD], ids=["epidemic", "crowd"])
def test_when_rows_are_settled_never_matters(text: str, monkeypatch: pytest.MonkeyPatch):
    """Small blocks and idle ticks give the same bytes."""
    plain = World(loaded(text))
    monkeypatch.setattr(simulation, "BLOCK", 97)

    def idle(system):
        while True:
            yield system.clock.timeout(1234.5)
            system.network.flush()

    other = World(loaded(text), deciders=[idle])
    for name in plain.system.world.states:
        assert values(plain, name) == values(other, name)
    order = [np.lexsort((w.log.request, w.log.end)) for w in (plain, other)]
    for column in ("request", "arrival", "end"):
        one, two = (getattr(w.log, column)[o] for w, o in zip((plain, other), order, strict=True))
        assert one.tobytes() == two.tobytes()


def test_a_share_of_nobody_leaves_it_as_it_is():
    world = World(loaded(CROWD, load__jobs__rate="0.6/s * users * step(6h)"))
    assert world.system.world.states["users"].times[1] > 6 * HOUR
