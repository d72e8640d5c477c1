"""The path of a fault in words, a line for each thing that happened."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from mlsim.measures.explain import Step, explain
from mlsim.measures.findings import Findings
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
    yield name
    for step in steps:
        yield f"  {wording.moment(step.time_s, start):<16}  {sentence(step)}"
    stages = {step.stage for step in steps}
    if "alert" not in stages:
        yield f"  {'never':<16}  {_unnoticed(findings)}"
    yield from _extent(findings, name)


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
            return f"First alert: {facts['rule']}{labels} ({facts['severity'] or 'no severity'})."
        case "repair":
            return "The fault is repaired."
        case "last_row":
            models = (
                f", by what {wording.listed(facts['models'])} learned" if facts["models"] else ""
            )
            return (
                f"The last of {wording.large(facts['rows'])} rows touched after the repair{models}."
            )


def _row(row: Mapping[str, Any]) -> str:
    if row["what"] == "delivery":
        return f"request {row['request']} arrives late, or once more"
    if row["what"] == "loss":
        return f"the row of request {row['request']} never arrives"
    true = "" if math.isnan(row["true"]) else f", where {row['true']:.6g} is true"
    unit = f" ({row['unit']} by contract)" if row["unit"] else ""
    value = "nothing" if math.isnan(row["value"]) else f"{row['value']:.6g}"
    if row["what"] == "label":
        return f"{row['component']} on {row['column']} of request {row['request']}, {value}{true}"
    who = f"{row['component']} gives {row['column']} = {value}{unit}"
    return f"{who}{true}, in request {row['request']}"


def _learned(facts: Mapping[str, Any]) -> str:
    version = f"{facts['name']} version {facts['version']}"
    if facts["touched_rows"]:
        share = wording.percent(facts["touched_rows"] / facts["rows"])
        return (
            f"{version} is fitted on {wording.large(facts['touched_rows'])} touched rows ({share})."
        )
    return f"{version} is not what it should be, without a touched row in its data."


def _extent(findings: Findings, name: str) -> Iterator[str]:
    radius = findings.alone(name).radius
    if radius is None or not radius.total.rows:
        yield f"  {'in all':<16}  No row's content was touched: it acts on time or on the world."
        return
    people = f" of {wording.large(radius.people)} people" if radius.people else ""
    days = wording.counted(radius.days, "day")
    where = wording.listed([str(one) for one in radius.components["name"]])
    rows = f"{wording.large(radius.total.rows)} rows{people} on {days}"
    yield f"  {'in all':<16}  Touched {rows}, at {where}."
