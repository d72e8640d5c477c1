"""Coverage: which watcher notices which fault, over replications."""

import math
from collections.abc import Iterable
from itertools import groupby

import pandas as pd

from mlsim.measures.findings import WEEK
from mlsim.measures.watchers import Notice
from mlsim.studies.intervals import of_share
from mlsim.studies.measuring import FALSE_ALARMS, NOTICES
from mlsim.studies.replication import Replication
from mlsim.studies.survival import median_time

COLUMNS = (
    *("fault", "kind", "watcher", "runs", "detected", "detected_low", "detected_high"),
    *("median_s", "median_low_s", "median_high_s", "false_alarms_per_week"),
)


def coverage_table(
    replications: Iterable[Replication], horizon: float, level: float = 0.95
) -> pd.DataFrame:
    """One row per fault and watcher, over the replications of one variant.

    kind: `anybody`, `rule` or `check`. detected: the share of runs, with Wilson's interval.
    median_s: time to detect in seconds, with its interval (see `mlsim.studies.survival`); inf
    where less than half of the runs have noticed. false_alarms_per_week: of a rule in the twins,
    or of all rules. horizon: of a run, in seconds.
    """
    runs = list(replications)
    false = _false_alarms(runs, horizon)
    found = [Notice(*notice) for run in runs for notice in run.measures[NOTICES]]
    order = {key: number for number, key in enumerate(dict.fromkeys(map(_key, found)))}
    found.sort(key=lambda notice: order[_key(notice)])
    rows = [
        (*key, *_row(list(group), level), false.get(key[1:], math.nan))
        for key, group in groupby(found, _key)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _key(notice: Notice) -> tuple[str, str, str]:
    return notice.fault, notice.kind, notice.watcher


def _row(group: list[Notice], level: float) -> tuple[float, ...]:
    noticed = [math.isfinite(notice.seconds) for notice in group]
    times = [min(notice.seconds, notice.observed) for notice in group]
    share = of_share(sum(noticed), len(group), level)
    return (len(group), *share, *median_time(times, noticed, level))


def _false_alarms(runs: list[Replication], horizon: float) -> dict[tuple[str, str], float]:
    """Per week, by kind and watcher."""
    weeks = len(runs) * horizon / WEEK
    counts: dict[tuple[str, str], float] = {}
    for run in runs:
        for rule, count in run.measures[FALSE_ALARMS].items():
            for key in (("rule", rule), ("anybody", "anybody")):
                counts[key] = counts.get(key, 0.0) + count / weeks
    return counts
