"""Compile the kernel once, ahead of time, into the cache folder of exactly these sources."""

import gc
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from mlsim.engine import draws
from mlsim.engine.arrivals import Arrivals
from mlsim.engine.jit import CACHE_FOLDER
from mlsim.engine.network import Balancing, Client, Network, Service, Station

MARK = CACHE_FOLDER / "warm"


@dataclass(frozen=True)
class _Line:
    steps: tuple[str, ...]
    aside: bool = False


def compiled() -> bool:
    """Whether machine code of these sources is in the cache, so that a run starts at once."""
    return MARK.exists()


def warm(*others: Callable[[], None]) -> float:
    """Compile everything that runs need, unless the cache has it; returns the seconds it took.

    others: call what compiled code other packages have, once each.
    """
    began = time.perf_counter()
    with _nothing_collected():
        _columns()
        _network()
        for call in others:
            call()
    MARK.parent.mkdir(parents=True, exist_ok=True)
    MARK.touch()
    return time.perf_counter() - began


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """The compiler makes so many objects that looking for waste takes a tenth of its time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _columns() -> None:
    draws.sample(draws.stream(0, "warm"), [1], draws.Distribution.LOGNORMAL, 0.0, 1.0)
    for column in (draws.log_of, draws.exp_of, draws.normal_quantile_of, draws.cos2pi_of):
        column(np.array([0.5]))


def _network() -> None:
    rate = 0.1
    network = Network(
        chains=[_Line(("client", "desk", "shared", "client"))],
        stations=[
            Station("desk", workers=1, service=Service(a=1.0)),
            Station("shared", workers=1, balancing=Balancing.RANDOM, sharing=True),
        ],
        clients=[Client("client", timeout=2.0)],
        entries={0: "client"},
        seed=0,
        arrivals=Arrivals(lambda t: np.full(t.size, rate), lambda a, b: rate, 0, "warm", 0),
        until=60.0,
    )
    network.advance(30.0)
    network.set_slowness("shared", 0, 2.0)
    for name in ("desk", "shared"):
        network.crash(name, 0)
        network.restart(name, 0)
    network.advance(math.inf)
