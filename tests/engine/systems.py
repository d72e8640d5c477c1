"""Random small systems as scenario files: graphs, capacities, habits, faults, scalings.

Times lie on a grid, so that much happens at the same instant, or are drawn, so that hardly anything
does. A new mechanism of the engine is tried out by a line here.
"""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st
from ruamel.yaml import YAML

from mlsim import faults as kinds_of_faults  # noqa: F401  (makes them known)
from mlsim.scenario.document import read
from mlsim.scenario.flow import parse_flow
from mlsim.scenario.load import examined
from mlsim.system.wiring import callers

SERVERS = "abc"
HORIZON = 24
"""Seconds."""

Document = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True)
class Written:
    """A scenario and the recorded requests that it replays, by file; shown as they are written."""

    document: Document
    traces: Mapping[str, list[float]]

    def to(self, folder: Path) -> Path:
        """Write it down; gives the path of the scenario."""
        for name, times in self.traces.items():
            rows = "".join(f"{time!r}\n" for time in times)
            (folder / name).write_text(f"time\n{rows}")
        path = folder / "scenario.yaml"
        path.write_text(self.text())
        return path

    def idle(self) -> list[tuple[str, str]]:
        """Its keys that are refused as they could never act, with their components."""
        with TemporaryDirectory() as folder:
            problems = examined(read(self.to(Path(folder)))).problems
        idle = [problem.path.split(".") for problem in problems if problem.message.startswith(IDLE)]
        return [(name, key) for _, name, key in idle]

    def with_keys(self, keys: list[tuple[str, str]], values: Document | None) -> "Written":
        """The same with other values of some keys of components, or without these keys."""
        system = deepcopy(self.document["system"])
        for name, key in keys:
            del system[name][key]
            system[name] |= {key: values[key]} if values else {}
        return replace(self, document=self.document | {"system": system})

    def text(self) -> str:
        """The scenario as YAML, whole: without references from one place to another."""
        writer, out = YAML(), StringIO()
        writer.representer.ignore_aliases = lambda data: True
        writer.dump(self.document, out)
        return out.getvalue()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        traces = [f"# {name}: {times}" for name, times in self.traces.items()]
        printer.text("\n".join(["", self.text(), *traces]))


def ticks(least: int, most: int) -> st.SearchStrategy[str]:
    """A duration of so many ticks of 250 ms."""
    return st.integers(least, most).map(lambda n: f"{n * 250}ms")


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def given_keys(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Document]:
    """A mapping of keys, without those that are drawn as None."""
    return st.fixed_dictionaries(keys).map(
        lambda drawn: {key: value for key, value in drawn.items() if value is not None}
    )


