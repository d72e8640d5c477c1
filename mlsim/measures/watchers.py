"""Who noticed a fault: each rule, each check by the rules about it, and anybody at all."""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from mlsim.measures.findings import Findings

ANYBODY = "anybody"
RULE, CHECK = "rule", "check"
_CHECK_LABEL = re.compile(r'\bcheck="((?:[^"\\]|\\.)*)"')


class Notice(NamedTuple):
    """Whether one watcher noticed one fault in one run.

    kind: `rule`, `check` (an alert about it was due to the fault) or `anybody`. seconds: from the
    onset to the first alert; inf if there was none before the horizon. observed: from the onset to
    the horizon.
    """

    fault: str
    kind: str
    watcher: str
    seconds: float
    observed: float


def notices(findings: Findings) -> list[Notice]:
    """All faults of a run by all that watches it; nothing without a twin or a monitoring file."""
    if findings.twin is None or findings.monitoring is None:
        return []
    return [notice for fault in findings.faults for notice in _of_fault(findings, fault)]


def _of_fault(findings: Findings, fault: str) -> Iterator[Notice]:
    assert findings.monitoring is not None
    onset = findings.faults[fault].at
    alerts = findings.alone(fault).alerts
    due = alerts[findings.due(fault)]
    observed = findings.scenario.horizon - onset

    def notice(kind: str, watcher: str, own: pd.DataFrame) -> Notice:
        first = float(own["firing_s"].min()) - onset if len(own) else math.inf
        return Notice(fault, kind, watcher, first, observed)

    yield notice(ANYBODY, ANYBODY, due)
    for rule in findings.rules["rule"]:
        yield notice(RULE, rule, due[due["rule"] == rule])
    about = due["labels"].str.extract(_CHECK_LABEL)[0] if len(due) else pd.Series(dtype=str)
    for check in findings.monitoring.checks:
        yield notice(CHECK, check, due[(about == check).to_numpy(dtype=bool)])


def false_alarms(findings: Findings) -> dict[str, int]:
    """How often each rule fired where nothing was wrong; nothing without a twin."""
    if findings.twin is None:
        return {}
    fired = findings.twin.fired.groupby("rule").size()
    return {rule: int(fired.get(rule, 0)) for rule in findings.rules["rule"]}
