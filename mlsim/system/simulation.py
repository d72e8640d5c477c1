"""The system in motion: its components deployed, its clock, its network, and who listens to it."""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import simpy

from mlsim.engine.arrivals import merge
from mlsim.engine.clock import Clock
from mlsim.engine.columns import Formula
from mlsim.engine.network import Client, Network, Requests, Session, Station, Visits
from mlsim.scenario.calendar import calendar_offset
from mlsim.scenario.expressions import Expression, names
from mlsim.scenario.spec import Scenario
from mlsim.system.answer import Answer
from mlsim.system.base import Component, Deployed
from mlsim.system.choosing import conditions_of
from mlsim.system.collector import Collector
from mlsim.system.deployer import Deployer, deployer_of
from mlsim.system.learning import ModelVersion
from mlsim.system.listening import Listener, LossListener
from mlsim.system.places import Places
from mlsim.system.registry import Registry
from mlsim.system.reporting import Reporting
from mlsim.system.requests import RequestBlock
from mlsim.system.service_time import service_of
from mlsim.system.steering import Steering
from mlsim.system.trainer import Trainer
from mlsim.system.training import TrainingData, first_versions
from mlsim.system.traits import traits_of
from mlsim.system.wiring import Wiring
from mlsim.world.actors import Lineup
from mlsim.world.features import Happenings
from mlsim.world.load import source_of
from mlsim.world.people import World

BLOCK = 1 << 17
"""Rows in a block: large enough for NumPy, small enough for the processor's cache."""


