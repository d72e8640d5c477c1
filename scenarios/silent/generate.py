"""Runs every scenario of this folder and writes README.md: `python scenarios/silent/generate.py`.

Each is run once, beside its twin, and judged twice: by its own monitoring file, which looks at
data, and by ops_only.yml.
"""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

import mlsim
from mlsim.faults.bad_release import BadRelease
from mlsim.faults.base import Fault
from mlsim.faults.families.batch import BatchFault
from mlsim.faults.families.collecting import CollectorFault
from mlsim.faults.families.column import ColumnFault
from mlsim.faults.families.deploying import DeployerFault
from mlsim.faults.families.labels import LabelFault
from mlsim.faults.families.source import SourceFault
from mlsim.faults.families.training import TrainerFault
from mlsim.faults.families.world_change import WorldChange
from mlsim.faults.perception_change import PerceptionChange
from mlsim.faults.wrong_lookup_key import WrongLookupKey
from mlsim.measures.record import Record
from mlsim.report import wording

FOLDER = Path(__file__).parent
PAGE = FOLDER / "README.md"
OPS_ONLY = FOLDER / "monitoring" / "ops_only.yml"
DAY = 86400.0
NOTHING, NONE = "nothing", "–"

HEAD = """\
# One small scenario for every fault

Generated from runs by `make silent`; don't edit. Each scenario breaks one mechanism for some days,
and tells its story in the first lines of its file. Try one, and have it explained:

    mlsim run scenarios/silent/lost_push.yaml
    mlsim explain reports/lost_push/latest

The figures are of one seed, against the twin: the same people with the same luck, without the
fault. In the tables,

- **first wrong row** is the component and column in which lineage marks the first row, what was
  sent, what was true of a column of the world, and how long after the onset; a dash where the
  content of no row is wrong, as when machines crash or the world itself changes;
- **rows touched** are those that the fault itself has changed or kept from a collector, and those
  of a model that learned from such rows, or without them;
- **ranking** is the AUC of the last model's score from the onset on, in the twin → with the fault;
- **outcome** is the one that the fault costs most, and by how much it differs from the twin;
- **shows first** is the component and the metric that first differs from the twin's, of all that
  components report of themselves; a dash where none ever does, and only data can tell;
- **ops only** and **with data checks** are the first alert that the twin hasn't got, and after how
  long: of [ops_only.yml](monitoring/ops_only.yml), and of the scenario's own file.
"""
COLUMNS = (
    "scenario",
    "first wrong row",
    "rows touched",
    "ranking",
    "outcome",
    "shows first",
    "ops only",
    "with data checks",
)
SECTIONS: Mapping[str, tuple[str, tuple[type[Fault], ...]]] = {
    "What is sent, and what is perceived": (
        "The row is wrong where it begins, or between two steps. The machine moves it as ever.",
        (ColumnFault, BadRelease, PerceptionChange),
    ),
    "Sources that belong to others, and feature stores": (
        "What a row takes along on its way: missing, old, or of somebody else.",
        (SourceFault, BatchFault, WrongLookupKey),
    ),
    "Telemetry and topics": (
        "Requests are answered in time. What is stored of them comes late, twice, or never, and "
        "whatever looks at stored rows sees another world.",
        (CollectorFault,),
    ),
    "Labels": (
        "Each row is right. What becomes known of it isn't, and the next version learns that.",
        (LabelFault,),
    ),
    "Training and deployment": (
        "Jobs succeed and versions have new numbers; which rows, which code and which version it "
        "was, nobody asks. A canary asks one question, and answers no other.",
        (TrainerFault, DeployerFault),
    ),
    "The world changes": (
        "Nothing in the machine is wrong: what was learned before has become so. A change of "
        "seasons is no fault at all, and a good monitor stays quiet.",
        (WorldChange,),
    ),
    "Loud faults, for contrast": (
        "Every dashboard shows them. They cost as much as silent ones, but for an hour.",
        (Fault,),
    ),
}
TOPICS = ("topic_lag", "topic_retention")
"""Whose fault is a loud one elsewhere."""


class Line(NamedTuple):
    """One scenario's line of its table, and where and how well it belongs."""

    section: str
    cells: tuple[str, ...]
    silent: bool
    seen_by_ops: bool
    seen_by_data: bool


def scenarios() -> list[Path]:
    """All scenarios, by name."""
    return sorted(FOLDER.glob("*.yaml"))


def page(lines: Sequence[Line]) -> str:
    """The whole page."""
    return HEAD + _balance(lines) + "".join(_section(title, lines) for title in SECTIONS)


def _balance(lines: Sequence[Line]) -> str:
    silent = [line for line in lines if line.silent]
    ops, data = sum(one.seen_by_ops for one in silent), sum(one.seen_by_data for one in silent)
    missed = [one.cells[0].partition("]")[0][1:] for one in silent if not one.seen_by_data]
    unseen = ", ".join(missed) or "none"
    text = (
        f"Of {len(silent)} silent faults, the ops-only file notices {ops}, and a file with data "
        f"checks {data}. What neither notices ({unseen}) is worth a discussion: what would one "
        "have to measure?"
    )
    return f"\n{textwrap.fill(text, 100)}\n"


def _section(title: str, lines: Sequence[Line]) -> str:
    rows = [line.cells for line in lines if line.section == title]
    table = [COLUMNS, ["---"] * len(COLUMNS), *rows]
    text = "".join(f"| {' | '.join(row)} |\n" for row in table)
    about = textwrap.fill(SECTIONS[title][0], 100)
    return f"\n## {title}\n\n{about}\n\n{text}" if rows else ""


