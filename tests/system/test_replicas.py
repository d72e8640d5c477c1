"""What looks after replicas: the autoscaler by Kubernetes's rule, and the orchestrator; places."""

from pathlib import Path

import pytest

from mlsim.faults.base import Fault
from mlsim.faults.crash import Crash
from mlsim.faults.zone_outage import ZoneOutage
from mlsim.scenario.load import load
from mlsim.system.autoscaler import Autoscaler, Rollout, recommended
from mlsim.system.orchestrator import Orchestrator
from mlsim.system.simulation import System

SHOP = """
version: 1
scenario: shop
horizon: 40min
load: {orders: {rate: "40/s * (1 - step(20min)) + 2/s", enters: browser}}
system:
  browser: {kind: client}
  checkout: {kind: server, workers: 4, replicas: 2, service_time: 500ms, queue_limit: 50}
  keeper: %s
flow: [browser -> checkout -> browser]
"""

NOBODY = "{kind: scraper}"


@pytest.fixture
def shop(tmp_path: Path):
    def built(keeper: str, text: str = SHOP) -> System:
        file = tmp_path / "shop.yaml"
        file.write_text(text % keeper)
        return System(load(file), seed=1)

    return built


def test_replicas_follow_the_load_up_with_a_delay_and_down_after_the_window(shop):
    """21 busy workers at a target of 0.5 need about 11 replicas of four; for one, one will do."""
    system = shop("{kind: autoscaler, scales: checkout, target: 0.5, max: 30, start_up: 30s}")
    system.run()
    changes = [(t, r) for t, name, r, up in system.replica_changes if t > 0 and up]
    assert changes[0] == (45.0, 2)
    assert 10 <= max(replica for _, replica in changes) + 1 <= 16
    falls = [t for t, name, r, up in system.replica_changes if up is None and r < 8]
    assert min(falls) >= 20 * 60 + 300 - 15
    assert system.replicas["checkout"] == 1


def test_a_period_doubles_the_replicas_or_adds_four():
    scaler = Autoscaler(scales="x", target=0.5, max=100)
    assert scaler.allowed(Rollout(2), 0.0, 50) == 6
    assert scaler.allowed(Rollout(10), 0.0, 50) == 20
    assert scaler.allowed(Rollout(80), 0.0, 500) == 100


def test_the_highest_advice_of_the_window_holds_back_a_fall():
    scaler = Autoscaler(scales="x", target=0.5, max=100, stabilisation="60s")
    rollout = Rollout(10, [(0.0, 8), (50.0, 6)])
    assert scaler.allowed(rollout, 55.0, 2) == 8
    assert scaler.allowed(rollout, 70.0, 2) == 6
    assert scaler.allowed(rollout, 200.0, 2) == 2


def test_a_crashed_replica_is_started_again(shop):
    """Found at the next look, it serves again after its start-up."""
    system = shop("{kind: orchestrator, probes_every: 10s, start_up: 30s}")
    system.clock.run(until=95.0)
    system.crash("checkout", 1)
    system.run()
    changes = [change for change in system.replica_changes if change[0] > 0]
    assert changes == [(95.0, "checkout", 1, False), (130.0, "checkout", 1, True)]


def test_a_crashed_replica_that_was_scaled_away_is_left_alone(shop):
    system = shop("{kind: orchestrator, probes_every: 10s, start_up: 30s}")
    system.clock.run(until=95.0)
    system.crash("checkout", 1)
    system.clock.run(until=105.0)
    system.scale("checkout", 1)
    system.run()
    assert [up for t, _, _, up in system.replica_changes if t > 0] == [False, None]


def test_a_new_replica_of_the_number_of_a_crashed_one_runs(shop):
    system = shop(NOBODY)
    system.crash("checkout", 1)
    system.scale("checkout", 1)
    system.scale("checkout", 2)
    assert system.network.up("checkout") == (True, True)


def in_zones(shop, zones: str, keeper: str = NOBODY) -> System:
    return shop(keeper, SHOP.replace("replicas: 2", f"replicas: 2, zones: {zones}"))


def happen(system: System, *faults: Fault) -> list[tuple[float, int, bool]]:
    """What becomes of the replicas of the checkout after its first start."""
    for fault in faults:
        system.clock.process(fault.process(system))
    system.run()
    return [(t, replica, up) for t, _, replica, up in system.replica_changes if t > 0]


KEEPER = "{kind: orchestrator, watches: [checkout], start_up: 30s, replaces_after: 60s}"


