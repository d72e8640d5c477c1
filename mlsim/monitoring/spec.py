"""The monitoring file: what is scraped and checked, by which rules, and what alerts set off."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from mlsim.errors import Problem, ScenarioError, nearest
from mlsim.monitoring import checks as _checks  # noqa: F401  (makes its kinds known)
from mlsim.monitoring.actions.rollback import Rollback
from mlsim.monitoring.checks.base import Check
from mlsim.monitoring.checks.runner import CHECK_METRICS
from mlsim.monitoring.durations import Interval
from mlsim.monitoring.promql import parse, selectors
from mlsim.monitoring.promql.selectors import matchers_of, offset_of
from mlsim.monitoring.rules import Rule, examined_rules, recorded_for
from mlsim.monitoring.settings import as_given, of_file, of_rules
from mlsim.scenario.document import Document, read
from mlsim.scenario.kinds import Mistake, OfKind, Spec
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.scenario.validation import examine


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
    actions: tuple[Rollback, ...] = ()
    """What alerts set off in the system while it runs."""


@dataclass(frozen=True)
class Monitoring:
    """How a system is watched. Intervals in seconds; the rules in order of evaluation.

    texts: of the file and of its rule files, by their places in the file's folder.
    settings: other values than the files have, by their paths without `monitoring.`.
    """

    path: Path
    scrape_interval: float
    evaluation_interval: float
    checks: Mapping[str, Check]
    rules: tuple[Rule, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    actions: tuple[Rollback, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)

    def passive(self) -> Self:
        """Itself, for judging what has happened already; raises ScenarioError if it acts."""
        if self.actions:
            message = "a configuration that acts has to be run: it would change what happened"
            raise ScenarioError([read(self.path).problem(("actions",), message)])
        return self


def load_monitoring(
    path: str | Path,
    scenario: Scenario | None = None,
    settings: Mapping[str, object] | None = None,
    reader: Callable[[Path], Document] = read,
) -> Monitoring:
    """Read a monitoring file and its rule files.

    scenario: what is to be watched; then it is also checked that the file fits it. settings: other
    values (see `mlsim.monitoring.settings`). reader: reads each file.
    Raises: ScenarioError with the mistakes of all these files.
    """
    given: dict[str, str] = {}
    try:
        document = of_file(reader(Path(path)), settings or {})
        return _loaded(document, scenario, settings or {}, reader, given)
    except ScenarioError as error:
        raise ScenarioError(as_given(error.problems, given)) from None


def _loaded(
    document: Document,
    scenario: Scenario | None,
    settings: Mapping[str, object],
    reader: Callable[[Path], Document],
    given: dict[str, str],
) -> Monitoring:
    checked = examine(document, MonitoringFile)
    spec = checked.value or checked.whole()
    checked = checked.with_mistakes(_misplaced_rule_files(document, spec))
    if scenario is not None:
        checked = checked.with_mistakes(_misfits(spec, scenario))
    names = [name for name in spec.rule_files if _is_beside(document.path, name)]
    files, problems = _read_all([document.path.parent / name for name in names], reader)
    files, names_given = of_rules(files, settings)
    given |= names_given
    rules, wrong = examined_rules(files)
    problems += (*wrong, *checked.problems, *_unknown_checks(rules, _named(document, "checks")))
    problems += tuple(_unknown_alerts(document, spec.actions, rules))
    problems += tuple(_foreseeing(spec.actions, rules))
    if problems:
        raise ScenarioError(problems)
    texts = {document.path.name: document.as_text()}
    texts |= {name: file.as_text() for name, file in zip(names, files, strict=True)}
    return Monitoring(
        document.path,
        spec.scrape_interval,
        spec.evaluation_interval,
        spec.checks,
        rules,
        texts,
        spec.actions,
        dict(settings),
    )


def _read_all(
    paths: Iterable[Path], reader: Callable[[Path], Document]
) -> tuple[list[Document], list[Problem]]:
    """The files that can be read, and why the others can't."""
    documents: list[Document] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            documents.append(reader(path))
        except ScenarioError as error:
            problems += error.problems
    return documents, problems


def _is_beside(file: Path, name: str) -> bool:
    """Whether a rule file lies in or under the folder of the monitoring file.

    A monitoring file from elsewhere must not read other files of the reader.
    """
    folder = file.resolve().parent
    return (folder / name).resolve().is_relative_to(folder)


def _misplaced_rule_files(document: Document, spec: MonitoringFile) -> Iterator[Mistake]:
    for number, name in enumerate(spec.rule_files):
        if not _is_beside(document.path, name):
            message = f"must stay inside the folder of the monitoring file (got '{name}')"
            yield ("rule_files", number), message, ""


def _misfits(spec: MonitoringFile, scenario: Scenario) -> Iterator[Mistake]:
    """What can't be watched in this scenario."""
    for name, check in spec.checks.items():
        for place, message, suggestion in check.problems(scenario, name):
            yield ("checks", name, *place), message, suggestion
    for number, action in enumerate(spec.actions):
        for place, message, suggestion in action.problems(scenario, f"actions[{number}]"):
            yield ("actions", number, *place), message, suggestion


def _named(document: Document, key: str) -> tuple[str, ...]:
    """The names under a key of the file, readable or not."""
    entries = document.data.get(key) if isinstance(document.data, dict) else None
    return tuple(entries) if isinstance(entries, dict) else ()


def _unknown_checks(rules: Iterable[Rule], known: Collection[str]) -> Iterator[Problem]:
    """Rules about a check that doesn't exist: they would stay silent forever."""
    for rule in rules:
        about_checks = (s for s in selectors(parse(rule.expr)) if s.name in CHECK_METRICS)
        for matcher in (m for selector in about_checks for m in matchers_of(selector)):
            if (matcher.label, matcher.operator) == ("check", "=") and matcher.value not in known:
                name = matcher.value
                yield rule.problem(f"no check is called '{name}'", nearest(name, known))


def _unknown_alerts(
    document: Document, actions: Iterable[Rollback], rules: Iterable[Rule]
) -> Iterator[Problem]:
    """Actions on an alert that no rule gives."""
    alerts = {rule.name for rule in rules if rule.alert}
    for number, action in enumerate(actions):
        if action.alert not in alerts:
            message = f"no rule gives the alert '{action.alert}'"
            near = nearest(action.alert, alerts)
            yield document.problem(("actions", number, "alert"), message, near)


def _foreseeing(actions: Iterable[Rollback], rules: Sequence[Rule]) -> Iterator[Problem]:
    """Rules that act, or that those read, and look at what is still to come: nobody knows it."""
    called = {action.alert for action in actions}
    told: set[int] = set()
    for acting in (rule for rule in rules if rule.alert and rule.name in called):
        for rule in (acting, *recorded_for(acting, rules)):
            ahead = any(offset_of(selector) < 0 for selector in selectors(parse(rule.expr)))
            if ahead and id(rule) not in told:
                told.add(id(rule))
                message = f"must not look ahead: {acting.name} acts on what is known by then"
                yield rule.problem(message)
