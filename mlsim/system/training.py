"""Training data: the rows that reached a collector, as the models saw them, joined with labels."""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import simpy
from numpy.typing import NDArray

from mlsim.engine import draws
from mlsim.engine.columns import Column, Formula, Rows
from mlsim.engine.network import Visits
from mlsim.scenario.expressions import Expression
from mlsim.system.learning import ModelVersion, fit
from mlsim.system.model import Model
from mlsim.system.quality import measure
from mlsim.system.recomputed import Recomputed
from mlsim.system.requests import RequestBlock
from mlsim.system.rows import RowStore
from mlsim.system.sample import Sample, TrainingJob, TrueColumns

if TYPE_CHECKING:
    from mlsim.system.simulation import System

FIRST_ROWS = 50_000
"""Rows that a model's first version is fitted on, if the history has more."""
FIRST_HOLDOUT = 0.2
"""Share of them that is kept to measure its quality."""


class TrainingData:
    """What models can learn from: it listens to the collectors and keeps the rows that get a label.

    models: by name. window: how far back rows are kept, in seconds; None until day 0 only.

    A row has its `request`, `arrival` and `load`; the inputs of every model under
    `<source>/<column>`, as they reached it; the labels under `label/<name>` as they came in, and
    when, under `known/<name>`; and under `touched/<model>` whether a fault had its hand in these.
    What a transform received is under `raw/<transform>/<column>`, if training makes features anew.
    """

    def __init__(self, system: "System", window: float | None):
        self._system, self._window = system, window
        self.models = {n: d.spec for n, d in system.items() if isinstance(d.spec, Model)}
        self._sample = draws.stream(system.seed, "training/sample")
        self._split = draws.stream(system.seed, "training/holdout")
        self._recomputed = {n: Recomputed.of(system, n, m) for n, m in self.models.items()}
        inputs = [
            key for name in self.models for key in (*self.keys(name), *self._recomputed[name].raw())
        ]
        labels = dict.fromkeys(model.predicts for model in self.models.values())
        self._rows = RowStore(
            [
                *dict.fromkeys(["request", "arrival", "load", *inputs]),
                *(f"{what}/{label}" for label in labels for what in ("label", "known")),
                *(f"touched/{name}" for name in self.models),
            ]
        )
        self._labels = tuple(labels)
        self._disturbed = {label: RowStore(["known"]) for label in labels}
        self._lost = {label: RowStore(["known", "arrives"]) for label in labels}

    def keys(self, model: str) -> list[str]:
        """The names of a model's inputs in the rows, in the model's order."""
        wiring = self._system.wiring
        return [f"{wiring.source(model, c) or ''}/{c}" for c in self.models[model].inputs]

    def touched(self, block: RequestBlock, model: str, collector: str) -> NDArray[np.bool_]:
        """In which rows a fault has had its hand in what a model's training sees of them.

        Or in the choice that has led them to the collector.
        """
        labels = block.touched_labels(self.models[model].predicts)
        return labels | self._recomputed[model].touched(block) | block.misled(collector)

    def on_visits(self, visits: Visits) -> None:
        """Training data are rows, not visits."""

    def on_requests(self, block: RequestBlock) -> None:
        """What a client sees is not reported to anybody by itself."""

    def on_collected(self, collector: str, block: RequestBlock) -> None:
        """Keep the rows that will have a label, as long as somebody can learn from them."""
        time = block.log.end
        if not self.models or (self._window is None and time[0] >= 0):
            return
        labelled = np.zeros(time.size, bool)
        for label in self._labels:
            known, disturbed = block.known_at(label), block.touched_labels(label)
            labelled |= np.isfinite(known)
            self._disturbed[label].append(time[disturbed], {"known": known[disturbed]})
        reported = _Reported(block, self, collector)
        kept = np.flatnonzero(labelled)
        self._rows.append(time[kept], {n: reported[n][kept] for n in self._rows.columns})
        if self._window is not None and time[0] > 0:  # first versions learn from all the history
            for store in (self._rows, *self._disturbed.values(), *self._lost.values()):
                store.forget_before(time[-1] - self._window)

    def on_lost(self, collector: str, block: RequestBlock, arrives: NDArray[np.float64]) -> None:
        """Remember which rows with a label are not there when they should be."""
        for label in self._labels if self._window is not None else ():
            known = block.known_at(label)
            there = np.isfinite(known)
            columns = {"known": known[there], "arrives": arrives[there]}
            self._lost[label].append(block.log.end[there], columns)

    def sample(
        self,
        model: str,
        start: float,
        end: float,
        max_rows: int,
        code: Mapping[str, Formula] | None = None,
    ) -> Sample:
        """A keyed sample of the rows of [start, end) whose label is known at `end`, in order.

        code: formulas for features that training makes anew, where it has others than serving
        began with; None to take all as it was logged.
        """
        label = self.models[model].predicts
        rows = self._rows.between(start, end, ("time", "request", f"known/{label}"))
        # The rows of several loads come load by load in each block.
        order = np.argsort(rows["time"], kind="stable")
        chosen = order[rows[f"known/{label}"][order] <= end]
        if chosen.size > max_rows:
            luck = draws.uniform(self._sample, rows["request"][chosen].astype(np.int64))
            chosen = chosen[np.sort(np.argpartition(luck, max_rows)[:max_rows])]

        def column(name: str) -> Column:
            return self._rows.between(start, end, (name,))[name][chosen]

        request, time = rows["request"][chosen].astype(np.int64), rows["time"][chosen]
        inputs = dict(zip(self.models[model].inputs, map(column, self.keys(model)), strict=True))
        if code is not None:
            inputs |= self._recomputed[model].inputs(Rows(request, time, {}), code, column)
        return Sample(
            request=request,
            time=time,
            inputs=inputs,
            label=column(f"label/{label}").astype(bool),
            touched=column(f"touched/{model}").astype(bool),
            truth=self._truth(column("load"), column("request"), column("arrival")),
            among=np.arange(chosen.size),
            spoilt=self._lacks_some(label, start, end),
        )

    def _lacks_some(self, label: str, start: float, end: float) -> bool:
        """Whether a fault keeps rows of [start, end) from who asks at `end`, or their labels."""
        late_labels = self._disturbed[label].between(start, end, ("known",))["known"] > end
        lost = self._lost[label].between(start, end, ("known", "arrives"))
        return bool(late_labels.any() or ((lost["arrives"] >= end) & (lost["known"] <= end)).any())

    def _truth(self, load: Column, request: Column, arrival: Column) -> TrueColumns:
        """What was true of rows, by the numbers of their loads and requests: nobody keeps it."""
        truths = {}
        for number, (name, spec) in enumerate(self._system.scenario.load.items()):
            own = load == number
            if own.any():
                ids = request[own].astype(np.int64)
                truths[number] = self._system.world.truth(name, spec, ids, arrival[own])
        return TrueColumns(truths, load.astype(np.int64))

    def fit(
        self,
        name: str,
        rows: Sample,
        holdout: float,
        job: TrainingJob,
        slices: Mapping[str, Expression],
    ) -> ModelVersion:
        """The next version of a model from rows, of which a keyed share is kept to validate it.

        slices: rows on which its quality is measured as well, by name.
        """
        model, seed = self.models[name], self._system.seed
        luck = draws.uniform(self._split, rows.request)
        used, held = rows.where(luck >= holdout), rows.where(luck < holdout)
        reads = job.reads(model.inputs)
        inputs = list(used.inputs.values())
        version = ModelVersion(
            number=self._system.registry.next_number(name),
            estimator=fit(
                job.learner or model.learner,
                model.parameters if job.parameters is None else job.parameters,
                [inputs[k] for k in reads],
                used.label,
                seed,
            ),
            reads=reads,
            trained_at=float(self._system.clock.now),
            rows=used.label.size,
            positives=int(used.label.sum()),
            oldest_row=float(rows.time.min()) if rows.time.size else float(self._system.clock.now),
            touched_rows=int(used.touched.sum()),
            spoilt=job.touched or rows.spoilt,
        )
        return replace(version, quality=self._quality(version, held, slices))

    def _quality(
        self, version: ModelVersion, held: Sample, slices: Mapping[str, Expression]
    ) -> dict[str, float]:
        scores = version.score(list(held.inputs.values()))
        quality = measure(scores, held.label)
        for name, condition in slices.items():
            inside = np.asarray(
                self._system.formula(condition, "slice")(held.visible()), dtype=bool
            )
            own = measure(scores[inside], held.label[inside])
            quality |= {f"{what}_{name}": value for what, value in own.items()}
        return quality

    def score_history(self, name: str, version: ModelVersion) -> None:
        """Give the rows so far, which no model has scored, the scores of a first version."""
        keys = self.keys(name)
        self._rows.replace(
            f"{name}/{name}.score", lambda rows: version.score([rows[key] for key in keys])
        )


