"""The monitoring file: what is scraped and checked, how often, and by which rules."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field

from mlsim.errors import Problem, ScenarioError, nearest
from mlsim.monitoring import checks as _checks  # noqa: F401  (makes its kinds known)
from mlsim.monitoring.checks.base import Check
from mlsim.monitoring.durations import Interval
from mlsim.monitoring.promql import parse, selectors
from mlsim.monitoring.promql.selectors import matchers_of
from mlsim.monitoring.rules import Rule, read_rules
from mlsim.scenario.document import Document, read
from mlsim.scenario.kinds import OfKind, Spec
from mlsim.scenario.units import Name
from mlsim.scenario.validation import check

CHECK_METRICS = ("data_check", "data_check_rows")


class MonitoringFile(Spec):
    """A monitoring file as it is written."""

    scrape_interval: Interval = 30.0
    """Time between two samples of every series."""
    evaluation_interval: Interval = 60.0
    """Time between two evaluations of the rules, unless their group says otherwise."""
    checks: dict[Name, Annotated[Check, OfKind("check")]] = Field(default_factory=dict)
    """Checks on data and models; their results are the metric `data_check`."""
    rule_files: tuple[str, ...] = ()
    """Prometheus rule files, in or under the folder of this file."""


@dataclass(frozen=True)
class Monitoring:
    """How a system is watched. Intervals in seconds; the rules in order of evaluation.

    texts: of the file and of its rule files, by their places in the file's folder.
    """

    path: Path
    scrape_interval: float
    evaluation_interval: float
    checks: Mapping[str, Check]
    rules: tuple[Rule, ...]
    texts: Mapping[str, str] = field(default_factory=dict)


def load_monitoring(path: str | Path) -> Monitoring:
    """Read a monitoring file and its rule files.

    Raises: ScenarioError with the mistakes of the file, or else with those of all rule files.
    """
    document = read(path)
    spec = check(document, MonitoringFile)
    paths = _paths_of_rules(document, spec)
    rules = read_rules(paths)
    if problems := list(_unknown_checks(rules, spec.checks)):
        raise ScenarioError(problems)
    texts = {document.path.name: document.text}
    texts |= {name: read(p).text for name, p in zip(spec.rule_files, paths, strict=True)}
    return Monitoring(
        Path(path), spec.scrape_interval, spec.evaluation_interval, spec.checks, rules, texts
    )


def _paths_of_rules(document: Document, spec: MonitoringFile) -> list[Path]:
    """The rule files. A monitoring file from elsewhere must not read other files of the reader."""
    folder = document.path.resolve().parent
    places = list(enumerate(spec.rule_files))
    if outside := [p for p in places if not (folder / p[1]).resolve().is_relative_to(folder)]:
        message = "must stay inside the folder of the monitoring file (got '{}')"
        raise ScenarioError(
            document.problem(("rule_files", number), message.format(name))
            for number, name in outside
        )
    return [document.path.parent / name for _, name in places]


def _unknown_checks(rules: Iterable[Rule], known: Mapping[str, Check]) -> Iterator[Problem]:
    """Rules about a check that doesn't exist: they would stay silent forever."""
    for rule in rules:
        about_checks = (s for s in selectors(parse(rule.expr)) if s.name in CHECK_METRICS)
        for matcher in (m for selector in about_checks for m in matchers_of(selector)):
            if (matcher.label, matcher.operator) == ("check", "=") and matcher.value not in known:
                name = matcher.value
                yield rule.problem(f"no check is called '{name}'", nearest(name, known))
