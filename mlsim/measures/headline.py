"""Headline measures: the numbers of one run that a study compares, each under a name.

outcome.<outcome>: what came together in the world with all faults.
harm.<outcome>: the same minus the twin's.
cost, harm: what all outcomes that have a price cost, and that minus the twin's.
answered.<client>, attempts.<client>: of a client with a timeout the percentage of its requests that
were answered, and how often each was tried on the average.
latency.<client>.p50, p95, p99: milliseconds until the answer, of what was answered.
detected.<fault>: 1 if an alert is due to the fault, else 0.
unnoticed.<fault>: seconds from its onset to the first alert that is due to it; to the horizon where
nobody noticed, so that a mean over runs has no gaps.
cost_before_alert.<fault>: what it had cost by then, in its own world.
false_alarms_per_week: alerts that fired in the twin, where nothing was wrong.
pages_per_week, tickets_per_week: alerts of that severity in the world with all faults.
false_alarms_in_run, pages_in_run, tickets_in_run: the same of runs of less than a day, from which
nothing follows for a week.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mlsim.measures.damage import until
from mlsim.measures.findings import ALL, TWIN, Findings
from mlsim.measures.record import Record
from mlsim.scenario.spec import Outcome, Scenario
from mlsim.system.client import Client

DAY = 86400.0
_QUANTILES = (50, 95, 99)


@dataclass(frozen=True)
class Measure:
    """One headline measure: how it is computed, and how people read it.

    worlds: the worlds of the run that it needs. unit: "" for a plain number, "share" for one that
    is 0 or 1 in each run, "s" for seconds.
    """

    name: str
    title: str
    unit: str
    worlds: frozenset[str]
    of: Callable[[Findings], float]

    @property
    def family(self) -> str:
        """The first word of its name: `harm` of `harm.missed_infections`."""
        return self.name.partition(".")[0]


def headline(findings: Findings) -> dict[str, float]:
    """All headline measures of a run by name, as far as its worlds were run."""
    worlds = frozenset(findings.records)
    found = measures_of(findings.scenario, watched=findings.monitoring is not None)
    return {m.name: float(m.of(findings)) for m in found.values() if m.worlds <= worlds}


def measures_of(scenario: Scenario, watched: bool) -> dict[str, Measure]:
    """The headline measures that runs of a scenario have; `watched`: under a monitoring file."""
    watching = _of_watching(scenario) if watched else ()
    found = [*_of_outcomes(scenario), *_of_clients(scenario), *watching]
    return {measure.name: measure for measure in found}


def _of_outcomes(scenario: Scenario) -> Iterator[Measure]:
    outcomes = scenario.outcomes
    currency = next((o.cost.currency for o in outcomes.values() if o.cost), "")
    broken = any(fault.at < scenario.horizon for fault in scenario.faults)
    both = frozenset({ALL, TWIN})
    if currency:
        yield Measure("cost", "Cost of all outcomes", currency, frozenset({ALL}), _cost)
        if broken:
            yield Measure("harm", "Harm: cost of the faults", currency, both, _harm)
    for name, outcome in outcomes.items():
        title = outcome.title or name.replace("_", " ")
        unit = outcome.unit
        yield Measure(f"outcome.{name}", title, unit, frozenset({ALL}), _Outcome(name))
        if broken:
            because = f"Harm: {title.lower()}"
            yield Measure(f"harm.{name}", because, unit, both, _Harm(name))


def _of_clients(scenario: Scenario) -> Iterator[Measure]:
    """Of clients that don't wait for ever: the others are answered sooner or later."""
    alone = frozenset({ALL})
    for name, client in scenario.system.items():
        if not isinstance(client, Client) or math.isinf(client.timeout):
            continue
        yield Measure(f"answered.{name}", f"Answered: {name}", "%", alone, _Answered(name))
        title = f"Attempts per request: {name}"
        yield Measure(f"attempts.{name}", title, "", alone, _Attempts(name))
        for q in _QUANTILES:
            title = f"{q}% of answers within: {name}"
            yield Measure(f"latency.{name}.p{q}", title, "ms", alone, _Latency(name, f"p{q}_s"))