SERVICE = st.sampled_from(
    [
        *("0s", "250ms", "500ms", "1s"),
        *("exponential(mean=300ms)", "lognormal(mean=400ms, cv=1)", "500ms * x"),
        "exponential(mean=300ms * x * (1 + pulse(4s, 12s)))",
    ]
)
BATCH = given_keys(
    size=st.integers(2, 4), wait=ticks(0, 3), per_item=st.sampled_from(["0s", "250ms", "30ms"])
)
BALANCING = ["random", "round_robin", "least_outstanding", "power_of_two"]
ZONES = ["east", "west"]
PATIENCE = st.sampled_from(["exponential(mean=500ms)", "uniform(500ms, 500ms)", "uniform(0s, 2s)"])
SERVER = given_keys(
    kind=st.just("server"),
    service_time=SERVICE,
    workers=maybe(st.integers(1, 3)),
    replicas=st.integers(1, 3),
    queue_limit=maybe(st.integers(0, 4)),
    patience=maybe(ticks(1, 8) | PATIENCE),
    timeout=maybe(ticks(1, 8)),
    optional=st.booleans(),
    error_rate=st.sampled_from([None, 0.2]),
    zones=st.sampled_from([None, ZONES]),
    balancing=st.sampled_from([None, None, *BALANCING]),
    priority=st.sampled_from([None, None, "floor(3 * x)", "floor(3 * x) * pulse(6s, 18s)"]),
    on_crash=st.sampled_from([None, "retried", "resumed"]),
    batch=maybe(BATCH),
    rate_limit=st.none() | maybe(given_keys(rate=st.just("2/s"), burst=st.integers(1, 3))),
    concurrency_limit=st.none() | maybe(st.integers(1, 4)),
    sheds_above=st.none() | maybe(ticks(1, 4)),
    cold_start=maybe(given_keys(requests=st.integers(1, 4), factor=st.sampled_from([2, 3.5]))),
)
READER = given_keys(
    kind=st.just("transform"),
    reads=st.just(["x"]),
    on_bad=st.sampled_from(["misread", "null", "fail", "fail"]),
)
READS = st.sampled_from([*[False] * 4, True])
SHARDS = st.integers(2, 4).flatmap(
    lambda n: given_keys(shards=st.just(n), wait_for=maybe(st.integers(1, n)))
)
SHARES = st.sampled_from([False, False, True])
SHARDED = st.sampled_from([*[False] * 4, True])
AT_ONCE = given_keys(at_once=maybe(st.integers(2, 5)))
LOG = given_keys(
    kind=st.sampled_from(["server", "collector"]),
    service_time=SERVICE,
    workers=maybe(st.integers(1, 2)),
)
CACHE = given_keys(
    kind=st.just("cache"),
    key=st.sampled_from(["floor(4 * x)", "floor(9 * x) if x > 0.2 else log(0 * x - 1)"]),
    ttl=maybe(ticks(1, 24)),
    capacity=st.integers(1, 6),
    service_time=SERVICE,
    workers=maybe(st.integers(1, 3)),
    optional=st.booleans(),
    timeout=maybe(ticks(2, 8)),
)
POOL = given_keys(
    kind=st.just("connection_pool"),
    connections=st.integers(1, 3),
    queue_limit=maybe(st.integers(0, 4)),
    patience=maybe(ticks(1, 8) | PATIENCE),
)
CLIENT = given_keys(
    kind=st.just("client"),
    timeout=maybe(ticks(1, 12)),
    retries=maybe(
        given_keys(
            max=st.integers(0, 3),
            backoff=ticks(0, 4),
            growth=st.sampled_from([None, 1.5, 2]),
            cap=maybe(ticks(1, 6)),
            jitter=st.booleans(),
            budget=st.sampled_from([None, 0.1, 0.5]),
        )
    ),
    patience=maybe(ticks(2, 16) | PATIENCE),
    breaker=maybe(given_keys(failures=st.integers(1, 4), open_for=ticks(1, 12))),
    hedge=maybe(given_keys(after=ticks(1, 6), max=st.integers(1, 2))),
    deadline=st.booleans(),
    cancels=st.booleans(),
    falls_back=st.booleans(),
)
FLOWS = st.sampled_from(
    [
        "a",
        "a -> b -> c",
        "a -> [b, c]",
        "a -> [b -> a, c] -> b",
        "[a, b] -> c -> a",
        "[a, a, b -> a]",
        "a -> [[b, b] -> a, c] -> [c, b]",
        "a -> (b if x > 0.4 else c -> a if x > 0.2) -> c",
        "(a -> b if x > 0.7 else [a, c])",
        "any of [a, b -> c] -> c",
        "2 of [a, b, c -> a] cancel rest -> b",
        "a -> any of [b, (c if x > 0.5 else a)] cancel rest",
        "a(b -> c) -> c",
        "a -> b([a, c]) -> c",
        "a(any of [b, c] cancel rest)",
        "a -> cache(b -> c)",
        "[cache(b -> c), a] -> c",
        "a -> pool(b -> c)",
        "a(pool(b)) -> c",
        "a -> (b if y > 0.4 else c) -> a",
        "[a, b] -> (c if y > 0.4)",
        "any of [a -> b, c] -> (b if y > 0.5 else a)",
        "a(c) -> b((c if y < 0.6)) -> c",
    ]
)
ASIDES = st.lists(
    st.sampled_from(
        [
            *("a ~> log", "a ~> b -> log", "a ~> [b, c] -> log", "phone ~> log"),
            "a ~> (log if x > 0.4)",
            "phone ~> (log if x < 0.3 else b -> log if x < 0.6 else c)",
            "a ~> b -> (c if x > 0.5) -> ((log if x > 0.9) if x > 0.2 else b)",
        ]
    ),
    max_size=2,
    unique=True,
)
WATCHERS = {
    "scaler": given_keys(
        kind=st.just("autoscaler"),
        scales=st.just("a"),
        target=st.sampled_from([0.3, 0.6]),
        max=st.integers(2, 5),
        period=st.just("1500ms"),
        stabilisation=ticks(0, 20),
        start_up=ticks(0, 6),
    ),
    "nurse": given_keys(
        kind=st.just("orchestrator"),
        probes_every=ticks(1, 8),
        start_up=ticks(0, 4),
        backoff=ticks(0, 4),
    ),
    "rollout": given_keys(
        kind=st.just("rolling_deploy"),
        component=st.just("a"),
        at=ticks(0, 60),
        every=maybe(ticks(4, 40)),
        grace=ticks(0, 12),
        start_up=ticks(0, 4),
    ),
}
COLUMN = {"column": st.just("x"), "ramp": ticks(0, 12)}
FAULTS = {
    "crash": {},
    "slow_replica": {"factor": st.sampled_from([2, 3.5])},
    "latency": {"factor": st.sampled_from([2, 3.5])},
    "packet_loss": {"share": st.sampled_from([0.3, 1.0])},
    "expired_certificate": {},
    "memory_leak": {"lives": ticks(2, 8), "restart": ticks(1, 4)},
    "wrong_scale": COLUMN | {"factor": st.just(0.4)},
    "format_change": COLUMN | {"to": st.sampled_from(["decimal_comma", "renamed", "text"])},
    "partition": {"calls": st.sampled_from(["lost", "refused"])},
    "zone_outage": {"zone": st.sampled_from(ZONES)},
}
RATE = st.sampled_from(["2/s", "4/s", "6/s", "4/s * pulse(4s, 12s)"])
THINK = st.sampled_from(["500ms", "1s", "exponential(mean=1s)"])
ARRIVALS = st.lists(st.integers(0, 4 * (HORIZON - 4)), min_size=1, max_size=60)


