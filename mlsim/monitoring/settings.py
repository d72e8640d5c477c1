"""Other values for a monitoring file and its rule files, by paths that begin with `monitoring.`.

`monitoring.checks.fever.max` and `monitoring.evaluation_interval` stand in the monitoring file.
`monitoring.rules.HighLatency.for` stands in whichever rule file has the alert; beside a rule's own
keys there are two short ways into its expression:

threshold: the number after the first comparison. window: the length of every range, as in `[5m]`.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from mlsim.errors import Problem, ScenarioError, nearest
from mlsim.scenario.document import Document
from mlsim.scenario.refusal import got

PREFIX = "monitoring."
RULES = "rules."
_QUOTED = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\{(?:[^{}\"']|\"(?:[^\"\\]|\\.)*\"|'[^']*')*\}"
_THRESHOLD = re.compile(rf"({_QUOTED})|((?:[<>]=?|==|!=)\s*(?:bool\s+)?)(-?[\d.]+(?:e[+-]?\d+)?)\b")
_WINDOW = re.compile(rf"({_QUOTED})|\[[^\]:]+(:[^\]]*)?\]")


def divided(settings: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """The settings of the scenario, and those of its monitoring without their prefix.

    >>> divided({"horizon": "7d", "monitoring.rules.Busy.for": "5m"})
    ({'horizon': '7d'}, {'rules.Busy.for': '5m'})
    """
    own = {p.removeprefix(PREFIX): v for p, v in settings.items() if p.startswith(PREFIX)}
    return {p: v for p, v in settings.items() if not p.startswith(PREFIX)}, own


def of_file(document: Document, settings: Mapping[str, object]) -> Document:
    """The monitoring file with the settings that stand in it; raises ScenarioError."""
    return document.with_({p: v for p, v in settings.items() if not p.startswith(RULES)})


def of_rules(
    documents: Sequence[Document], settings: Mapping[str, object]
) -> tuple[list[Document], dict[str, str]]:
    """The rule files with the settings that stand in them; raises ScenarioError.

    Beside them, how mistakes would call each setting, and how it was given (see `as_given`).
    """
    changed, given = list(documents), {}
    for path, value in settings.items():
        if path.startswith(RULES):
            alert, _, key = path.removeprefix(RULES).rpartition(".")
            for number, place, rule in _rules_called(changed, alert, path, value):
                way = _SHORT_WAYS.get(key)
                inner = f"{place}.{key}" if way is None else f"{place}.expr"
                new = value if way is None else way(rule, path, value)
                changed[number] = changed[number].with_({inner: new})
                text = changed[number].settings[inner]
                given[f"--set {inner}={text}"] = f"--set {PREFIX}{path}={value}"
    return changed, given


def as_given(problems: Iterable[Problem], given: Mapping[str, str]) -> list[Problem]:
    """Mistakes of settings, told as people gave them."""
    return [replace(one, file=_given(one.file, given)) for one in problems]


def _given(file: str, given: Mapping[str, str]) -> str:
    if not file.startswith("--set ") or file.startswith(f"--set {PREFIX}"):
        return file
    return given.get(file, file.replace("--set ", f"--set {PREFIX}", 1))


def _rules_called(
    documents: Sequence[Document], alert: str, path: str, value: object
) -> list[tuple[int, str, Mapping[str, object]]]:
    """The rules of that name: number of the document, place in it, and what stands there."""
    known: list[str] = []
    found = []
    for number, document in enumerate(documents):
        for place, rule in _all_rules(document):
            name = str(rule.get("alert", rule.get("record", "")))
            known.append(name)
            if name == alert:
                found.append((number, place, rule))
    if not found:
        raise _wrong(path, value, f"no rule is called '{alert}'", nearest(alert, known))
    return found


def _all_rules(document: Document) -> list[tuple[str, Mapping[str, object]]]:
    data = document.data
    groups = data.get("groups") if isinstance(data, dict) else None
    found: list[tuple[str, Mapping[str, object]]] = []
    for g, group in enumerate(groups if isinstance(groups, list) else ()):
        rules = group.get("rules") if isinstance(group, dict) else None
        for r, rule in enumerate(rules if isinstance(rules, list) else ()):
            if isinstance(rule, dict):
                found.append((f"groups[{g}].rules[{r}]", rule))
    return found


def _with_threshold(rule: Mapping[str, object], path: str, value: object) -> str:
    try:
        float(str(value))
    except ValueError:
        raise _wrong(path, value, f"must be a number {got(value)}") from None
    changed, done = _replaced(_THRESHOLD, rule, lambda match: f"{match[2]}{value}", at_most=1)
    if not done:
        raise _wrong(path, value, "the rule's expression compares nothing with a number")
    return changed


def _with_window(rule: Mapping[str, object], path: str, value: object) -> str:
    changed, done = _replaced(_WINDOW, rule, lambda match: f"[{value}{match[2] or ''}]")
    if not done:
        raise _wrong(path, value, "the rule's expression has no range such as [5m]")
    return changed


def _replaced(
    pattern: re.Pattern[str],
    rule: Mapping[str, object],
    new: Callable[[re.Match[str]], str],
    at_most: float = math.inf,
) -> tuple[str, int]:
    """A rule's expression with other parts, outside of its texts and matchers; and how many."""
    done = 0

    def put(match: re.Match[str]) -> str:
        nonlocal done
        if match[1] or done >= at_most:
            return match[0]
        done += 1
        return new(match)

    return pattern.sub(put, str(rule.get("expr", ""))), done


_SHORT_WAYS: Mapping[str, Callable[[Mapping[str, object], str, object], str]] = {
    "threshold": _with_threshold,
    "window": _with_window,
}


def _wrong(path: str, value: object, message: str, suggestion: str = "") -> ScenarioError:
    return ScenarioError([Problem(f"--set {PREFIX}{path}={value}", 0, "", message, suggestion)])


def unwatched(settings: Mapping[str, object]) -> Problem:
    """The mistake of settings for a monitoring file where there is none."""
    path, value = next(iter(settings.items()))
    return Problem(
        f"--set {PREFIX}{path}={value}", 0, "", "there is no monitoring file to set it in"
    )