def _of_watching(scenario: Scenario) -> Iterator[Measure]:
    begun = [fault for fault in scenario.faults if fault.at < scenario.horizon]
    priced = [o.cost.currency for o in scenario.outcomes.values() if o.cost]
    for fault in begun:
        own, said = fault.called, fault.called.replace("_", " ")
        worlds = frozenset({TWIN, own if len(begun) > 1 else ALL})
        yield Measure(f"detected.{own}", f"Noticed: {said}", "share", worlds, _Detected(own))
        title = f"Time until noticed, or to the end: {said}"
        yield Measure(f"unnoticed.{own}", title, "s", worlds, _Unnoticed(own))
        if priced:
            title = f"Cost before the first alert: {said}"
            name = f"cost_before_alert.{own}"
            yield Measure(name, title, priced[0], worlds, _CostBefore(own))
    twin = frozenset({TWIN})
    per = "in the run" if _is_short(scenario) else "per week"
    title = f"False alarms {per}" if begun else f"Alerts {per}, without a fault"
    short = per.replace(" the ", " ").replace(" ", "_")
    yield Measure(f"false_alarms_{short}", title, "", twin, _false_alarms)
    for severity in ("page", "ticket"):
        name, title = f"{severity}s_{short}", f"{severity.capitalize()}s {per}"
        yield Measure(name, title, "", frozenset({ALL}), _Severity(severity))


def cost_of(record: Record, outcomes: dict[str, Outcome]) -> float:
    """What the outcomes of a world cost that have a price."""
    return sum(
        float(record.totals[name].sum()) * outcome.cost.amount
        for name, outcome in outcomes.items()
        if outcome.cost
    )


def _cost(findings: Findings) -> float:
    return cost_of(findings.run, findings.scenario.outcomes)


def _harm(findings: Findings) -> float:
    outcomes = findings.scenario.outcomes
    return cost_of(findings.run, outcomes) - cost_of(findings.records[TWIN], outcomes)


@dataclass(frozen=True)
class _Outcome:
    name: str

    def __call__(self, findings: Findings) -> float:
        return float(findings.run.totals[self.name].sum())


@dataclass(frozen=True)
class _Harm:
    name: str

    def __call__(self, findings: Findings) -> float:
        run, twin = findings.run, findings.records[TWIN]
        return float(run.totals[self.name].sum() - twin.totals[self.name].sum())


@dataclass(frozen=True)
class _Detected:
    fault: str

    def __call__(self, findings: Findings) -> float:
        return float(findings.first_alert(self.fault) is not None)


@dataclass(frozen=True)
class _Unnoticed:
    fault: str

    def __call__(self, findings: Findings) -> float:
        first = findings.first_alert(self.fault)
        end = findings.scenario.horizon if first is None else float(first["firing_s"])
        return end - findings.faults[self.fault].at


@dataclass(frozen=True)
class _CostBefore:
    fault: str

    def __call__(self, findings: Findings) -> float:
        first = findings.first_alert(self.fault)
        alert = math.inf if first is None else float(first["firing_s"])
        own, twin = findings.alone(self.fault), findings.records[TWIN]
        return sum(
            until(own.totals[name] - twin.totals[name], own.step, alert) * outcome.cost.amount
            for name, outcome in findings.scenario.outcomes.items()
            if outcome.cost
        )


@dataclass(frozen=True)
class _Answered:
    client: str

    def __call__(self, findings: Findings) -> float:
        row = _client(findings, self.client)
        return 100.0 * row["ended"]["ok"] / row["requests"] if row["requests"] else math.nan


@dataclass(frozen=True)
class _Attempts:
    client: str

    def __call__(self, findings: Findings) -> float:
        row = _client(findings, self.client)
        return row["attempts"] / row["requests"] if row["requests"] else math.nan


@dataclass(frozen=True)
class _Latency:
    client: str
    quantile: str

    def __call__(self, findings: Findings) -> float:
        seconds = _client(findings, self.client)[self.quantile]
        return math.nan if seconds is None else 1000.0 * seconds


def _client(findings: Findings, name: str) -> dict[str, Any]:
    return next(row for row in findings.run.components if row["name"] == name)


def _false_alarms(findings: Findings) -> float:
    return _counted(findings, findings.records[TWIN].fired)


@dataclass(frozen=True)
class _Severity:
    severity: str

    def __call__(self, findings: Findings) -> float:
        fired = findings.run.fired
        return _counted(findings, fired[fired["severity"] == self.severity])


def _counted(findings: Findings, alerts: pd.DataFrame) -> float:
    """How many alerts these are: a week, in runs of a day and more."""
    return float(len(alerts)) if _is_short(findings.scenario) else findings.per_week(alerts)


def _is_short(scenario: Scenario) -> bool:
    """Whether a run is less than a day, from which nothing follows for a week."""
    return scenario.horizon < DAY


def worlds_needed(measures: Iterable[Measure]) -> frozenset[str]:
    """The worlds of a run that some measures need; that of all faults is always among them."""
    return frozenset({ALL}).union(*(measure.worlds for measure in measures))
