"""A study ready to run: everything it names has been read, so that mistakes are found before."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mlsim.measures.headline import Measure, worlds_needed
from mlsim.studies.choosing import chosen_measures
from mlsim.studies.designs import designed
from mlsim.studies.given import AS_IT_IS, variants_of
from mlsim.studies.measuring import measured
from mlsim.studies.paired import Done, Replications, replicate
from mlsim.studies.places import Place
from mlsim.studies.plan import Plan
from mlsim.studies.precision import Precision
from mlsim.studies.requirements import checked
from mlsim.studies.store import ReplicationStore
from mlsim.studies.told import by_line, by_option
from mlsim.studies.variant import Variant


@dataclass(frozen=True)
class Prepared:
    """A plan with its variants and measures. points: of a sweep, by the name of their variant."""

    plan: Plan
    variants: tuple[Variant, ...]
    measures: Mapping[str, Measure]
    points: Mapping[str, Mapping[str, str]]

    @property
    def seeds(self) -> range:
        """The seeds of its replications: the scenario's and those after it."""
        first = self.variants[0].scenario.seed
        return range(
            first, first + (self.plan.max_runs if self.plan.until else self.plan.replications)
        )

    @property
    def shares(self) -> frozenset[str]:
        """The measures that are 0 or 1 in each run."""
        return frozenset(name for name, m in self.measures.items() if m.unit == "share")

    @cached_property
    def precision(self) -> Precision | None:
        """When there have been enough; None for a fixed number of runs."""
        plan = self.plan
        if plan.until is None:
            return None
        baseline = self.variants[0].name
        return Precision(plan.until, baseline, tuple(self.measures), plan.level, self.shares)

    def carry_out(
        self,
        store: ReplicationStore | None = None,
        place: Place | None = None,
        progress: Done | None = None,
    ) -> Replications:
        """Run all that is not in the store."""
        worlds = None if self.plan.kind == "coverage" else worlds_needed(self.measures.values())
        return replicate(
            self.variants,
            self.seeds,
            measured,
            worlds,
            enough=self.precision,
            store=store,
            place=place,
            progress=progress,
        )


def prepare(plan: Plan, folder: Path = Path()) -> Prepared:
    """Read all that a plan names, its paths from `folder` on. Raises MlsimError with mistakes."""
    checked(plan.require)
    design = designed(plan.vary, plan.method, plan.samples) if plan.kind == "sweep" else {}
    given = design if plan.kind == "sweep" else _variants(plan, folder)
    monitoring = None if plan.monitoring is None else folder / plan.monitoring
    told = by_option("--vary", given) if plan.kind == "sweep" else None
    if plan.document is not None:
        told = by_line(plan.document, given)
    variants = variants_of(folder / plan.scenario, given, plan.set, monitoring, told)
    return Prepared(plan, variants, chosen_measures(variants, plan.measures), design)


def _variants(plan: Plan, folder: Path) -> dict[str, Any]:
    if plan.kind == "coverage":
        return {AS_IT_IS: None}
    return {
        name: folder / change if isinstance(change, str) and change != "." else change
        for name, change in plan.variants.items()
    }
