"""Small networks for tests: built in a line, run to their end, their logs read as plain tuples."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import simpy

from mlsim.engine.clock import Clock
from mlsim.engine.draws import Distribution, Floats, Ids, sample, stream
from mlsim.engine.network import Client, Network, Requests, Service, Station, Visits
from mlsim.scenario.flow import parse_flow
from mlsim.scenario.flow_steps import name_of

Decider = Callable[[simpy.Environment, object], Iterator[simpy.Event]]
"""A SimPy process that acts on a Network, or on an Oracle just so."""

OUTCOMES = ("ok", "timed_out", "rejected", "failed", "abandoned", "fallback")
VISIT_OUTCOMES = ("served", "rejected", "lost", "failed", "expired", "timed_out", "cancelled")


class Fixed:
    """Arrivals at given times, entity ids 0, 1, 2 ... of load 0."""

    def __init__(self, times: Floats) -> None:
        self.times = times
        self.ids: Ids = np.arange(times.size)

    def between(self, start: float, end: float) -> tuple[Floats, Ids]:
        inside = (self.times >= start) & (self.times < end)
        return self.times[inside], self.ids[inside]


def poisson(rate: float, n: int, seed: int = 0) -> Fixed:
    gaps = sample(stream(seed, "gaps"), np.arange(n), Distribution.EXPONENTIAL, 1.0 / rate)
    return Fixed(np.cumsum(gaps))


def exponential(mean: float) -> Service:
    return Service(Distribution.EXPONENTIAL, mean)


class Recorded:
    """A network that keeps its logs; `engine` may be an Oracle in its place."""

    def __init__(
        self,
        flow: Sequence[str],
        stations: Sequence[Station],
        arrivals: object,
        client: Client | None = None,
        seed: int = 0,
        enters: str | None = None,
        engine: Callable[..., Network] = Network,
        entries: dict[int, str] | None = None,
        **sizes: object,
    ) -> None:
        self.visit_blocks: list[Visits] = []
        self.request_blocks: list[Requests] = []
        chains = [parse_flow(line) for line in flow]
        self.network = engine(
            chains=chains,
            stations=stations,
            clients=[] if client is None else [client],
            entries=entries or {0: enters or name_of(chains[0].steps[0])},
            seed=seed,
            arrivals=arrivals,
            on_visits=self.visit_blocks.append,
            on_requests=self.request_blocks.append,
            **{"until": 1e9, **sizes},
        )
        self.clock = Clock(self.network)

    def run(self, *deciders: Decider, tick: float = 0.0, until: float | None = None) -> "Recorded":
        for decider in deciders:
            self.clock.process(decider(self.clock, self.network))
        if tick:
            self.clock.process(self.idle(tick))
        self.clock.run(until)
        self.network.flush()
        return self

    def idle(self, tick: float) -> Iterator[simpy.Event]:
        for _ in range(200):
            yield self.clock.timeout(tick)

    @property
    def visits(self) -> Visits:
        return Visits(*map(np.concatenate, zip(*self.visit_blocks, strict=True)))

    @property
    def requests(self) -> Requests:
        return Requests(*map(np.concatenate, zip(*self.request_blocks, strict=True)))

    def bytes(self) -> bytes:
        return b"".join(column.tobytes() for column in (*self.visits, *self.requests))

    def visit_tuples(self) -> list[tuple[object, ...]]:
        """As `Visits` has them, by the names of stations and outcomes."""
        v, names = self.visits, self.network.names
        return [
            (who, attempt, names[station], *rest, VISIT_OUTCOMES[outcome])
            for who, attempt, station, *rest, outcome in zip(*(c.tolist() for c in v), strict=True)
        ]

    def row_tuples(self) -> list[tuple[object, ...]]:
        """Ends of requests and arrivals at sinks, as the oracle writes them down."""
        r = self.requests
        names = self.network.names
        out: list[tuple[object, ...]] = []
        for k in range(r.request.size):
            met = zip(names, r.stamps[k].tolist(), strict=True)
            stamps = tuple(sorted((name, number) for name, number in met if number >= 0))
            who, answer = int(r.request[k]), int(r.answer[k])
            sent, end = float(r.sent[k]), float(r.end[k])
            if r.where[k] >= 0:
                out.append((who, names[r.where[k]], answer, sent, end, stamps))
            else:
                head = (who, "", int(r.attempts[k]), float(r.arrival[k]), sent, end)
                out.append((*head, OUTCOMES[r.outcome[k]], answer, stamps))
        return out
