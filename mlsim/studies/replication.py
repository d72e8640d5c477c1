"""One replication: a system run once under one seed, and judged by each variant that watches it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from mlsim.measures.findings import Findings
from mlsim.studies.judging_again import Memories, judged_by
from mlsim.studies.variant import SystemRun, Variant
from mlsim.studies.worlds import run_here

Measuring = Callable[[Findings], Mapping[str, Any]]
"""What is kept of a run: numbers by name, or whatever JSON can hold."""


@dataclass(frozen=True)
class Replication:
    """One variant under one seed. measures: numbers by name; NaN for what doesn't exist."""

    variant: str
    seed: int
    measures: Mapping[str, Any]


def replication(
    run: SystemRun,
    seed: int,
    worlds: Collection[str] | None,
    measuring: Measuring,
    tell: Callable[[float], None],
) -> list[Replication]:
    """Run the system once, in this process, and measure it for each of its variants.

    worlds: those to be run, by name; None for all. tell: is told the simulated time in seconds.
    """
    findings = run_here(run.scenario, run.monitoring, seed, worlds, tell)
    memories: Memories = {}
    return [
        Replication(variant.name, seed, dict(measuring(_seen_by(variant, run, findings, memories))))
        for variant in run.variants
    ]


def _seen_by(variant: Variant, run: SystemRun, findings: Findings, memories: Memories) -> Findings:
    """The run as one of its variants watches it."""
    if len(run.variants) == 1 or variant.monitoring is None:
        return findings
    return judged_by(findings, variant.monitoring, memories)