class System(Mapping[str, Deployed]):
    """One scenario under one seed: `system["gateway"]` is the gateway as it is deployed now.

    calendar: seconds from Monday 00:00 to day 0.
    clock: SimPy's environment, in seconds since day 0; it begins with the history.
    network: what moves the requests. world: what is true. listeners: who is told. losses: who is
    told of rows that a fault keeps from a collector.
    training: the rows that models learn from. registry: the versions of the models.
    happenings: what events and the features of `lineup` (all, if not given) do in the world.
    lasting: faults that have begun and aren't repaired, in the order in which they began.
    replicas: how many of each component are wanted now. crashes: how often each of them has gone
    down, by component and number; started: when it was last started after the beginning.
    replica_changes: (time in seconds, component, replica, whether it is up from then on, or None if
    it isn't wanted any more), in order of time.
    """

    def __init__(self, scenario: Scenario, seed: int, lineup: Lineup | None = None):
        self.scenario, self.seed = scenario, seed
        self.calendar = calendar_offset(scenario.start)
        self.listeners: list[Listener] = []
        self.losses: list[LossListener] = []
        self.replica_changes: list[tuple[float, str, int, bool | None]] = []
        self.lasting: list[Any] = []
        self.replicas: dict[str, int] = {}
        self.crashes: Counter[tuple[str, int]] = Counter()
        self.started: dict[tuple[str, int], float] = {}
        self._replaced: set[tuple[str, int]] = set()
        self.places = Places(scenario.system)
        self._answers: dict[str, Answer] = {}
        self.world = World(scenario, seed)
        self.wiring = Wiring.of(scenario)
        self.ways = {name: self.wiring.along(load.enters) for name, load in scenario.load.items()}
        self.conditions = conditions_of(scenario, seed)
        traits = traits_of(scenario.system, self.formula)
        self._steering = Steering(
            scenario.system, self.wiring, self.ways.values(), self._under_way, traits
        )
        self.network = self._network()
        self.world.on_change = self.network.forget_foresight
        self.clock = Clock(self.network)
        self._deployed = {name: self._deploy(name, spec) for name, spec in scenario.system.items()}
        self._reporting = Reporting(self, self.listeners, self.losses)
        self.registry = Registry()
        self.training = TrainingData(self, self._training_window())
        self.listeners.append(self.training)
        self.losses.append(self.training)
        self.clock.process(first_versions(self))
        self._answers |= {n: Answer(self, n) for n, s in scenario.world.state.items() if s.next}
        for answer in self._answers.values():
            self.listeners.append(answer)
            self.clock.process(answer.process())
        self.happenings = Happenings(scenario, self.world.states, self.clock, lineup)
        if scenario.world.events or scenario.world.features or self._flows():
            self.clock.process(self.happenings.process())
        for name, deployed in self._deployed.items():
            process = deployed.spec.process(self, name)
            if process is not None:
                self.clock.process(process)

    def __getitem__(self, name: str) -> Deployed:
        return self._deployed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._deployed)

    def __len__(self) -> int:
        return len(self._deployed)

    @property
    def collectors(self) -> list[str]:
        """The components that rows are reported to."""
        return [name for name, spec in self.scenario.system.items() if isinstance(spec, Collector)]

    def unit_of(self, column: str) -> str:
        """The unit that the contract of a column names."""
        return self.scenario.world.unit_of(column)

    def formula(self, expression: Expression, stream: str) -> Formula:
        """An expression at work in this system: with its luck, and its calendar."""
        return Formula(expression, self.seed, stream, self.calendar)

    def push(self, model: str, version: ModelVersion) -> Generator[simpy.Event, None, None]:
        """Send a version to production: through its deployer, or at once where there is none."""
        name = deployer_of(self.scenario.system, model)
        if name is None:
            self[model].change(version)
            return
        deployer = self[name].spec
        assert isinstance(deployer, Deployer), "it deploys"
        yield from deployer.push(self, self[name].current, model, version)

    def crash(self, name: str, replica: int) -> None:
        """A replica is gone, with the requests that it had in service."""
        self.crashes[name, replica] += not self.is_down(name, replica)
        self.network.crash(name, replica)
        if replica < self.replicas[name]:
            self._note(name, replica, False)

    def restart(self, name: str, replica: int) -> bool:
        """A replica that is down, and still wanted, is back, if all is in order where it runs.

        Returns whether it is back by this.
        """
        has_place = self.places.can_run(name, replica)
        if not self.is_down(name, replica) or not has_place or (name, replica) in self._replaced:
            return False
        self.network.restart(name, replica)
        self._note(name, replica, True)
        return True

    def is_down(self, name: str, replica: int) -> bool:
        """Whether a replica has crashed that is wanted."""
        return replica < self.replicas[name] and not self.network.up(name)[replica]

    def drain(self, name: str, replica: int) -> None:
        """A replica gets no more requests until it is restarted, and finishes those that it has."""
        self.network.drain(name, replica)

    def replace(
        self, name: str, replica: int, start_up: float
    ) -> Generator[simpy.Event, None, None]:
        """Stop a replica; its successor, which nobody else starts, is up `start_up` seconds later.

        It is given another place where its own is out of order.
        """
        if not self.is_down(name, replica):
            self.crash(name, replica)
        if replica >= self.replicas[name]:
            return
        if not self.places.can_run(name, replica):
            self.places.move(name, replica)
        self._replaced.add((name, replica))
        yield self.clock.timeout(start_up)
        self._replaced.discard((name, replica))
        self.restart(name, replica)

    def scale(self, name: str, replicas: int) -> None:
        """Run more replicas, or fewer as the last ones finish what they have begun."""
        before, self.replicas[name] = self.replicas[name], replicas
        self.network.scale(name, replicas)
        for replica in range(replicas, before):
            self._replaced.discard((name, replica))
            self._note(name, replica, None)
        for replica in range(before, replicas):
            self._start(name, replica)

    def _start(self, name: str, replica: int) -> None:
        """A new replica runs where all is in order, or nowhere."""
        if not self.places.can_run(name, replica):
            self.places.move(name, replica)
        if not self.places.can_run(name, replica):
            self.crash(name, replica)
        elif self.is_down(name, replica):  # a crash had hit its predecessor of the same number
            self.restart(name, replica)
        else:
            self._note(name, replica, True)

    def _note(self, name: str, replica: int, is_up: bool | None) -> None:
        self.replica_changes.append((self._now(), name, replica, is_up))
        if is_up:
            self.started[name, replica] = self._now()

    def settle(self) -> None:
        """Tell the listeners of all that has happened up to now, and what is due by now."""
        self.network.flush()
        self._reporting.catch_up(max(self._now(), float(self.network.now)))

    def settle_at(self, time: float) -> None:
        """Tell the listeners at `time` (seconds) of all that has happened: no block spans it."""
        self.clock.process(self._settle(time))

    def _settle(self, time: float) -> Generator[simpy.Event, None, None]:
        yield self.clock.timeout(time - self.clock.now)
        self.settle()

    def run(self, progress: Callable[[float], None] | None = None) -> None:
        """Run from the history to the horizon; `progress` is told the time now and then."""
        if progress is not None:
            self.clock.process(self._tell(progress))
        self.clock.run(until=self.scenario.horizon)
        self.settle()

    def _tell(self, progress: Callable[[float], None]) -> Generator[simpy.Event, None, None]:
        step = (self.scenario.history + self.scenario.horizon) / 200
        while True:
            progress(self.clock.now)
            yield self.clock.timeout(step)

    def _network(self) -> Network:
        scenario = self.scenario
        places = [spec.station(name) for name, spec in scenario.system.items()]
        for place in places:
            if isinstance(place, Station):
                self.replicas[place.name] = place.replicas
                self.replica_changes += [
                    (-scenario.history, place.name, k, True) for k in range(place.replicas)
                ]
        loads = list(scenario.load.items())
        return Network(
            chains=scenario.flow,
            stations=[place for place in places if isinstance(place, Station)],
            clients=[place for place in places if isinstance(place, Client)],
            entries={number: load.enters for number, (_, load) in enumerate(loads)},
            seed=self.seed,
            arrivals=merge(
                [
                    source_of(scenario, name, k, self.seed, self.world.states)
                    for k, (name, _) in enumerate(loads)
                ]
            ),
            sessions=self._sessions(),
            start=-scenario.history,
            until=scenario.horizon,
            ahead=self._arrivals_known_until,
            on_visits=self._on_visits,
            on_requests=self._on_rows,
            log_block=BLOCK,
            steering=self._steering,
        )

    def _sessions(self) -> dict[int, Session]:
        """How the people of each load go on, by its number."""
        loads = self.scenario.load
        number = {name: k for k, name in enumerate(loads)}
        return {
            number[name]: Session(
                name,
                service_of(load.think),
                tuple((number[next_], share) for next_, share in load.ways(name).items()),
            )
            for name, load in loads.items()
            if load.ways(name)
        }

    def _arrivals_known_until(self) -> float:
        """Before which time, in seconds, arrivals don't depend on what is still to happen."""
        rates = [load.rate for load in self.scenario.load.values() if load.rate is not None]
        followed = {name for rate in rates for name in names(rate)}
        if self.conditions or self._steering.is_asked:
            # By what is true at arrival, which nobody can foresee beyond a step.
            followed |= set(self._answers)
        due = [answer.due for name, answer in self._answers.items() if name in followed]
        # The instant of a step itself still has the rate from before.
        return float(np.nextafter(min(due, default=np.inf), np.inf))

    def _flows(self) -> bool:
        return any(state.flows for state in self.scenario.world.state.values())

    def _deploy(self, name: str, spec: Component) -> Deployed:
        announce = partial(self.network.set_settings, name) if spec.in_flow else _to_nobody
        first = spec.first_settings(self, name)
        return Deployed(name, spec, [first, *spec.stamps], announce, self._now)

    def _training_window(self) -> float | None:
        """How far back training looks, in seconds; None if nothing is trained after day 0."""
        trainers = [s for s in self.scenario.system.values() if isinstance(s, Trainer)]
        return max((trainer.window for trainer in trainers), default=None)

    def _now(self) -> float:
        return float(self.clock.now)

    def _on_visits(self, visits: Visits) -> None:
        for listener in self.listeners:
            listener.on_visits(visits)

    def _on_rows(self, rows: Requests) -> None:
        self._reporting.take(rows)

    def _under_way(self, load: int, rows: Requests) -> RequestBlock:
        """Rows of a load that the network asks about, before they have ended."""
        name, spec = list(self.scenario.load.items())[load]
        truth = self.world.truth(name, spec, rows.request, rows.arrival)
        index = self.network.index
        return RequestBlock(rows, truth, self, self.ways[name], index, conditions=self.conditions)


def _to_nobody(number: int) -> None:
    """A component beside the flow has no visits to stamp."""
