"""Small scenarios for tests, and what happened in them, kept whole."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import simpy

from mlsim import api
from mlsim.engine.columns import Column
from mlsim.engine.network import Requests, Visits
from mlsim.faults.base import Fault
from mlsim.scenario.spec import Scenario
from mlsim.system.requests import RequestBlock
from mlsim.system.simulation import System

DAY, HOUR = 86400.0, 3600.0

COUNTER = """
scenario: counter
horizon: 1d
seed: 1
load:
  jobs: {rate: 2.4/s, enters: desk}
system:
  desk: {kind: server, workers: 3, service_time: exponential(mean=1s)}
flow:
  - desk
"""

CLINIC = """
scenario: clinic
history: 2d
horizon: 2d
seed: 3
world:
  people: 5000
  drivers:
    prevalence: 0.1 + 0.1 * ramp(0d, 2d)
  person:
    age: clip(normal(44, 18), 0, 100)
  check_up:
    infected: bernoulli(prevalence)
    temperature:
      is: normal(36.7 + 1.1 * infected, 0.4)
      unit: celsius
    cough_rate: lognormal(mean = 2 + 9 * infected, cv = 0.7)
load:
  check_ups: {rate: 0.05/s, of: person, enters: phone}
system:
  phone: {kind: client, timeout: 4s, retries: {max: 2, backoff: 500ms}}
  gateway: {kind: server, workers: 2, service_time: "lognormal(mean=300ms, cv=0.5)"}
  features:
    kind: transform
    reads: [temperature, cough_rate, age]
    makes: {fever: temperature - 37}
  cough_model: {kind: model, predicts: infected, inputs: [cough_rate, age]}
  risk_model: {kind: model, predicts: infected, inputs: [cough_model.score, temperature]}
  advice: {kind: policy, when: risk_model.score > 0.3, then: isolate}
  telemetry: {kind: collector}
flow:
  - phone -> gateway -> features -> cough_model -> risk_model -> advice -> phone
  - advice ~> telemetry
outcomes:
  missed_infections: {count: infected and not advice.isolate, cost: 400 EUR}
  isolated_for_nothing: {count: advice.isolate and not infected, cost: 250 EUR}
  waiting_time: {sum: sojourn_time, cost: 12 EUR/h}
faults:
  - kind: unit_change
    at: 12h
    until: 36h
    ramp: 6h
    component: phone
    column: temperature
    unit: fahrenheit
"""

WATCHED = """
scrape_interval: 5m
evaluation_interval: 5m
checks:
  temperature_in_range:
    {kind: range, column: temperature, min: 34, max: 43, every: 15min, window: 1h}
  risk_score_drift:
    {kind: drift, column: risk_model.score, reference: [0h, 6h], every: 1h, window: 6h}
rule_files: [data.yml]
"""

RULES = """
groups:
  - name: data
    rules:
      - alert: OutOfRange
        expr: data_check{check="temperature_in_range"} > 0.05
        for: 30m
        labels: {severity: page}
      - alert: NobodyAnswers
        expr: up == 0
        labels: {severity: page}
"""


def written(folder: Path, scenario: str = CLINIC, monitoring: str = WATCHED) -> Path:
    """A scenario's file, watched by data.yml beside it; gives its path."""
    (folder / "data.yml").write_text(RULES)
    (folder / "watched.yml").write_text(monitoring)
    path = folder / "scenario.yaml"
    path.write_text(f"{scenario.rstrip()}\nmonitoring: watched.yml\n")
    return path


def loaded(text: str, **settings: object) -> Scenario:
    """The scenario of a text; a setting's path is written with __ for its dots."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(text)
        named = {name.replace("__", "."): value for name, value in settings.items()}
        return api.load(path, named).spec


def one_step(temperature: float = 37.0, unit: str = "celsius") -> str:
    """A phone that sends a temperature to one feature step."""
    return f"""
scenario: one_step
horizon: 1d
world:
  people: 500
  check_up:
    temperature: {{is: {temperature}, unit: {unit}}}
load:
  check_ups: {{rate: 0.1/s, of: person, enters: phone}}
system:
  phone: {{kind: client}}
  features: {{kind: transform, reads: [temperature]}}
flow:
  - phone -> features -> phone
"""


Decider = Callable[[System], Iterator[simpy.Event]]


class World:
    """One simulated world with all its visits and requests.

    faults: those of the scenario if not given. deciders: further SimPy processes.
    """

    def __init__(
        self,
        scenario: Scenario,
        faults: Sequence[Fault] | None = None,
        deciders: Sequence[Decider] = (),
        seed: int | None = None,
    ):
        self.system = System(scenario, scenario.seed if seed is None else seed)
        self._visits: list[Visits] = []
        self.blocks: list[RequestBlock] = []
        self.collected: list[RequestBlock] = []
        self.system.listeners.append(self)
        for fault in scenario.faults if faults is None else faults:
            self.system.clock.process(fault.process(self.system))
        for decider in deciders:
            self.system.clock.process(decider(self.system))
        self.system.run()

    def on_visits(self, visits: Visits) -> None:
        self._visits.append(visits)

    def on_requests(self, block: RequestBlock) -> None:
        self.blocks.append(block)

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        self.collected.append(block)

    @property
    def visits(self) -> Visits:
        return Visits(*map(np.concatenate, zip(*self._visits, strict=True)))

    @property
    def log(self) -> Requests:
        return Requests(*map(np.concatenate, zip(*(b.log for b in self.blocks), strict=True)))

    def visits_of(self, component: str) -> Visits:
        here = self.visits.station == self.system.network.index(component)
        return Visits(*(column[here] for column in self.visits))

    def column(self, name: str) -> Column:
        """A column of the requests, as `RequestBlock` names it."""
        return np.concatenate([block[name] for block in self.blocks])

    def read(self, reader: str, column: str) -> Column:
        """A column of the requests as it reached a component."""
        return np.concatenate([block.at(reader, column) for block in self.blocks])


def run(text: str, fault: str, **parameters: Any) -> World:
    """One world with one fault, at the phone from the beginning if nothing else is said."""
    given = {"component": "phone", "at": "0s"} | parameters
    lines = "".join(f"\n    {key}: {value}" for key, value in given.items())
    return World(loaded(f"{text.rstrip()}\nfaults:\n  - kind: {fault}{lines}\n"))
