"""The 28 items of the ML Test Score: which of them would have caught which fault, seen in runs.

Source: Breck et al., The ML Test Score (2017).
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pydantic import model_validator

from mlsim.exercises.spec import Exercise
from mlsim.exercises.trials import judged, run_trial
from mlsim.measures.findings import TWIN, Findings
from mlsim.measures.record import Record
from mlsim.monitoring.spec import load_monitoring
from mlsim.report.wording import duration
from mlsim.scenario.document import read
from mlsim.scenario.kinds import Spec
from mlsim.scenario.load import from_document
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.validation import examine
from mlsim.studies.worlds import run_worlds

ITEMS = "items"
FILE = "items.yaml"


class Item(Spec):
    """One of the 28, and what becomes of it when it is taken seriously: one of three things."""

    item: str
    """Section and number."""
    text: str
    """As in the paper."""
    watch: str | None = None
    """A monitoring file that watches the running system."""
    settings: dict[str, object] | None = None
    """Settings by which the pipeline refuses a bad version."""
    asked_before: str | None = None
    """Nothing that a run could show; why."""

    @model_validator(mode="after")
    def _is_one_of_three(self) -> "Item":
        if sum(way is not None for way in (self.watch, self.settings, self.asked_before)) != 1:
            raise Refusal("must have one of watch, settings and asked_before")
        return self


class ItemsFile(Spec):
    """The file with all items."""

    items: tuple[Item, ...]


def items_of(exercise: Exercise) -> tuple[Item, ...]:
    """The items of an exercise's folder; raises ScenarioError."""
    checked = examine(read(exercise.folder / ITEMS / FILE), ItemsFile)
    return checked.whole().items


def caught(exercise: Exercise) -> pd.DataFrame:
    """What became of each practice fault under each item, in words: one row an item.

    A monitoring file catches by an alert, and the cell says after how long. Settings catch by
    refusing a version that serves in the twin: the cell says `refused`.
    """
    runs = run_trial(exercise, "practice")
    rows = [
        {"item": item.item, "text": item.text, **dict(_row(exercise, item, runs))}
        for item in items_of(exercise)
    ]
    return pd.DataFrame(rows).fillna("")


def _row(exercise: Exercise, item: Item, runs: list[Findings]) -> Iterator[tuple[str, str]]:
    if item.watch is not None:
        file = exercise.folder / ITEMS / item.watch
        yield from _noticed(file, runs)
    elif item.settings is not None:
        yield from _refused(exercise, item.settings, runs[0].seed)
    else:
        yield "asked before", str(item.asked_before)


def _noticed(file: Path, runs: list[Findings]) -> Iterator[tuple[str, str]]:
    monitoring = load_monitoring(file, runs[0].scenario)
    (run,) = judged(runs[:1], monitoring)
    for fault, spec in run.faults.items():
        first = run.first_alert(fault)
        yield fault, "" if first is None else duration(float(first["firing_s"]) - spec.at)


def _refused(
    exercise: Exercise, settings: dict[str, object], seed: int
) -> Iterator[tuple[str, str]]:
    scenario, _ = exercise.broken("practice")
    stricter = from_document(scenario.document.with_(settings))
    run = run_worlds(stricter, None, seed)
    served = _reported(run.records[TWIN])
    for fault in run.faults:
        yield fault, "refused" if served - _reported(run.alone(fault)) else ""


def _reported(record: Record) -> set[tuple[str, int]]:
    """The versions that were reported as deployed, by model."""
    return {
        (str(model["name"]), int(push["version"]))
        for model in record.models.to_dict("records")
        for push in model["reported"]
    }


def page(exercise: Exercise) -> str:
    """The table in Markdown, as it stands beside the solution."""
    table = caught(exercise)
    faults = [fault["name"] for fault in exercise.spec.practice.faults]
    heads = ["item", *faults, "asked before"]
    lines = [PAGE_HEAD, _cells(heads), _cells(["---"] * len(heads))]
    for row in table.to_dict("records"):
        name = f"{row['item']}: {row['text']}"
        lines.append(_cells([name, *(row[head] for head in heads[1:])]))
    return "\n".join(lines) + "\n"


def _cells(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


PAGE_HEAD = """# Which item would have caught which fault

Made by `make items` from runs with the practice faults of this exercise: after how long an
alert came that is due to the fault, or `refused` if a version that the twin serves was not let
through. What can only be asked before the app runs says so.
"""
