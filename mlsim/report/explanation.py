"""The path of a fault in words, a line for each thing that happened."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from mlsim.measures.explain import Step, explain
from mlsim.measures.findings import Findings
from mlsim.measures.footprint import BlastRadius
from mlsim.report import wording


def told(findings: Findings) -> Iterator[str]:
    """For every fault its path, in lines of text; empty lines between them."""
    if not findings.faults:
        yield "Nothing was broken in this run."
    for number, name in enumerate(findings.faults):
        if number:
            yield ""
        yield from _fault(findings, name)


def _fault(findings: Findings, name: str) -> Iterator[str]:
    start = findings.scenario.start.isoformat() if findings.scenario.start else None
    steps = explain(findings, name)
    lines = [(wording.moment(step.time_s, start), sentence(step)) for step in steps]
    if not any(step.stage == "alert" for step in steps):
        lines.append(("never", _unnoticed(findings)))
    lines += _extent(findings, name)
    width = max(len(when) for when, _ in lines)
    yield name
    yield from (f"  {when:<{width}}  {said}" for when, said in lines)


def _unnoticed(findings: Findings) -> str:
    if findings.twin is None:
        return "Who noticed can't be told: the twin was not run."
    return (
        "No alert that is due to it: nobody noticed." if findings.monitoring else "Nobody watches."
    )


def sentence(step: Step) -> str:
    """What one step says."""
    facts = step.facts
    match step.stage:
        case "fault":
            return f"The fault begins: {facts['title']}."
        case "first_row":
            return f"First wrong row: {_row(facts)}."
        case "reached":
            return f"It reaches {facts['component']}: {_row(facts)}."
        case "learned":
            return _learned(facts)
        case "symptom":
            amount = " ".join(filter(None, (wording.signed(facts["difference"]), facts["unit"])))
            return f"First symptom: {facts['title']} {amount} against the twin."
        case "alert":
            labels = f" {facts['labels']}" if facts["labels"].strip("{}") else ""
            said = f"First alert: {facts['rule']}{labels} ({facts['severity'] or 'no severity'})"
            waited = step.time_s - facts["pending_s"]
            held = f"; its condition has held for {wording.duration(waited)}" if waited > 0 else ""
            return f"{said}{held}."
        case "repair":
            return "It is up again, restarted." if facts["restarted"] else "The fault is repaired."
        case "last_row":
            models = wording.listed(facts["models"])
            by = f", by what {models} learned" if models else ""
            goes_on = "; then the run ends" if facts["goes_on"] else ""
            rows = wording.large(facts["rows"])
            return f"The last of {rows} rows touched after the repair{by}{goes_on}."


def _row(row: Mapping[str, Any]) -> str:
    if row["what"] == "delivery":
        return f"request {row['request']} arrives late, or once more"
    if row["what"] in ("late", "loss"):
        how = "never" if row["what"] == "loss" else f"{wording.duration(row['value'])} late"
        return f"the row of request {row['request']} arrives at {row['component']} {how}"
    true = "" if math.isnan(row["true"]) else f", where {row['true']:.6g} is true"
    unit = f" ({row['unit']} by contract)" if row["unit"] else ""
    value = "nothing" if math.isnan(row["value"]) else f"{row['value']:.6g}"
    if row["what"] == "label":
        return _label(row, value + true)
    by = f" by version {row['version']}, which the fault brought or kept" if row["version"] else ""
    who = f"{row['component']} gives {row['column']} = {value}{unit}"
    return f"{who}{true}{by}, in request {row['request']}"


def _label(row: Mapping[str, Any], value: str) -> str:
    which = f"of {row['column']} for request {row['request']}"
    if row["value"] == row["true"]:
        return f"the label {which} comes late to {row['component']}, or never"
    return f"the label {which} comes to {row['component']} as {value}"


def _learned(facts: Mapping[str, Any]) -> str:
    version = f"{facts['name']} version {facts['version']}"
    if facts["touched_rows"]:
        share = wording.percent(facts["touched_rows"] / facts["rows"])
        return (
            f"{version} is fitted on {wording.large(facts['touched_rows'])} touched rows ({share})."
        )
    return f"{version} is fitted on other rows or by other code than without the fault."


def _extent(findings: Findings, name: str) -> Iterator[tuple[str, str]]:
    yield "in all", _touched(findings.alone(name).radius)
    if findings.twin is not None and findings.scenario.outcomes:
        yield "", _damage(findings, name)


def _damage(findings: Findings, name: str) -> str:
    """What each outcome has come to, against the twin."""
    twin, alone = findings.twin, findings.alone(name)
    assert twin is not None, "the caller sees to it"
    told = []
    for outcome, spec in findings.scenario.outcomes.items():
        difference = float(alone.totals[outcome].sum() - twin.totals[outcome].sum())
        unit = f" {spec.unit}" if spec.sum is not None and spec.unit else ""
        title = spec.title or outcome.replace("_", " ")
        told.append(f"{title} {wording.signed(difference)}{unit}")
    return f"Against the twin: {', '.join(told)}."


def _touched(radius: BlastRadius | None) -> str:
    if radius is None or not radius.total.rows:
        return "No row's content was touched: it acts on time or on the world."
    people = f" of {wording.large(radius.people)} people" if radius.people else ""
    days = wording.counted(radius.days, "day")
    where = wording.listed([str(one) for one in radius.components["name"]])
    rows = f"{wording.large(radius.total.rows)} rows{people} on {days}"
    return f"Touched {rows}, at {where}."