class _Reported(Mapping[str, Column]):
    """A block under the names of training data."""

    def __init__(self, block: RequestBlock, data: TrainingData, collector: str):
        self._block, self._data, self._collector = block, data, collector

    def __getitem__(self, key: str) -> Column:
        source, _, column = key.partition("/")
        match source:
            case "request":
                return self._block.log.request
            case "arrival":
                return self._block.log.arrival
            case "load":
                return self._block.log.load
            case "":
                return self._block.truth[column]
            case "label":
                return self._block.reported(column)
            case "known":
                return self._block.known_at(column)
            case "touched":
                return self._data.touched(self._block, column, self._collector)
            case "raw":
                transform, _, column = column.partition("/")
                return self._block.at(transform, column)
        return self._block.output(source, column)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def first_versions(system: "System") -> Generator[simpy.Event, None, None]:
    """At day 0, fit version 1 of every model, those first on whose scores others build."""
    yield system.clock.timeout(-system.clock.now)
    system.settle()
    data = system.training
    for name in in_order_of_building(data.models):
        rows = data.sample(name, -system.scenario.history, 0.0, FIRST_ROWS)
        version = data.fit(name, rows, FIRST_HOLDOUT, TrainingJob(), {})
        system.registry.add(name, replace(version, passed=True))
        system[name].change(version)
        data.score_history(name, version)


def in_order_of_building(models: Mapping[str, Model]) -> list[str]:
    """The models, each after those whose scores it reads."""
    ordered: list[str] = []
    while len(ordered) < len(models):
        waiting = [name for name in models if name not in ordered]
        scores = {f"{name}.score" for name in waiting}
        ready = [name for name in waiting if not scores.intersection(models[name].inputs)]
        if not ready:
            raise ValueError(f"models that read each other's scores: {', '.join(waiting)}")
        ordered += ready
    return ordered