IDLE = "would do nothing"
"""What begins what is said of keys that can never act."""


def systems() -> st.SearchStrategy[Written]:
    """Scenarios without mistakes."""
    return anything().map(heeded)


def heeded(written: Written) -> Written:
    """Without keys that never act; a queue that never fills up makes no retries act, either."""
    while idle := written.idle():
        written = written.with_keys(idle, None)
    return written


@st.composite
def anything(draw: Draw) -> Written:
    """A scenario with one or two loads, servers that they share, and what disturbs them.

    Some keys in it may be refused, as they could never act.
    """
    doors: Document = {}
    load: Document = {}
    flow: list[str] = []
    ways: list[str] = []
    traces: dict[str, list[float]] = {}
    for number, client in enumerate(["phone", "robot"][: draw(st.integers(1, 2))]):
        has_client = number == 0 or draw(st.booleans())
        door = client if has_client else "door"
        doors[door] = draw(CLIENT) if has_client else {"kind": "server"}
        way = draw(FLOWS)
        if "cache" in way and "cache" in "".join(ways):
            way = ways[0]  # a cache keeps the answers of one way
        ways.append(way)
        flow.append(f"{door} -> {way}" + (f" -> {door}" if has_client else ""))
        load[f"load{number}"] = coming(draw, number, traces) | {"enters": door}
    open_loads = [name for name in load if "trace" not in load[name]]
    if draw(st.booleans()):
        load |= {name: going_on(draw, load[name], open_loads) for name in open_loads}
    flow += draw(ASIDES)
    used = [name for name in SERVERS if name in words(flow)]
    system = {name: draw(SERVER) for name in used} | doors
    calling = re.findall(r"(\w+)\(", " ".join(flow))
    for name in calling:
        system.get(name, {}).pop("batch", None)  # who has a batch can't call others
    for name in used:
        if "workers" in system[name] and name not in calling and draw(SHARES):
            system[name].pop("batch", None)
            system[name] |= {"discipline": "processor_sharing"} | draw(AT_ONCE)
        if name not in calling and draw(SHARDED):
            for key in ("batch", "balancing", "replicas"):
                system[name].pop(key, None)
            system[name] |= draw(SHARDS)
    for name in used:
        if draw(READS) or (name == "a" and "y" in words(flow)):
            system[name] |= draw(READER)
    if "y" in words(flow):
        system["a"]["makes"] = {"y": draw(st.sampled_from(["1 - x", "2 * x if x > 0.3 else x"]))}
    for name in draw(st.lists(st.sampled_from(used), max_size=3, unique=True)):
        system[name]["retries"] = draw(st.integers(1, 2))
    if "cache" in words(flow):
        system["cache"] = draw(CACHE)
    if "pool" in words(flow):
        system["pool"] = draw(POOL)
    if "log" in words(flow):
        system["log"] = draw(LOG)
    for name, watcher in WATCHERS.items():
        if (name != "scaler" or may_scale(system.get("a", {}))) and draw(st.booleans()):
            system[name] = draw(watcher)
    document = {
        "scenario": "any",
        "horizon": f"{HORIZON}s",
        "seed": draw(st.integers(0, 99)),
        "world": {name: {"x": "uniform(0, 1)"} for name in load},
        "load": load,
        "system": system,
        "flow": flow,
        "faults": draw(
            st.lists(faults(system, flow), max_size=3, unique_by=lambda fault: fault["name"])
        ),
    }
    return Written(document, traces)


