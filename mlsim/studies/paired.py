"""Paired replications: variants of a scenario under the same seeds, with common random numbers.

Replication k of every variant has the same seed, and every random number belongs to somebody: the
same people come with the same luck. What two variants differ in under one seed is what the variants
make of it, so a difference needs far fewer runs than two independent samples would.

How to use it, for a study of your own:

    variants = [Variant("as it is", scenario, monitoring), Variant("twice the load", other, None)]
    found = replicate(variants, seeds=range(7, 27))          # all headline measures
    found.table                                              # tidy: variant, seed, measure, value
    differences(found.table, baseline="as it is")            # one row per variant and measure

`measuring` may be any function of a run's `Findings` that gives numbers by name; it has to stand at
the top of a module, so that it can go to another process. `mlsim.measures.headline` has the usual
one. `worlds` names what of a run it needs: {"all"} is quickest.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import pandas as pd

from mlsim.errors import MlsimError
from mlsim.measures.headline import headline
from mlsim.studies.places import Place
from mlsim.studies.processes import Processes
from mlsim.studies.replication import Measuring, Replication, replication
from mlsim.studies.store import ReplicationStore, fingerprint
from mlsim.studies.variant import SystemRun, Variant, system_runs
from mlsim.studies.worlds import load_what_worlds_share

Done = Callable[[int, int], None]
"""Is told how many replications are done, and how many there will be at most."""


@dataclass(frozen=True)
class Failure:
    """A replication that failed. command: the command line that repeats it."""

    variants: tuple[str, ...]
    seed: int
    error: str
    command: str

    def __str__(self) -> str:
        return f"seed {self.seed} of {', '.join(self.variants)}: {self.error}\n  {self.command}"


@dataclass(frozen=True)
class Replications:
    """What came out: by (variant, seed), and what failed. seeds: in the order of replications."""

    variants: tuple[Variant, ...]
    seeds: tuple[int, ...]
    found: Mapping[tuple[str, int], Replication]
    failures: tuple[Failure, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """One row per variant, seed and measure, in this order: variant, seed, measure, value."""
        names = [variant.name for variant in self.variants]
        rows = [
            (name, seed, measure, value)
            for name, seed in product(names, self.seeds)
            if (name, seed) in self.found
            for measure, value in self.found[name, seed].measures.items()
            if isinstance(value, int | float)
        ]
        return pd.DataFrame(rows, columns=["variant", "seed", "measure", "value"]).astype(
            {"value": float}
        )

    def of(self, measures: Collection[str]) -> pd.DataFrame:
        """The rows of `table` for some measures alone, numbered from 0."""
        table = self.table
        return table[table["measure"].isin(list(measures))].reset_index(drop=True)

    def renamed(self, names: Mapping[str, str]) -> "Replications":
        """Some of the variants alone, under other names: old name to new one."""
        variants = tuple(replace(v, name=names[v.name]) for v in self.variants if v.name in names)
        found = {(names[v], seed): one for (v, seed), one in self.found.items() if v in names}
        failures = tuple(f for f in self.failures if not names.keys().isdisjoint(f.variants))
        return Replications(variants, self.seeds, found, failures)

    def first(self, count: int) -> "Replications":
        """The first replications of each variant alone."""
        seeds = self.seeds[:count]
        found = {key: one for key, one in self.found.items() if key[1] in set(seeds)}
        failures = tuple(failure for failure in self.failures if failure.seed in set(seeds))
        return Replications(self.variants, seeds, found, failures)


def replicate(
    variants: Sequence[Variant],
    seeds: Sequence[int],
    measuring: Measuring = headline,
    worlds: Collection[str] | None = None,
    *,
    enough: Callable[[Replications], bool] | None = None,
    store: ReplicationStore | None = None,
    place: Place | None = None,
    progress: Done | None = None,
) -> Replications:
    """Run every variant under every seed; passive variants of one scenario share its runs.

    worlds: of each run those that `measuring` needs; None for all. enough: is asked after each
    replication, in the order of the seeds, whether those up to it will do: then no more are begun,
    and the result has these and no others, however they happened to end. store: keeps what is
    finished, and what it has already is not run again. place: where the work executes, this
    machine's cores if not given.

    A replication that fails is reported in `failures`, and the others go on.
    """
    study = _Study(tuple(variants), tuple(seeds), measuring, worlds, store)
    return study.run(place or Processes(), enough, progress or _nobody)


class _Study:
    """One call of `replicate`: what there is to do, and what has been found."""

    def __init__(
        self,
        variants: tuple[Variant, ...],
        seeds: tuple[int, ...],
        measuring: Measuring,
        worlds: Collection[str] | None,
        store: ReplicationStore | None,
    ):
        self._variants, self._seeds = variants, seeds
        self._measuring, self._worlds, self._store = measuring, worlds, store
        self._found: dict[tuple[str, int], Replication] = {}
        self._failures: list[Failure] = []
        self._keys: dict[tuple[str, int], str] = {}
        if store is not None:
            for variant in variants:
                key_of = fingerprint(variant, measuring, worlds)
                self._keys |= {(variant.name, seed): key_of(seed) for seed in seeds}
            for (name, seed), key in self._keys.items():
                if (kept := store.get(key)) is not None:
                    self._found[name, seed] = Replication(name, seed, kept)

    def run(
        self, place: Place, enough: Callable[[Replications], bool] | None, progress: Done
    ) -> Replications:
        jobs = self._jobs()
        for number, (run, seed) in enumerate(jobs):
            place.submit(number, partial(replication, run, seed, self._worlds, self._measuring))
        for run in {run.scenario.hash: run for run, _ in jobs}.values():
            load_what_worlds_share(run.scenario)
        whole, looked = len(self._variants) * len(self._seeds), 0
        progress(len(self._found), whole)
        try:
            looked, done = self._looked(enough, looked)
            if not done:
                for number, result in place.results():
                    self._take(*jobs[number], result)
                    progress(len(self._found) + self._lost(), whole)
                    looked, done = self._looked(enough, looked)
                    if done:
                        break
        finally:
            place.cancel()
        return self._result() if not done else self._result().first(looked)

    def _jobs(self) -> list[tuple[SystemRun, int]]:
        """What is still to be run, the first seeds first."""
        runs = system_runs(self._variants)
        jobs = []
        for seed, run in product(self._seeds, runs):
            open_ = tuple(v for v in run.variants if (v.name, seed) not in self._found)
            if open_:
                jobs.append((SystemRun(open_), seed))
        return jobs

    def _take(self, run: SystemRun, seed: int, result: object) -> None:
        names = tuple(variant.name for variant in run.variants)
        if isinstance(result, Exception):
            told = isinstance(result, MlsimError)
            error = str(result) if told else f"{type(result).__name__}: {result}"
            command = run.variants[0].command(seed)
            self._failures.append(Failure(names, seed, error, command))
            return
        assert isinstance(result, list), "what `replication` gives"
        self._found |= {(one.variant, one.seed): one for one in result}
        if self._store is not None:
            self._store.put({self._keys[r.variant, r.seed]: r.measures for r in result})

    def _looked(
        self, enough: Callable[[Replications], bool] | None, looked: int
    ) -> tuple[int, bool]:
        """Ask of the replications without a gap, one after the other, whether they are enough."""
        while enough is not None and looked < len(self._seeds) and self._over(looked):
            looked += 1
            if enough(self._result().first(looked)):
                return looked, True
        return looked, False

    def _over(self, number: int) -> bool:
        """Whether a replication has ended for every variant, one way or the other."""
        seed = self._seeds[number]
        failed = {(name, f.seed) for f in self._failures for name in f.variants}
        keys = ((variant.name, seed) for variant in self._variants)
        return all(key in self._found or key in failed for key in keys)

    def _lost(self) -> int:
        return sum(len(failure.variants) for failure in self._failures)

    def _result(self) -> Replications:
        order = {seed: number for number, seed in enumerate(self._seeds)}
        failures = tuple(sorted(self._failures, key=lambda f: (order[f.seed], f.variants)))
        return Replications(self._variants, self._seeds, dict(self._found), failures)


def _nobody(done: int, whole: int) -> None:
    """Wants no progress."""
