"""Keys that could never act are refused, with what to write instead; those that act are not."""

import re
from pathlib import Path

import numpy as np
import pytest

import mlsim
from mlsim.errors import ScenarioError

SYSTEM = {
    "app": "{kind: client}",
    "a": "{kind: server, error_rate: 0.3}",
    "b": "{kind: server, error_rate: 0.3}",
    "calm": "{kind: server}",
    "needless": "{kind: server, optional: true, error_rate: 0.3}",
    "parts": "{kind: server, shards: 3, wait_for: 2, error_rate: 0.3}",
}


def door(folder: Path, flow: str, keys: str = "retries: 2", more: str = "") -> mlsim.Scenario:
    """A door at which everybody comes in, and those of the system who stand in the flow."""
    system = {"door": f"{{kind: server, {keys}}}"} | SYSTEM
    used = [name for name in system if name in re.findall(r"\w+", flow)]
    text = f"""
scenario: door
horizon: 6h
load: {{jobs: {{rate: 1/s, enters: app}}}}
system: {{{", ".join(f"{name}: {system[name]}" for name in used)}}}
flow: ['{flow}']
{more}"""
    (folder / "door.yaml").write_text(text)
    return mlsim.load(folder / "door.yaml")


def called(scenario: mlsim.Scenario) -> float:
    """How often the door is called per request."""
    run = scenario.run(record=["requests", "visits"])
    return (run.visits["component"] == "door").sum() / len(run.requests)


NONE_OF_THREE, TWO_OF_THREE = 0.3**3, 0.7**3 + 3 * 0.7**2 * 0.3
CUT = {
    "door -> [a, b]": ("door([a, b])", 1 - (1 - 0.49) ** 3),
    "door -> (a if bernoulli(0.5) else b)": (
        "door((a if bernoulli(0.5) else b))",
        1 - NONE_OF_THREE,
    ),
    "door -> any of [a, b]": ("door(any of [a, b])", 1 - 0.09**3),
    "door -> parts": ("door(parts)", 1 - (1 - TWO_OF_THREE) ** 3),
    "door -> calm -> [a, b]": ("door(calm -> [a, b])", 1 - (1 - 0.49) ** 3),
    "door -> needless -> [a, b]": ("door(needless -> [a, b])", 1 - (1 - 0.49) ** 3),
}
"""Ways on which retries of the door reach nothing, with what is proposed, and its answers."""


@pytest.mark.parametrize("flow", CUT)
def test_retries_that_reach_nothing_are_refused_and_in_brackets_they_act(flow: str, tmp_path: Path):
    """Each request is answered if one of three calls brings all that it needs."""
    proposed, answered = CUT[flow]
    with pytest.raises(ScenarioError) as refused:
        door(tmp_path, f"app -> {flow} -> app")
    (problem,) = refused.value.problems
    assert problem.path == "system.door.retries"
    assert "would do nothing: they end before" in problem.message
    assert problem.suggestion == proposed
    run = door(tmp_path, f"app -> {proposed} -> app").run(record=["requests"])
    ok = run.requests["outcome"] == "ok"
    assert ok.mean() == pytest.approx(answered, abs=4 * np.sqrt(0.25 / ok.size))


@pytest.mark.parametrize(
    ("flow", "keys", "told"),
    [
        ("[door, calm] -> a", "retries: 2", "end with its branch"),
        ("(door if bernoulli(0.5) else calm) -> a", "retries: 2", "end with its branch"),
        ("door -> a", "retries: 2, shards: 2", "end with its shards"),
        ("door -> [a, b]", "retries: 2, workers: 1, discipline: processor_sharing", "before"),
    ],
)
def test_nothing_is_proposed_where_brackets_are_no_help(flow, keys, told, tmp_path):
    with pytest.raises(ScenarioError, match=told) as refused:
        door(tmp_path, f"app -> {flow} -> app", keys)
    assert [problem.suggestion for problem in refused.value.problems] == [""]


