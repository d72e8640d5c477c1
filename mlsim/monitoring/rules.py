"""Prometheus rule files: alerting and recording rules, checked before anything runs."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from mlsim.errors import Problem, ScenarioError
from mlsim.monitoring.durations import PrometheusDuration, PrometheusInterval
from mlsim.monitoring.promql import PromqlError, metrics_read, parse, selectors
from mlsim.monitoring.templates import annotation_template, label_template
from mlsim.scenario.document import Document, read
from mlsim.scenario.kinds import Mistake, Spec
from mlsim.scenario.refusal import Refusal, got
from mlsim.scenario.units import Quantity
from mlsim.scenario.validation import Checked, examine


@dataclass(frozen=True)
class Rule:
    """One rule of a rule file.

    file, line: where its expression stands.
    group: name of its group. interval: of the group in seconds, None for the general one.
    alert: whether it is an alerting rule; else it records the series `name`.
    name: of the alert or of the recorded series.
    hold, keep: seconds for which an alert stays pending, and goes on firing (`for`,
    `keep_firing_for`).
    labels, annotations: templates by name.
    """

    file: str
    line: int
    group: str
    interval: float | None
    alert: bool
    name: str
    expr: str
    hold: float
    keep: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    def problem(self, message: str, suggestion: str = "") -> Problem:
        """A mistake in this rule's expression."""
        return Problem(self.file, self.line, self.name, message, suggestion)


def read_rules(paths: Iterable[Path]) -> tuple[Rule, ...]:
    """The rules of several files, in the order in which they are evaluated.

    Raises: ScenarioError with the mistakes of all files.
    """
    rules, problems = examined_rules(map(read, paths))
    if problems:
        raise ScenarioError(problems)
    return rules


def examined_rules(documents: Iterable[Document]) -> tuple[tuple[Rule, ...], list[Problem]]:
    """The rules of several files as far as they could be read, and all mistakes."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    for document in documents:
        checked = examine(document, RuleFile)
        if checked.value is not None:
            checked = checked.with_mistakes(_doubled_groups(checked.value))
            rules += _rules_of(checked)
        problems += checked.problems
    return tuple(rules), [*problems, *_misplaced(rules)]


def _expression(value: object) -> str:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise Refusal(f"must be a PromQL expression {got(value)}")
    try:
        parse(str(value))
    except PromqlError as error:
        raise Refusal(error.message, error.suggestion) from None
    return str(value)


def _metric_name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-zA-Z_:][\w:]*", value):
        raise Refusal(f"must be the name of a metric {got(value)}")
    return value


def _label_name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-zA-Z_]\w*", value):
        raise Refusal(f"must be the name of a label {got(value)}")
    return value


LabelName = Annotated[str, Quantity("the name of a label", _label_name)]
LabelTemplate = Annotated[str, Quantity("text", label_template)]
AnnotationTemplate = Annotated[str, Quantity("text", annotation_template)]


class RuleSpec(Spec):
    """A rule as it stands in the file: `alert` or `record`, and an expression."""

    alert: str | None = Field(None, min_length=1)
    record: Annotated[str, Quantity("the name of a metric", _metric_name)] | None = None
    expr: Annotated[str, Quantity("a PromQL expression", _expression)]
    hold: PrometheusDuration = Field(0.0, alias="for")
    keep: PrometheusDuration = Field(0.0, alias="keep_firing_for")
    labels: dict[LabelName, LabelTemplate] = Field(default_factory=dict)
    annotations: dict[LabelName, AnnotationTemplate] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_one_of_two(self) -> "RuleSpec":
        if (self.alert is None) == (self.record is None):
            raise Refusal("must be either an alert or a record")
        if self.record and (self.hold or self.keep or self.annotations):
            raise Refusal("a record has no for, keep_firing_for or annotations")
        return self


class GroupSpec(Spec):
    """Rules that are evaluated one after the other at the same instants."""

    name: str = Field(min_length=1)
    interval: PrometheusInterval | None = None
    rules: tuple[RuleSpec, ...]


class RuleFile(Spec):
    """A Prometheus rule file."""

    groups: tuple[GroupSpec, ...]


def _doubled_groups(file: RuleFile) -> Iterator[Mistake]:
    names: set[str] = set()
    for g, group in enumerate(file.groups):
        if group.name in names:
            yield ("groups", g, "name"), f"group '{group.name}' stands twice in this file", ""
        names.add(group.name)


def _rules_of(checked: Checked[RuleFile]) -> Iterator[Rule]:
    for g, group in enumerate(checked.value.groups if checked.value else ()):
        for r, rule in enumerate(group.rules):
            yield Rule(
                file=str(checked.document.path),
                line=checked.line(("groups", g, "rules", r, "expr")),
                group=group.name,
                interval=group.interval,
                alert=rule.alert is not None,
                name=rule.alert or rule.record or "",
                expr=rule.expr,
                hold=rule.hold,
                keep=rule.keep,
                labels=rule.labels,
                annotations=rule.annotations,
            )


def _misplaced(rules: Sequence[Rule]) -> Iterator[Problem]:
    """Rules that read what isn't there when their turn comes."""
    records = {rule.name: place for place, rule in enumerate(rules) if not rule.alert}
    for place, rule in enumerate(rules):
        for name in sorted({s.name for s in selectors(parse(rule.expr)) if s.name}):
            if records.get(name, -1) >= place:
                yield rule.problem(f"reads '{name}', which is recorded only at or after this rule")
            if name in ("ALERTS", "ALERTS_FOR_STATE"):
                yield rule.problem(f"reads '{name}': alerts are not kept as series")


def recorded_for(rule: Rule, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The recording rules whose results a rule reads, or whose results those read, in order."""
    chain: list[Rule] = []
    wanted = metrics_read(parse(rule.expr))
    for earlier in reversed(rules[: rules.index(rule)]):
        if not earlier.alert and (wanted is None or earlier.name in wanted):
            chain.insert(0, earlier)
            wanted = union_of_metrics([wanted, metrics_read(parse(earlier.expr))])
    return tuple(chain)


def union_of_metrics(metrics: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    """All of these metrics; None stands for every metric there is."""
    known = [names for names in metrics if names is not None]
    return frozenset().union(*known) if len(known) == len(metrics) else None