def may_scale(server: Document) -> bool:
    return "workers" in server and "shards" not in server


def words(lines: list[str]) -> set[str]:
    return set(re.findall(r"\w+", " ".join(lines)))


def coming(draw: Draw, number: int, traces: dict[str, list[float]]) -> Document:
    """Requests at random, many at once on the grid, or from so many people."""
    kind = draw(st.sampled_from(["rate", "trace", "population"]))
    if kind == "rate":
        return {"rate": draw(RATE)}
    if kind == "population":
        return {"population": draw(st.integers(1, 8)), "think": draw(THINK)}
    name = f"trace{number}.csv"
    traces[name] = [tick / 4 for tick in sorted(draw(ARRIVALS))]
    return {"trace": {"file": name}}


def going_on(draw: Draw, load: Document, loads: list[str]) -> Document:
    """The same load, whose people do something else afterwards."""
    return {"think": draw(THINK), **load, "then": {draw(st.sampled_from(loads)): 0.7}}


@st.composite
def faults(draw: Draw, system: Document, flow: list[str]) -> Document:
    """Something that breaks a server, or what leads to it, and mostly is repaired."""
    system = {name: spec for name, spec in system.items() if spec["kind"] != "client"}
    servers = [name for name in (*SERVERS, "cache") if name in system]
    readers = [name for name in servers if system[name]["kind"] == "transform"]
    calls = callers(parse_flow(line) for line in flow)
    fitting = dict.fromkeys(FAULTS, servers) | {
        "partition": [f"{one}_{name}" for name in calls if name in system for one in calls[name]],
        "zone_outage": [name for name in servers if "zones" in system[name]],
        **{key: ["phone", *readers] for key in ("wrong_scale", "format_change")},
    }
    kind = draw(st.sampled_from([kind for kind in sorted(FAULTS) if fitting[kind]]))
    where = draw(st.sampled_from(fitting[kind]))
    begins = draw(st.integers(0, 4 * HORIZON - 8))
    lasts = draw(st.integers(1, 24))
    what = {key: draw(strategy) for key, strategy in FAULTS[kind].items()}
    if kind == "partition":
        what["between"] = where.split("_")
    elif kind != "zone_outage":
        what["component"] = where
    if kind in ("crash", "slow_replica"):
        there = system[where].get("shards", system[where].get("replicas", 1))
        what["replica"] = draw(st.integers(0, there - 1))
    return {
        "kind": kind,
        "name": f"{kind}_of_{where}",
        "at": f"{begins * 250}ms",
        "until": f"{(begins + lasts) * 250}ms",
        **what,
    }
