"""A recorded run judged by many variants of its monitoring, in parts side by side."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

from mlsim.errors import MlsimError, ScenarioError
from mlsim.measures.findings import Findings
from mlsim.monitoring.settings import PREFIX, divided
from mlsim.monitoring.spec import load_monitoring
from mlsim.scenario.document import read
from mlsim.studies.judging_again import Memories, judged_by
from mlsim.studies.measuring import measured
from mlsim.studies.paired import Done, Replications
from mlsim.studies.processes import Processes
from mlsim.studies.replication import Replication
from mlsim.studies.told import by_option
from mlsim.studies.variant import Variant

PART = 50
"""Variants that are judged in one go: few enough to see progress."""


class NotPassive(MlsimError):
    """A recorded run can't tell what a change of the system would have done."""


def judged_variants(
    findings: Findings, design: Mapping[str, Mapping[str, str]], progress: Done | None = None
) -> tuple[Replications, Sequence[Variant]]:
    """The run's measures at each point of a design over settings of its monitoring, by name.

    All points are read before any is judged. Raises MlsimError with their mistakes.
    """
    variants = _variants(findings, design)
    _judge_one(findings, variants[0])  # so that what wasn't recorded is told at once
    place, found = Processes(), dict[tuple[str, int], Replication]()
    parts = [variants[first : first + PART] for first in range(0, len(variants), PART)]
    try:
        for number, part in enumerate(parts):
            place.submit(number, partial(_judge, findings, part))
        for _, result in place.results():
            if isinstance(result, Exception):
                raise result
            found |= {(one.variant, one.seed): one for one in result}
            if progress is not None:
                progress(len(found), len(variants))
    finally:
        place.cancel()
    return Replications(tuple(variants), (findings.seed,), found), variants


def _variants(findings: Findings, design: Mapping[str, Mapping[str, str]]) -> list[Variant]:
    if findings.monitoring is None:
        raise NotPassive("the run was watched by nobody: it can't be judged by variants of that")
    reader, problems, found = cache(read), [], []
    tell = by_option("--vary", design)
    for name, point in design.items():
        system, watched = divided(point)
        if system:
            path = next(iter(system))
            raise NotPassive(
                f"--vary {path}: a recorded run can only be watched in other ways, by paths that "
                f"begin with {PREFIX}; name the scenario instead of the run to vary it"
            )
        try:
            file = findings.monitoring.path
            settings = {**findings.monitoring.settings, **watched}
            monitoring = load_monitoring(file, findings.scenario, settings, reader)
            found.append(Variant(name, findings.scenario, monitoring.passive()))
        except ScenarioError as error:
            problems += [tell(name, problem) for problem in error.problems]
    if problems:
        raise ScenarioError(dict.fromkeys(problems))
    return found


def _judge(
    findings: Findings, variants: Sequence[Variant], tell: Callable[[float], None]
) -> list[Replication]:
    memories: Memories = {}
    return [_judge_one(findings, variant, memories) for variant in variants]


def _judge_one(
    findings: Findings, variant: Variant, memories: Memories | None = None
) -> Replication:
    assert variant.monitoring is not None
    judged = judged_by(findings, variant.monitoring, memories)
    return Replication(variant.name, findings.seed, measured(judged))