def test_what_ran_in_a_zone_that_is_gone_is_started_in_one_that_is_left(shop):
    """Found at 100 s; and there it is when that one goes, too."""
    gone = ZoneOutage(at="95s", zone="a"), ZoneOutage(at="500s", zone="b")
    changes = happen(in_zones(shop, "[a, b]", KEEPER), *gone)
    assert changes == [(95, 0, False), (190, 0, True), (500, 0, False), (500, 1, False)]


@pytest.mark.parametrize("crash", [85, 90, 95, 300, 495, 500, 501, 509])
@pytest.mark.parametrize("comes_first", [True, False])
def test_a_crash_is_repaired_as_soon_as_its_zone_is_back(shop, crash: int, comes_first: bool):
    """Found at the look after both, at 500 s or 510 s, it serves half a minute later."""
    keeper = KEEPER.replace("replaces_after: 60s", "replaces_after: 10min")
    faults = [
        Crash(at=f"{crash}s", component="checkout", replica=0),
        ZoneOutage(at="95s", until="500s", zone="a"),
    ]
    changes = happen(in_zones(shop, "[a, b]", keeper), *faults[:: 1 if comes_first else -1])
    assert changes[-1] in [(530, 0, True), (540, 0, True)]
    assert (500, 0, True) in changes or crash <= 500


def test_a_replacement_that_nothing_was_left_for_starts_when_a_zone_is_back(shop):
    """It has waited for a minute already: found at 310 s, it only has to start up."""
    gone = ZoneOutage(at="95s", zone="a"), ZoneOutage(at="95s", until="301s", zone="b")
    changes = happen(in_zones(shop, "[a, b]", KEEPER), *gone)
    assert changes[2:] == [(301, 1, True), (340, 0, True)]


def test_a_start_for_an_earlier_crash_does_not_repair_a_later_one(shop):
    """The first is over by itself; the second, found at 110 s, is back half a minute later."""
    crashes = [
        Crash(at="95s", until="105s", component="checkout", replica=0),
        Crash(at="107s", component="checkout", replica=0),
    ]
    changes = happen(in_zones(shop, "[a]", KEEPER), *crashes)
    assert changes == [(95, 0, False), (105, 0, True), (107, 0, False), (140, 0, True)]


def test_where_no_zone_is_left_it_starts_with_the_zone(shop):
    changes = happen(in_zones(shop, "[a]", KEEPER), ZoneOutage(at="95s", until="500s", zone="a"))
    assert changes == [(95, 0, False), (95, 1, False), (500, 0, True), (500, 1, True)]


def test_nothing_starts_where_all_is_out(shop):
    """The end of a crash is none before that of the outage."""
    system = in_zones(shop, "[a, b]")
    crash = Crash(at="90s", until="100s", component="checkout", replica=0)
    changes = happen(system, crash, ZoneOutage(at="95s", until="500s", zone="a"))
    assert changes == [(90, 0, False), (95, 0, False), (500, 0, True)]


def test_a_new_replica_is_not_put_where_all_is_out(shop):
    system = in_zones(shop, "[a, b]")
    outage = ZoneOutage(at="95s", zone="a")
    outage.begin(system)
    system.scale("checkout", 3)
    assert system.network.up("checkout") == (False, True, True)
    assert set(system.places.of("checkout", 2)) == {("zone", "b")}


def test_who_crashes_again_waits_longer():
    keeper = Orchestrator(start_up="5s")
    assert [keeper.wait(crashes) for crashes in (0, 1, 2, 3, 10)] == [5, 15, 25, 45, 305]


def test_who_has_served_for_ten_minutes_waits_no_longer_than_the_first_time(shop):
    """Found at 100 s, it is back at once, then 10 s and 20 s later, and at once again."""
    system = shop("{kind: orchestrator, probes_every: 10s}")
    for crash in (95.0, 195.0, 295.0, 2295.0):
        system.clock.run(until=crash)
        system.crash("checkout", 1)
    system.run()
    back = [time for time, _, _, up in system.replica_changes if up and time > 0]
    assert back == [100.0, 210.0, 320.0, 2300.0]


DEPLOY = "{kind: rolling_deploy, component: checkout, at: 60s, grace: 0s, start_up: 20s}"


def test_a_deploy_replaces_what_is_down_first_and_keeps_who_serves_meanwhile(shop):
    """As with maxUnavailable 1; the end of the crash starts nothing that has been replaced."""
    crash = Crash(at="30s", until="70s", component="checkout", replica=1)
    changes = happen(shop(DEPLOY), crash)
    assert changes == [(30, 1, False), (80, 1, True), (80, 0, False), (100, 0, True)]


