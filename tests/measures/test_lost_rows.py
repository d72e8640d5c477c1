"""Lineage of rows that a fault keeps from a collector, against the rows that do arrive."""

import numpy as np
import pytest

from mlsim import api
from mlsim.measures.explain import explain
from mlsim.measures.footprint import BlastRadius, Footprint
from mlsim.report.explanation import sentence, told
from mlsim.system.simulation import System
from tests.faults.senders import phone
from tests.worlds import CLINIC, DAY, HOUR, World, loaded

AT, UNTIL = 6 * HOUR, 12 * HOUR
TWINS = phone("reads: [temperature, pulse], on_bad: drop").replace(
    "{kind: collector}", "{kind: collector, capacity: {rows: 7, per: 1min, drop: random}}"
)
FAULTS = {
    "overloaded": "kind: telemetry_overload, component: telemetry, left: 0.5",
    "stopped": "kind: telemetry_stopped, component: telemetry",
    "dropped": "kind: format_change, component: phone, column: temperature, to: text",
}


def faulty(kind: str) -> str:
    return f"{TWINS}faults:\n  - {{at: 6h, until: 12h, {FAULTS[kind]}}}\n"


class Traced(World):
    """A world with a footprint."""

    def __init__(self, text: str, repaired_at: float = UNTIL):
        self.repaired_at = repaired_at
        super().__init__(loaded(text), deciders=[self.follow])

    def follow(self, system: System):
        footprint = Footprint(system, self.repaired_at)
        system.listeners.append(footprint)
        system.losses.append(footprint)
        self.footprint = footprint
        yield system.clock.timeout(0)

    @property
    def radius(self) -> BlastRadius:
        return self.footprint.radius()


def arrivals(world: World) -> dict[int, float]:
    """When the row of each request arrived first."""
    requests, ends = (
        np.concatenate([getattr(block.log, what) for block in world.collected])
        for what in ("request", "end")
    )
    return dict(reversed(list(zip(requests.tolist(), ends.tolist(), strict=True))))


@pytest.fixture(scope="module")
def twin() -> World:
    return World(loaded(TWINS))


@pytest.mark.parametrize("kind", FAULTS)
def test_the_rows_that_a_fault_kept_away_are_counted_where_they_are_missing(kind: str, twin: World):
    world = Traced(faulty(kind))
    missing = sorted(arrivals(twin).keys() - arrivals(world).keys())
    components = world.radius.components.set_index("name")
    assert len(missing) > 200
    found = components.loc["telemetry"]
    people = dict(zip(world.log.request, people_of(world), strict=True))
    if kind != "dropped":  # in which the request is touched, too: the phone sends it otherwise
        assert found["rows"] == world.radius.total.rows == len(missing)
        assert world.radius.people == len({people[request] for request in missing})
    # The capacity that dropped rows leave free lets others in that the twin has lost.
    assert found["rows"] >= len(missing)
    assert found["first_s"] >= AT
    assert found["last_s"] <= UNTIL + 60
    assert found["after_repair"] == 0


def people_of(world: World) -> np.ndarray:
    return np.concatenate([block.truth.people for block in world.blocks])


def test_the_first_lost_row_is_the_first_that_does_not_arrive(twin: World):
    world = Traced(faulty("stopped"))
    (first,) = world.radius.first_rows.to_dict("records")
    missing = arrivals(twin).keys() - arrivals(world).keys()
    earliest = min(missing, key=lambda request: arrivals(twin)[request])
    assert (first["what"], first["component"]) == ("loss", "telemetry")
    assert first["time_s"] == arrivals(twin)[earliest]


def test_what_a_collector_loses_by_itself_is_no_faults_doing(twin: World):
    assert len(arrivals(twin)) < twin.log.request.size, "it has too little room for the peaks"
    world = Traced(TWINS)
    assert world.radius.total.rows == 0
    assert world.radius.first_rows.empty


def test_rows_that_a_full_disk_refuses_are_lost_to_it():
    text = f"{phone()}faults:\n  - {{kind: disk_full, at: 6h, until: 12h, component: telemetry}}\n"
    world, twin = Traced(text), World(loaded(phone()))
    missing = arrivals(twin).keys() - arrivals(world).keys()
    telemetry = world.radius.components.set_index("name").loc["telemetry"]
    assert telemetry["rows"] == world.radius.total.rows == len(missing) > 200
    (first,) = world.radius.first_rows.to_dict("records")
    assert (first["what"], first["component"]) == ("loss", "telemetry")
    assert first["time_s"] == min(arrivals(twin)[one] for one in missing)


