"""Features together: which promises hold alone and break in company, and why.

Runs the product with no feature, with each alone, all pairs (and larger sets, up to `order`), and
all. Where two features react to one event, also in the other order. A set of features interacts if
a promise of one of them is broken there, and in none of its smaller sets.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

from mlsim.errors import MlsimError, Problem, ScenarioError
from mlsim.scenario import load as loading
from mlsim.scenario.features import Resolution
from mlsim.scenario.spec import Scenario
from mlsim.studies.interaction_run import ProductRun, run_product
from mlsim.studies.interaction_warnings import Kind, PairWarning, Reads
from mlsim.studies.processes import run_side_by_side
from mlsim.telemetry.warming import warm
from mlsim.world.actors import Lineup
from mlsim.world.features import Deed, PromiseKey

Features = tuple[str, ...]


@dataclass(frozen=True)
class Interaction:
    """Features that break a promise together, and not without one another.

    owner, number: whose promise, and which of its promises from 0. order: the one in which they
    have to react for it, where the other does no harm; empty where any does. at: when it is broken,
    in seconds since day 0. trace: what led to it, and nothing else. warned: whether what the
    features read and write had given it away.
    """

    features: Features
    owner: str
    number: int
    promise: str
    kind: Kind
    via: tuple[str, ...]
    order: Features
    at: float
    trace: tuple[Deed, ...]
    warned: bool

    @property
    def key(self) -> PromiseKey:
        """Which promise is broken."""
        return self.owner, self.number


@dataclass(frozen=True)
class Resolved:
    """What a resolution does: which promises are broken with it, by the features of the product.

    left: of the interactions. new: what the resolution itself breaks.
    """

    name: str
    title: str
    left: tuple[Interaction, ...]
    new: tuple[tuple[Features, PromiseKey], ...]

    @property
    def resolves(self) -> bool:
        """Whether all promises are kept that each feature keeps alone."""
        return not (self.left or self.new)


@dataclass(frozen=True)
class Study:
    """What a study of interactions found.

    runs: by the features of the product, in each order that was run. found: the interactions.
    warnings: what was said before any run. unkept: promises that are broken by their feature
    alone: no interaction. resolved: the resolutions, compared.
    """

    scenario: Scenario
    runs: dict[Features, tuple[ProductRun, ...]]
    found: tuple[Interaction, ...]
    warnings: tuple[PairWarning, ...]
    unkept: tuple[PromiseKey, ...]
    resolved: tuple[Resolved, ...]

    def confirmed(self, warning: PairWarning) -> bool:
        """Whether runs bear a warning out."""
        return any(set(warning.features) <= set(one.features) for one in self.found)


def study(scenario: Scenario, seed: int, order: int = 2) -> Study:
    """Find the interactions of a scenario's features.

    order: up to how many features are tried together, beside all of them.
    Raises MlsimError for a scenario without features.
    """
    if not scenario.world.features:
        raise MlsimError(f"{scenario.document.path}: has no world.features that could interact")
    if order < 1:
        raise MlsimError(f"order must be at least 1 (got {order})")
    changed = {name: _changed(scenario, name) for name in scenario.world.resolutions}
    reads = Reads(scenario)
    warnings = tuple(reads.warnings())
    trials = _Trials(scenario, seed)
    names = tuple(scenario.world.features)
    sizes = range(min(order, len(names)) + 1)  # 0: none
    trials.run([*(s for size in sizes for s in combinations(names, size)), names])
    alone = {key: trials.broken((key[0],), key) for key in trials.promises}
    found = [
        *_found(trials, reads, sizes, warnings),
        *_in_all(trials, reads, sizes, warnings, alone),
    ]
    resolved = tuple(
        _resolved(name, one, seed, trials, found, scenario.world.resolutions[name])
        for name, one in changed.items()
    )
    unkept = tuple(key for key, is_broken in alone.items() if is_broken)
    return Study(scenario, trials.runs, tuple(found), warnings, unkept, resolved)


class _Trials:
    """Products that have been run, each once."""

    def __init__(self, scenario: Scenario, seed: int, resolution: Resolution | None = None):
        self.scenario, self._seed, self._resolution = scenario, seed, resolution
        self.runs: dict[Features, tuple[ProductRun, ...]] = {}
        self.promises: list[PromiseKey] = [
            (name, number)
            for name, feature in scenario.world.features.items()
            for number in range(len(feature.requires))
        ]

    def run(self, products: Iterable[Features]) -> None:
        """Run those that have not been run, and those with features that met, in both orders."""
        new = [one for one in dict.fromkeys(products) if one not in self.runs]
        first = self._together(new)
        again = [features for features, run in zip(new, first, strict=True) if run.met]
        reversed_ = dict(zip(again, self._together([f[::-1] for f in again]), strict=True))
        for features, run in zip(new, first, strict=True):
            other = reversed_.get(features)
            self.runs[features] = (run,) if other is None else (run, other)

    def broken(self, features: Features, key: PromiseKey) -> bool:
        """Whether a promise is broken in a product, in one order at least."""
        self.run([features])
        return any(run.broken(key) for run in self.runs[features])

    def worst(self, features: Features, key: PromiseKey) -> ProductRun:
        """The run that breaks a promise first."""
        return min(self.runs[features], key=lambda run: run.verdicts[key].at)

    def _together(self, orders: Sequence[Features]) -> list[ProductRun]:
        lineups = [Lineup(one, self._resolution) for one in orders]
        jobs = [partial(run_product, self.scenario, self._seed, lineup) for lineup in lineups]
        if not self.scenario.has_machine or len(jobs) < 2:
            return [job() for job in jobs]
        warm()  # once here, and not again in each process
        return run_side_by_side(jobs, lambda job, time: None, os.cpu_count())


def _found(
    trials: _Trials, reads: Reads, sizes: Iterable[int], warnings: Sequence[PairWarning]
) -> Iterator[Interaction]:
    """The sets of features that have been run and break a promise that smaller ones keep."""
    for features, runs in list(trials.runs.items()):
        if len(features) < 2 or len(features) not in sizes:
            continue
        for key in trials.promises:
            if key[0] not in features or not any(run.broken(key) for run in runs):
                continue
            smaller = (s for size in range(1, len(features)) for s in combinations(features, size))
            if not any(key[0] in s and trials.broken(s, key) for s in smaller):
                yield _interaction(trials, reads, features, key, warnings)


def _in_all(
    trials: _Trials,
    reads: Reads,
    sizes: Iterable[int],
    warnings: Sequence[PairWarning],
    alone: dict[PromiseKey, bool],
) -> Iterator[Interaction]:
    """Promises that only larger sets break: a smallest one is sought by leaving features out."""
    everything = tuple(trials.scenario.world.features)
    if len(everything) in sizes:
        return
    for key in trials.promises:
        known = any(key[0] in s and trials.broken(s, key) for s in trials.runs if s != everything)
        if known or alone[key] or not trials.broken(everything, key):
            continue
        features = everything
        while smaller := next(_without_one(trials, features, key), None):
            features = smaller
        yield _interaction(trials, reads, features, key, warnings)


def _without_one(trials: _Trials, features: Features, key: PromiseKey) -> Iterator[Features]:
    for name in features:
        rest = tuple(one for one in features if one != name)
        if name != key[0] and trials.broken(rest, key):
            yield rest


def _interaction(
    trials: _Trials,
    reads: Reads,
    features: Features,
    key: PromiseKey,
    warnings: Sequence[PairWarning],
) -> Interaction:
    run, runs = trials.worst(features, key), trials.runs[features]
    owner, number = key
    pairs = [one for one in warnings if set(one.features) <= set(features)]
    # Of several, what the owner has to do with tells most.
    named = sorted(pairs, key=lambda one: owner not in one.features)
    kind, via = (named[0].kind, named[0].via) if named else reads.kind(*features[:2])
    return Interaction(
        features=features,
        owner=owner,
        number=number,
        promise=str(trials.scenario.world.features[owner].requires[number]),
        kind=kind,
        via=via,
        order=() if all(one.broken(key) for one in runs) else run.features,
        at=run.verdicts[key].at,
        trace=_trace(run, reads, key),
        warned=bool(pairs),
    )


def _trace(run: ProductRun, reads: Reads, key: PromiseKey) -> tuple[Deed, ...]:
    """What was done to states on which the promise depends, until it was broken."""
    matter = reads.behind(reads.promised[key[0]], run.features)
    return tuple(
        deed for deed in run.deeds if deed.state in matter and deed.time <= run.verdicts[key].at
    )


def _changed(scenario: Scenario, name: str) -> Scenario:
    """The scenario with the settings of a resolution; its mistakes are told where it stands."""
    given = scenario.world.resolutions[name].settings
    # As they were read: a text is not looked into for YAML a second time.
    settings = {path: json.dumps(value, ensure_ascii=False) for path, value in given.items()}
    if not settings:
        return scenario
    place = ("world", "resolutions", name, "settings")
    try:
        return loading.from_document(scenario.document.with_(settings))
    except ScenarioError as error:
        file, line = str(scenario.document.path), scenario.document.line(place)
        where = ".".join(place)
        raise ScenarioError(
            Problem(file, line, where, str(one).removeprefix("--set "), "")
            for one in error.problems
        ) from None


def _resolved(
    name: str,
    scenario: Scenario,
    seed: int,
    before: _Trials,
    found: Sequence[Interaction],
    resolution: Resolution,
) -> Resolved:
    """Judge a resolution by the same promises: each feature alone, what interacted, and all."""
    trials = _Trials(scenario, seed, resolution)
    everything = tuple(scenario.world.features)
    products = [*((f,) for f in everything), *(one.features for one in found), everything]
    trials.run(products)
    left = tuple(one for one in found if trials.broken(one.features, one.key))
    kept = {key for key in trials.promises if key not in {one.key for one in left}}
    new = tuple(
        (features, key)
        for features in dict.fromkeys(products)
        for key in trials.promises
        if key[0] in features and key in kept and trials.broken(features, key)
        if key in before.promises and not before.broken((key[0],), key)
    )
    return Resolved(name, resolution.title or name, left, new)