def test_a_deploy_waits_for_a_successor_that_goes_down(shop):
    """It looks every ten seconds; without an end of the crash, the other serves for ever."""
    crash = {"at": "90s", "component": "checkout", "replica": 0}
    changes = happen(shop(DEPLOY), Crash(**crash, until="195s"))
    before = [(60, 0, False), (80, 0, True), (80, 1, False), (90, 0, False), (100, 1, True)]
    assert changes == [*before, (195, 0, True)]
    three = SHOP.replace("replicas: 2", "replicas: 3")
    changes = happen(shop(DEPLOY, three), Crash(**crash, until="195s"))
    assert changes == [*before, (195, 0, True), (200, 2, False), (220, 2, True)]
    assert happen(shop(DEPLOY, three), Crash(**crash)) == before


def test_the_next_deploy_replaces_what_the_one_before_has_waited_for(shop):
    deploy = DEPLOY.replace("grace", "every: 25min, grace")
    crash = Crash(at="90s", component="checkout", replica=0)
    changes = happen(shop(deploy, SHOP.replace("replicas: 2", "replicas: 3")), crash)
    assert changes[5:7] == [(1580, 0, True), (1580, 1, False)]


def test_a_successor_starts_where_all_is_in_order(shop):
    outage = ZoneOutage(at="30s", until="500s", zone="a")
    changes = happen(in_zones(shop, "[a, b]", DEPLOY), outage)
    assert changes == [(30, 0, False), (80, 0, True), (80, 1, False), (100, 1, True)]


def test_a_crash_that_somebody_has_repaired_is_over(shop):
    """It doesn't keep down what comes back from an outage with its zone."""
    faults = (
        Crash(at="30s", component="checkout", replica=0),
        ZoneOutage(at="200s", until="500s", zone="a"),
    )
    for keeper in (KEEPER.replace("replaces_after: 60s", "replaces_after: 10min"), DEPLOY):
        changes = happen(in_zones(shop, "[a, b]", keeper), *faults)
        assert changes[-2:] == [(200, 0, False), (500, 0, True)]


def test_nobody_else_starts_what_is_being_replaced(shop):
    keepers = "{kind: orchestrator, probes_every: 1s}\n  rollout: " + DEPLOY
    changes = happen(shop(keepers))
    assert changes == [(60, 0, False), (80, 0, True), (80, 1, False), (100, 1, True)]


def test_the_replicas_to_begin_with_are_kept_for_a_window(shop):
    """Kubernetes takes those that it finds for its first recommendation."""
    idle = SHOP.replace("replicas: 2", "replicas: 30")
    system = shop("{kind: autoscaler, scales: checkout, target: 0.9, max: 30}", idle)
    system.run()
    first = min(t for t, name, _, up in system.replica_changes if name == "checkout" and up is None)
    assert first == pytest.approx(300.0, abs=15.0)


def test_a_crashed_replica_is_no_reason_to_take_another_away():
    """Kubernetes takes pods without metrics for busy before it scales down, for idle before up."""
    habits = {"workers": 4, "target": 0.5, "tolerance": 0.1, "wanted": 3}
    assert recommended(5.0, **habits, down=1) == 3
    assert recommended(5.0, **habits | {"wanted": 2}) == 3
    assert recommended(2.0, **habits, down=1) == 3
    assert recommended(0.0, **habits, down=3) == 3
    assert recommended(0.1, **habits | {"wanted": 6}, down=1) == 3


def test_shards_are_not_scaled_away(shop):
    """Each has a part of the data: with one less, requests that need all could never go on."""
    sharded = SHOP.replace("replicas: 2", "shards: 3")
    with pytest.raises(Exception, match=r"scales: no component 'checkout' .* can have more repl"):
        shop("{kind: autoscaler, scales: checkout, target: 0.5}", sharded)


def test_mistakes_are_told(shop):
    with pytest.raises(Exception, match=r"no component 'chekout'.*did you mean 'checkout'"):
        shop("{kind: autoscaler, scales: chekout, target: 0.5}")
    with pytest.raises(Exception, match="must be at least min"):
        shop("{kind: autoscaler, scales: checkout, target: 0.5, min: 5, max: 2}")
    scaler = "{kind: autoscaler, scales: checkout, target: 0.5}"
    with pytest.raises(Exception, match=r"other.scales: checkout is scaled by keeper already"):
        shop(f"{scaler}\n  other: {scaler}")
    with pytest.raises(Exception, match=r"keeper.at: must be before the run ends, at 40min"):
        shop("{kind: rolling_deploy, component: checkout, at: 40min}")


def test_a_deploy_after_the_end_of_a_run_that_was_made_shorter_is_left_out(shop, tmp_path: Path):
    shop("{kind: rolling_deploy, component: checkout, at: 30min}")
    load(tmp_path / "shop.yaml", {"horizon": "20min"})