def line_of(path: Path) -> Line:
    """What the run of a scenario has to say."""
    run = mlsim.load(path).run()
    ops, title = run.judged_by(OPS_ONLY), run.findings.scenario.title
    named = f"[{path.stem}]({path.name}): {title}"
    if not run.findings.faults:
        cells = (named, "no fault", *[NONE] * 4, _quiet(ops), _quiet(run))
        return Line("The world changes", cells, silent=False, seen_by_ops=False, seen_by_data=False)
    (fault,) = run.findings.faults.values()
    told = run.summary["faults"][0]
    section = _section_of(fault, path.stem)
    cells = (
        named,
        _first_row(run, fault.at),
        wording.large(told["radius"]["rows"]) if told["radius"]["rows"] else NONE,
        _ranking(run, fault.at),
        _outcome(told["damage"]),
        _shows_first(run, fault.at),
        _noticed(ops),
        _noticed(run),
    )
    silent = section != "Loud faults, for contrast"
    return Line(section, cells, silent, cells[-2] != NOTHING, cells[-1] != NOTHING)


def _section_of(fault: Fault, name: str) -> str:
    if name in TOPICS:
        return "Telemetry and topics"
    return next(title for title, (_, kinds) in SECTIONS.items() if isinstance(fault, kinds))


def _quiet(run: mlsim.Run) -> str:
    """What fires where nothing is broken."""
    fired = int(run.alerts["firing_s"].notna().sum())
    return wording.counted(fired, "alert") if fired else "quiet, as it should be"


def _first_row(run: mlsim.Run, onset: float) -> str:
    radius = run.findings.run.radius
    if radius is None or radius.first_rows.empty:
        return NONE
    row = radius.first_rows.iloc[0]
    after = f"after {wording.duration(row['time_s'] - onset)}"
    if row["what"] == "delivery":
        return f"at `{row['component']}`, late or once more, {after}"
    if row["what"] in ("late", "loss"):
        how = "never arrives" if row["what"] == "loss" else "arrives late"
        return f"at `{row['component']}`, where it {how}, {after}"
    place = f"`{row['component']}.{row['column'].removeprefix(row['component'] + '.')}`"
    if row["what"] == "label" and row["value"] == row["true"]:
        return f"{place}: late, or never, {after}"
    return f"{place}: {_value_and_truth(row['value'], row['true'])}, {after}"


def _value_and_truth(value: float, true: float) -> str:
    """Both with as many digits as it takes to tell them apart."""
    if np.isnan(true):
        return "missing" if np.isnan(value) else f"{value:.4g}"
    digits = next((n for n in range(4, 17) if f"{value:.{n}g}" != f"{true:.{n}g}"), 4)
    sent = "missing" if np.isnan(value) else f"{value:.{digits}g}"
    return f"{sent} for {true:.{digits}g}"


def _shows_first(run: mlsim.Run, onset: float) -> str:
    """The metric of a component that differs first; of one instant, of who comes first."""
    places = list(run.findings.scenario.system)
    twin = run.findings.twin
    assert twin is not None, "every scenario is run beside its twin"
    found = [
        (time, places.index(component), metric)
        for component, metric, time in _differing(run.findings.run, twin)
    ]
    if not found:
        return NONE
    time, place, metric = min(found)
    return f"`{places[place]}`: {metric}, after {wording.duration(time - onset)}"


def _differing(one: Record, other: Record) -> Iterable[tuple[str, str, float]]:
    """Component, metric and first time in seconds of each series that differs."""
    twins = {series.labels: series for series in other.store}
    for series in one.store:
        labels, twin = dict(series.labels), twins.get(series.labels)
        component = labels.get("component") or labels.get("client")
        if component and twin is not None:
            differs = ~np.isclose(series.values, twin.values, rtol=0, atol=0, equal_nan=True)
            if differs.any():
                yield (
                    component,
                    labels["__name__"].removesuffix("_bucket"),
                    float(one.store.times[np.argmax(differs)]),
                )


def _ranking(run: mlsim.Run, onset: float) -> str:
    models = [n for n, spec in run.findings.scenario.system.items() if spec.has_versions]
    if not models:
        return NONE
    model = models[-1]
    label = next(iter(run.findings.scenario.system[model].labels()))
    with_fault, twin = (_auc(one.requests, model, label, onset) for one in (run, run.twin))
    return f"{twin:.3f} → {with_fault:.3f}"


def _auc(requests: pd.DataFrame, model: str, label: str, onset: float) -> float:
    rows = requests[requests["arrival_s"] > onset].dropna(subset=[f"{model}.score"])
    truth = rows[label].astype(bool)
    if truth.nunique() < 2:
        return float("nan")
    return float(roc_auc_score(truth, rows[f"{model}.score"]))


def _outcome(damage: list[dict[str, Any]]) -> str:
    worst = max(damage, key=lambda one: (one["cost"] or 0.0, one["difference"]))
    change = wording.signed(worst["difference"])
    share = (
        f" ({wording.signed(100 * worst['difference'] / worst['twin'])}%)" if worst["twin"] else ""
    )
    return f"{worst['title']} {change}{share}" if worst["difference"] else "nothing differs"


def _noticed(run: mlsim.Run) -> str:
    found = run.summary["faults"][0]["detected"]
    if found is None:
        return NOTHING
    return f"{found['rule']} after {wording.duration(found['time_to_detect_s'])}"


def main() -> None:
    """Run them all and write the page; each run takes two cores, for the fault and for the twin."""
    PAGE.write_text(page([line_of(path) for path in scenarios()]), encoding="utf-8")


if __name__ == "__main__":
    main()
