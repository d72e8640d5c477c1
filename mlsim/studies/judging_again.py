"""Judges a run that is over by another monitoring file, without running its system again."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mlsim.errors import MlsimError
from mlsim.measures.findings import Findings
from mlsim.measures.record import Record
from mlsim.monitoring.checks.base import Check
from mlsim.monitoring.checks.runner import CHECK_METRICS, Checks
from mlsim.monitoring.judging import judge
from mlsim.monitoring.memory import Memory
from mlsim.monitoring.spec import Monitoring
from mlsim.scenario.spec import Scenario
from mlsim.studies.recorded_rows import RecordedRows
from mlsim.studies.variant import Variant
from mlsim.system.collector import Collector
from mlsim.telemetry.labels import METRIC_NAME, canonical
from mlsim.telemetry.store import SeriesStore


class NotRecorded(MlsimError):
    """The run hasn't kept what a monitoring file needs to know."""


Memories = dict[int, Memory]
"""What is known of each record's series, by the record's identity."""


def judged_by(
    findings: Findings, monitoring: Monitoring, memories: Memories | None = None
) -> Findings:
    """The same run under another monitoring file.

    Rules are evaluated over the recorded series. A check that the run has done already keeps its
    results; another one is done on the rows that reached the collectors, in each world.
    memories: empty at first, and used again for other files on the same findings, which then take
    the time of the rules that differ alone.
    Raises NotRecorded without such rows, or for another scrape interval than that of the run, and
    ScenarioError for a file whose rules act: they would have changed what happened.
    """
    monitoring.passive()
    done = findings.monitoring.checks if findings.monitoring else {}
    known = {name: _same(check, done) for name, check in monitoring.checks.items()}
    new = {name: monitoring.checks[name] for name, old in known.items() if old is None}
    _refuse_if_not_recorded(findings, monitoring, new)
    again: dict[int, Record] = {}
    for record in findings.records.values():
        if id(record) not in again:
            store, memory = record.store, None
            if memories is not None and done == monitoring.checks:
                memory = memories.setdefault(id(record), Memory())
            else:
                store = _without_checks(record.store)
                _copy_checks(record.store, store, {n: old for n, old in known.items() if old})
                _add_checks(record, store, findings.scenario, new)
            alerts = judge(
                monitoring.rules,
                store,
                0.0,
                findings.scenario.horizon,
                monitoring.evaluation_interval,
                memory=memory,
            )
            again[id(record)] = replace(record, store=store, alerts=alerts)
    records = {name: again[id(record)] for name, record in findings.records.items()}
    return replace(findings, monitoring=monitoring, records=records)


def _same(check: Check, done: Mapping[str, Check]) -> str | None:
    """The name under which the run has done the same check."""
    return next((name for name, other in done.items() if other == check), None)


def _refuse_if_not_recorded(
    findings: Findings, monitoring: Monitoring, new: Mapping[str, Check]
) -> None:
    times = findings.run.store.times
    interval = round(float(np.diff(times[:2])[0]), 3) if times.size > 1 else 0.0
    if interval and interval != monitoring.scrape_interval:
        raise NotRecorded(
            f"{monitoring.path}: scrape_interval: the run was scraped every {interval:g}s "
            f"(got {monitoring.scrape_interval:g}s); run it again under this file"
        )
    if new and any("rows" not in record.tables for record in findings.records.values()):
        names = ", ".join(f"'{name}'" for name in new)
        raise NotRecorded(
            f"{monitoring.path}: checks: the run has neither done {names} nor kept the rows to do "
            f"it on; {_recording(findings)} keeps them"
        )


def _recording(findings: Findings) -> str:
    """The command line that makes the run again and keeps the rows."""
    command = Variant("", findings.scenario, findings.monitoring).command(findings.seed)
    return f"`{command} --record rows`"


def _without_checks(store: SeriesStore) -> SeriesStore:
    rest = SeriesStore(store.times)
    for series in store:
        if dict(series.labels)[METRIC_NAME] not in CHECK_METRICS:
            rest.keep(series)
    return rest


def _copy_checks(source: SeriesStore, target: SeriesStore, names: Mapping[str, str]) -> None:
    """Add the results of checks that were done under perhaps other names: new name to old one."""
    for new, old in names.items():
        for series in source:
            labels = dict(series.labels)
            if labels[METRIC_NAME] in CHECK_METRICS and labels["check"] == old:
                renamed = canonical({**labels, "check": new})
                target.keep(replace(series, labels=renamed))


def _add_checks(
    record: Record,
    store: SeriesStore,
    scenario: Scenario,
    new: Mapping[str, Check],
) -> None:
    """Do the checks that the run hasn't done on the rows that it has kept."""
    if not new:
        return
    rows = record.tables["rows"].frame()
    collectors = [name for name, spec in scenario.system.items() if isinstance(spec, Collector)]
    runner = Checks(new, collectors, scenario.horizon)
    for collector, own in rows.groupby("collector", observed=True):
        runner.on_collected(str(collector), RecordedRows(scenario, own))
    runner.write(store)
