"""Training data: the rows that reached a collector, as the models saw them, joined with labels."""

from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import simpy

from mlsim.engine import draws
from mlsim.engine.columns import Column
from mlsim.engine.network import Visits
from mlsim.system.learning import ModelVersion, fit
from mlsim.system.model import Model
from mlsim.system.requests import RequestBlock
from mlsim.system.rows import RowStore

if TYPE_CHECKING:
    from mlsim.system.simulation import System

MAX_ROWS = 50_000
"""Rows that a model's first version is fitted on, if the history has more."""

Rows = dict[str, Column]


class TrainingData:
    """What models can learn from. It listens to the collectors and keeps their rows, until day 0.

    A row has the inputs of every model under `<source>/<column>`, and the labels under
    `label/<name>`: what really reached the model and was reported, faults included.
    """

    def __init__(self, system: "System"):
        self._system = system
        self.models = {n: d.spec for n, d in system.items() if isinstance(d.spec, Model)}
        self._sample = draws.stream(system.seed, "training/sample")
        inputs = [key for name in self.models for key in self.keys(name)]
        labels = [f"label/{model.predicts}" for model in self.models.values()]
        self._rows = RowStore(list(dict.fromkeys(["request", *inputs, *labels])))

    def keys(self, model: str) -> list[str]:
        """The names of a model's inputs in the rows, in the model's order."""
        wiring = self._system.wiring
        return [f"{wiring.source(model, c)}/{c}" for c in self.models[model].inputs]

    def on_visits(self, visits: Visits) -> None:
        """Training data are rows, not visits."""

    def on_requests(self, block: RequestBlock) -> None:
        """What a client sees is not reported to anybody by itself."""

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """Keep the rows of the history."""
        if self.models and block.log.end[0] < 0:
            self._rows.append(block.log.end, _Reported(block))

    def sample(self, start: float, end: float, max_rows: int) -> Rows:
        """Rows that arrived in [start, end), or a keyed sample of them, in order of arrival."""
        rows = self._rows.between(start, end)
        if rows["time"].size <= max_rows:
            return rows
        luck = draws.uniform(self._sample, rows["request"].astype(np.int64))
        chosen = np.sort(np.argpartition(luck, max_rows)[:max_rows])
        return {name: values[chosen] for name, values in rows.items()}


class _Reported(Mapping[str, Column]):
    """A block under the names of training data."""

    def __init__(self, block: RequestBlock):
        self._block = block

    def __getitem__(self, key: str) -> Column:
        source, _, column = key.partition("/")
        if key == "request":
            return self._block.log.request
        if source == "label" or source == "None":
            return self._block.truth[column]
        return self._block.output(source, column)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def first_versions(system: "System", data: TrainingData) -> Generator[simpy.Event, None, None]:
    """At day 0, fit version 1 of every model, those first on whose scores others build."""
    yield system.clock.timeout(-system.clock.now)
    system.network.flush()
    rows = data.sample(-system.scenario.history, 0.0, MAX_ROWS)
    for name in in_order_of_building(data):
        version = fit_version(system, data, name, rows, number=1)
        system[name].change(version)
        inputs = [rows[key] for key in data.keys(name)]
        rows[f"{name}/{name}.score"] = version.score(inputs, rows["time"].size)


def fit_version(
    system: "System", data: TrainingData, name: str, rows: Rows, number: int
) -> ModelVersion:
    """A new version of a model from rows; without an estimator if all labels are alike."""
    model = data.models[name]
    inputs = [rows[key] for key in data.keys(name)]
    labels = np.asarray(rows[f"label/{model.predicts}"], dtype=bool)
    estimator = fit(model.learner, model.parameters, inputs, labels, system.seed)
    return ModelVersion(
        number=number,
        estimator=estimator,
        trained_at=float(system.clock.now),
        rows=labels.size,
        positives=int(labels.sum()),
    )


def in_order_of_building(data: TrainingData) -> list[str]:
    """The models, each after those whose scores it reads."""
    ordered: list[str] = []
    waiting = list(data.models)
    while waiting:
        ready = [
            name
            for name in waiting
            if not any(f"{other}.score" in data.models[name].inputs for other in waiting)
        ]
        if not ready:
            raise ValueError(f"models that read each other's scores: {', '.join(waiting)}")
        ordered += ready
        waiting = [name for name in waiting if name not in ready]
    return ordered
