"""Memory is estimated before a run starts, and what is too much is refused with what needs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlsim import api
from mlsim.engine.state import EVENTS
from mlsim.scenario.spec import Scenario
from mlsim.studies import memory
from mlsim.studies.expected import backlogs, entries, expected, patient
from mlsim.studies.memory import TooMuchMemory, estimate, size
from mlsim.studies.recording import Recording
from mlsim.system.simulation import System
from tests.worlds import CLINIC, COUNTER, loaded

MEASURED = r"""
import re, sys
from pathlib import Path
from mlsim.api import load
load(sys.argv[1]).run(twin=False)
# Not ru_maxrss, in which a process begins with the peak of the one that it was forked from.
print(int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024)
"""


def needed(text: str, whole: tuple[str, ...] = (), **settings: object) -> memory.Estimate:
    scenario = loaded(text, **settings)
    return estimate(scenario, None, Recording.of(scenario, whole), 30.0)


def test_requests_are_as_many_as_the_rate_brings():
    assert needed(COUNTER).requests == pytest.approx(2.4 * 86400)
    assert needed(CLINIC).requests == pytest.approx(0.05 * 4 * 86400)


def test_a_line_grows_as_a_fluid_would():
    """3/s can be served: of 5/s for an hour 7,200 are left over, of 4/s for a day 86,400."""
    hour = loaded(COUNTER, load__jobs__rate="2/s + 3/s * pulse(2h, 3h)")
    assert dict(backlogs(hour)) == pytest.approx({"desk": 7200}, rel=0.01)
    day = loaded(COUNTER, load__jobs__rate="4/s")
    assert dict(backlogs(day)) == pytest.approx({"desk": 86400}, rel=0.01)
    assert (
        dict(backlogs(loaded(COUNTER, load__jobs__rate="4/s", system__desk__queue_limit=9))) == {}
    )


def test_a_service_time_that_rows_decide_is_no_reason_to_expect_a_line():
    reads = {
        "world": {"job": {"items": "uniform(0, 9)"}},
        "system__desk__service_time": "1s * items",
    }
    assert dict(backlogs(loaded(COUNTER, **reads))) == {}


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"load__jobs__rate": "50/s"}, "requests that wait at desk"),
        ({"horizon": "3000d", "load__jobs__rate": "0.001/s"}, "its series"),
    ],
)
def test_what_needs_most_is_named(settings: dict[str, object], part: str):
    found = needed(COUNTER, **settings)
    assert max(found.bytes, key=found.bytes.__getitem__) == part
    with pytest.raises(TooMuchMemory, match=rf"[\d,]+ requests, .* a second; {part} .* GiB"):
        memory.check(found, 1, 1e9)


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory in other units")
@pytest.mark.parametrize("settings", [{}, {"load__jobs__rate": "20/s"}])
def test_the_estimate_is_within_a_factor_of_two_or_so(tmp_path: Path, settings: dict[str, object]):
    path = tmp_path / "counter.yaml"
    path.write_text(COUNTER.replace("2.4/s", str(settings.get("load__jobs__rate", "2.4/s"))))
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, path], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert 0.4 < float(done.stdout) / needed(COUNTER, **settings).total < 2.0


def test_a_run_that_needs_too_much_is_refused_before_it_starts():
    scenario = api.Scenario(loaded(CLINIC), None)
    told: list[float] = []
    with pytest.raises(TooMuchMemory, match=r"2 worlds side by side .* --max-memory 1GiB"):
        scenario.run(progress=told.append, max_memory=1e6)
    assert told == []


@pytest.mark.parametrize(
    ("capacity", "rate", "kept"),
    [(2_000_000, "40/s", 2_000_000), (None, "40/s", 1_000_000), (2_000_000, "0.5/s", 43_200)],
)
def test_a_cache_keeps_no_more_than_it_has_room_for_or_is_asked_for(
    capacity: int | None, rate: str, kept: int
):
    """By the size of the arrays, which are touched as they fill."""
    scenario = remembering(
        "x", room="" if capacity is None else f", capacity: {capacity}", rate=rate
    )
    state = System(scenario, 1).network._state
    each = (state.entries.nbytes + state.kept.nbytes + state.buckets.nbytes) / state.entries.size
    found = estimate(scenario, None, Recording.of(scenario, ()), 30.0).bytes["what memory keeps"]
    assert found == pytest.approx(each * kept, rel=0.1)


def test_a_cache_by_person_keeps_one_answer_for_each():
    assert dict(entries(remembering("person"))) == {"memory": 500}


@pytest.mark.parametrize(
    "patience", ["exponential(3h)", "uniform(0s, 5h)", "lognormal(mean=30d, cv=1)"]
)
@pytest.mark.parametrize("who", ["desk", "phone"])
def test_waits_are_kept_as_long_as_their_patience_lasts(patience: str, who: str):
    """By the events on the heap at the end of a run: of all that waited, however short."""
    text = COUNTER.replace("system:\n", "system:\n  phone: {kind: client}\n")
    text = text.replace("enters: desk", "enters: phone").replace(
        "- desk", "- phone -> desk -> phone"
    )
    settings = {f"system__{who}__patience": patience, "horizon": "6h"}
    scenario = loaded(text, **settings)
    ((name, most),) = patient(scenario)
    assert name == who
    system = System(scenario, 1)
    system.run()
    assert 0.5 < int(system.network._state.tally[EVENTS]) / most < 1.1


def test_a_patience_that_is_the_same_for_all_keeps_nothing():
    assert list(patient(loaded(COUNTER, system__desk__patience="30d"))) == []


def remembering(key: str, room: str = "", rate: str = "2.4/s") -> Scenario:
    """The counter, for people whose jobs a cache remembers for an hour."""
    world = "world: {people: 500, person: {age: 9}, job: {x: 1}}"
    cache = f"memory: {{kind: cache, key: {key}, ttl: 1h{room}}}"
    text = COUNTER.replace("2.4/s, enters: desk", f"{rate}, enters: memory, of: person")
    text = text.replace("- desk", "- memory(desk)")
    return loaded(text.replace("system:\n", f"{world}\nsystem:\n  {cache}\n"))


def test_several_worlds_need_as_many_times_as_much():
    found = needed(COUNTER)
    memory.check(found, 1, 1.01 * found.total)
    with pytest.raises(TooMuchMemory, match="2 worlds side by side") as refused:
        memory.check(found, 2, 1.01 * found.total)
    # What it says would do does, and what is next to nothing isn't told.
    memory.check(found, 2, memory.size(str(refused.value).rpartition(" ")[2]))
    assert " 0 GiB" not in str(refused.value)


def test_what_no_machine_has_is_not_to_be_allowed():
    found = needed(COUNTER, load__jobs__rate="2000000/s")
    with pytest.raises(TooMuchMemory, match=r"157 TiB .* 2,000,000 a second; .* lower the rate$"):
        memory.check(found, 1, 2**40)


@pytest.mark.parametrize("text", ["4", "4 GiBB", "much", "-1GiB", "4 PiB"])
def test_a_size_needs_its_unit(text: str):
    with pytest.raises(ValueError, match="must be a size such as 4GiB or 500MB"):
        size(text)


def test_sessions_and_populations_are_counted():
    text = COUNTER.replace("{rate: 2.4/s, enters: desk}",
        "{population: 10, think: 'exponential(mean=5s)', enters: desk}")  # fmt: skip
    assert expected(loaded(text), 0.0) == pytest.approx(10 * 86400 / 5, rel=0.05)