@pytest.mark.parametrize("optional", ["true", "false"])
def test_rows_that_a_collector_refuses_by_itself_are_nobodys_fault(optional: str):
    busy = (
        f"{{kind: collector, workers: 1, service_time: 30s, queue_limit: 0, optional: {optional}}}"
    )
    world = Traced(phone().replace("{kind: collector}", busy))
    assert len(arrivals(world)) < 0.8 * world.log.request.size
    assert world.radius.total.rows == 0


LATE = f"""{phone()}faults:
  - {{kind: late_rows, at: 6h, until: 20h, component: telemetry, share: 0.5, delay: 6h}}
"""


def test_late_rows_are_counted_and_those_still_under_way_as_well():
    world, twin = Traced(LATE, 20 * HOUR), World(loaded(phone()))
    sent, came = arrivals(twin), arrivals(world)
    late = {request for request in sent if came.get(request, np.inf) > sent[request]}
    under_way = sent.keys() - came.keys()
    assert len(under_way) > 100
    assert world.radius.total.rows == len(late)
    first = world.radius.first_rows.set_index("what")
    assert first.loc["delivery", "time_s"] == min(came[one] for one in late & came.keys())
    assert first.loc["loss", "time_s"] == min(sent[one] for one in under_way)
    assert first.loc["late", "time_s"] == min(sent[one] for one in late & came.keys())
    assert first.loc["late", "value"] == pytest.approx(6 * HOUR)


def test_late_rows_arrive_also_when_no_other_comes_any_more():
    ends = LATE.replace("rate: 0.1/s", 'rate: "0.1/s * pulse(0h, 11h)"').replace("20h", "12h")
    world = World(loaded(ends))
    sent = arrivals(World(loaded(ends[: ends.index("faults:")])))
    late = {one: when for one, when in arrivals(world).items() if when > sent[one]}
    assert max(late.values()) > world.log.end.max() + 5 * HOUR
    assert arrivals(world).keys() == sent.keys()
    assert set(np.subtract(list(late.values()), [sent[one] for one in late]).round()) == {6 * HOUR}


def trained(fault: str) -> World:
    """Trainings at 6, 12, ... hours on the rows of six hours before."""
    clinic = CLINIC.split("faults:")[0].replace(
        "  telemetry: {kind: collector}",
        "  often: {kind: trainer, model: cough_model, every: 6h, window: 6h, duration: 0s}\n"
        "  telemetry: {kind: collector, capacity: {rows: 1000}}",
    )
    return World(loaded(f"{clinic}faults:\n  - {{{fault}}}\n"))


@pytest.mark.parametrize(
    ("fault", "spoilt"),
    [
        # Rows are missing from 13h to 19h: in the trainings at 18h and 24h.
        ("kind: telemetry_stopped, at: 13h, until: 19h, component: telemetry", [18, 24]),
        ("kind: telemetry_overload, at: 13h, until: 19h, component: telemetry, left: 0", [18, 24]),
        ("kind: disk_full, at: 13h, until: 19h, component: telemetry", [18, 24]),
        # Sent between 13h and 17h, there from 16h on: what came after 15h is missing at 18h.
        ("kind: late_rows, at: 13h, until: 17h, component: telemetry, delay: 3h", [18]),
        # Sent and there between 13h and 17h.
        ("kind: late_rows, at: 13h, until: 16h, component: telemetry, delay: 1h", []),
    ],
)
def test_a_model_fitted_without_rows_that_should_be_there_is_touched(fault: str, spoilt: list[int]):
    versions = trained(fault).system.registry.versions("cough_model")[1:]
    assert [v.trained_at / HOUR for v in versions if v.spoilt] == spoilt
    late = [v.trained_at / HOUR for v in versions if v.touched_rows]
    assert all(time in (18, 24) for time in late)
    assert len(versions) == 2 * DAY / (6 * HOUR) - 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [("kind: telemetry_stopped", "never"), ("kind: late_rows, delay: 2h", "2 h late")],
)
def test_explain_tells_the_first_row_that_is_not_there(fault: str, said: str):
    """The request and its time are those of the twin's first row after the onset."""
    text = f"{phone()}faults:\n  - {{{fault}, at: 6h, until: 12h, component: telemetry}}\n"
    sent = arrivals(World(loaded(text), faults=[]))
    request = min((one for one in sent if sent[one] > AT), key=sent.__getitem__)
    run = api.Scenario(loaded(text), None).run()
    (step,) = [
        one
        for one in explain(run.findings, fault.split()[1].rstrip(","))
        if one.stage == "first_row"
    ]
    assert (step.time_s, step.facts["request"]) == (sent[request], request)
    assert sentence(step) == (
        f"First wrong row: the row of request {request} arrives at telemetry {said}."
    )
    assert any(
        f"Touched {run.findings.run.radius.total.rows:,} rows" in one for one in told(run.findings)
    )