@pytest.mark.parametrize(
    ("flow", "keys"),
    [
        ("door -> a -> [b, calm]", "retries: 2"),
        ("calm -> [door -> a, b]", "retries: 2"),
        ("door -> [a, b]", "retries: 2, error_rate: 0.1"),
        ("door -> [a, b]", "retries: 2, timeout: 100ms, service_time: exponential(100ms)"),
        ("door -> [a, b]", "retries: 2, rate_limit: {rate: 1/s}"),
        (
            "door -> (a if bernoulli(0.5))",
            "retries: 2, workers: 1, service_time: 1s, queue_limit: 0",
        ),
        ("door(a) -> [a, b]", "retries: 2"),
        ("door -> calm -> [a, b]", "shards: 2, retries: 1, error_rate: 0.5"),
        ("needless -> [calm, calm(door -> a)]", "retries: 2"),
    ],
)
def test_retries_that_act_are_let_through(flow, keys, tmp_path):
    visits = 2.0 if "shards" in keys else 1.0
    assert called(door(tmp_path, f"app -> {flow} -> app", keys)) > 1.01 * visits


@pytest.mark.parametrize(
    "fault",
    [
        "{kind: packet_loss, component: door, share: 0.5}",
        "{kind: partition, between: [app, door], calls: refused}",
    ],
)
def test_a_fault_sets_retries_off(fault, tmp_path):
    fault = fault.replace("{", "{at: 1h, until: 2h, ")
    scenario = door(tmp_path, "app -> door -> [a, b] -> app", more=f"faults: [{fault}]")
    assert called(scenario) > 1.01
    assert called(scenario.with_({"faults": []})) == 1.0


def test_retries_without_anything_behind_them_are_nobodys_mistake(tmp_path):
    """They may be there for a setting: nobody takes them for what they are not."""
    assert called(door(tmp_path, "app -> calm -> door -> app")) == 1.0


QUEUE = """
scenario: queue
horizon: 2h
world: {job: {x: "uniform(0, 3)"}}
load: {jobs: {rate: 2/s, enters: app}}
system:
  app: {kind: client}
  desk: {kind: server, service_time: exponential(1s), KEYS}
flow: [app -> desk -> app]
"""
WAITING = {
    "queue_limit: 0": "concurrency_limit",
    "patience: exponential(1s)": "timeout",
    "sheds_above: 1s": "concurrency_limit",
    "priority: x": "",
}
CRASH = "faults: [{kind: crash, component: desk, at: 30min, until: 31min}]\n"


def queue(folder: Path, keys: str, more: str = "") -> mlsim.Scenario:
    (folder / "queue.yaml").write_text(QUEUE.replace("KEYS", keys) + more)
    return mlsim.load(folder / "queue.yaml")


@pytest.mark.parametrize("key", WAITING)
@pytest.mark.parametrize(
    ("serves", "more"),
    [
        ("replicas: 1", ""),
        ("balancing: random", CRASH),
        ("shards: 2", CRASH),
        ("workers: 1, discipline: processor_sharing", CRASH),
    ],
)
def test_keys_about_waiting_are_refused_where_nobody_waits(key, serves, more, tmp_path):
    told = f"system.desk.{key.split(':')[0]}: would do nothing: nobody waits w"
    with pytest.raises(ScenarioError, match=rf"queue.yaml:8: {told}") as refused:
        queue(tmp_path, f"{serves}, {key}", more)
    assert [problem.suggestion for problem in refused.value.problems] == [WAITING[key]]


@pytest.mark.parametrize("key", WAITING)
@pytest.mark.parametrize(
    ("serves", "more"),
    [
        ("replicas: 1", CRASH),
        ("workers: 2", ""),
        ("workers: 1, discipline: processor_sharing, at_once: 3", ""),
    ],
)
def test_keys_about_waiting_are_let_through_where_somebody_waits(key, serves, more, tmp_path):
    visits = queue(tmp_path, f"{serves}, {key}", more).run(record=["visits"]).visits
    waited = visits["start_s"] > visits["arrival_s"]
    if key == "priority: x":
        assert waited.any()
    else:
        assert visits["outcome"].isin(["rejected", "expired"]).any()
