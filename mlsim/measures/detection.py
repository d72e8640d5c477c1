"""Detection: which alerts are due to a fault, and how long they took.

An alert counts for a fault when it begins to fire in the fault's world, after the fault began, at a
time at which the same rule with the same labels isn't firing in the twin: without the fault nobody
would have been called at that time.
"""

import math
from collections import defaultdict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DAY = 86400.0


def attributable(alerts: pd.DataFrame, twin: pd.DataFrame, onset: float) -> NDArray[np.bool_]:
    """Which alerts of a fault's world are due to the fault; bool, one per row of `alerts`.

    alerts, twin: rows with `rule`, `labels`, `firing_s` (seconds, NaN if it never fired); of the
    twin also `resolved_s` (NaN if it fired to the end). onset: seconds.

    >>> own = pd.DataFrame({"rule": ["A", "A"], "labels": ["", ""], "firing_s": [60.0, 600.0]})
    >>> attributable(own, own.head(1).assign(resolved_s=120.0), onset=0.0)
    array([False,  True])
    """
    in_twin: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    fired = twin[["rule", "labels", "firing_s", "resolved_s"]].fillna({"resolved_s": math.inf})
    for rule, labels, begin, end in fired.itertuples(index=False):
        in_twin[rule, labels].append((begin, end))
    due = [
        firing >= onset and not any(begin <= firing < end for begin, end in in_twin[rule, labels])
        for rule, labels, firing in zip(
            alerts["rule"], alerts["labels"], alerts["firing_s"], strict=True
        )
    ]
    return np.array(due, dtype=bool)


def detection(
    fault: str,
    onset: float,
    rules: pd.DataFrame,
    due: pd.DataFrame,
    twin: pd.DataFrame | None,
    horizon: float,
) -> pd.DataFrame:
    """One row per alerting rule: did it notice the fault, how soon, and how often does it cry wolf.

    rules: `rule`, `severity` of every alerting rule. due: the alerts that are due to the fault.
    twin: all alerts of the twin, None if it wasn't run. onset, horizon: seconds.
    Gives fault, rule, severity, detected, onset_s, firing_s and time_to_detect_s (NaN if not
    detected), false_alarms (the twin's own firings) and false_alarms_per_day.
    """
    first = due.groupby("rule")["firing_s"].min()
    table = rules[["rule", "severity"]].copy()
    table.insert(0, "fault", fault)
    firing = table["rule"].map(first).astype(float)
    table["detected"] = firing.notna()
    table["onset_s"] = onset
    table["firing_s"] = firing
    table["time_to_detect_s"] = firing - onset
    table["false_alarms"] = false_alarms(table["rule"], twin)
    table["false_alarms_per_day"] = table["false_alarms"] / (horizon / DAY)
    return table


def false_alarms(rules: pd.Series, twin: pd.DataFrame | None) -> pd.Series:
    """How often each rule fired in the twin, where nothing was wrong; NaN without a twin."""
    if twin is None:
        return pd.Series(np.nan, rules.index)
    fired = twin.dropna(subset=["firing_s"]).groupby("rule").size()
    return rules.map(fired).fillna(0).astype(int)
