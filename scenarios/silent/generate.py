"""Runs every scenario of this folder and writes README.md: `python scenarios/silent/generate.py`.

Each is run once, beside its twin, and judged twice: by its own monitoring file, which looks at
data, and by ops_only.yml.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

import mlsim
from mlsim.report import wording

FOLDER = Path(__file__).parent
PAGE = FOLDER / "README.md"
OPS_ONLY = FOLDER / "monitoring" / "ops_only.yml"

HEAD = """\
# One small scenario for every fault

Generated from runs by `make silent`; don't edit. Each scenario breaks one mechanism for some days,
and tells its story in the first lines of its file. The figures are of one seed, against the twin:
the same people with the same luck, without the fault.

- **first wrong row**: the component and column in which lineage marks the first row, what was sent,
  what was true of a column of the world, and how long after the onset; a dash where no content is
  wrong, as when machines crash or the world itself changes.
- **rows touched**: by the fault itself, or by a model that learned from such rows.
- **ranking**: the AUC of the last model's score from the onset on, in the twin and with the fault.
- **outcome**: the one that the fault costs most, and by how much it differs from the twin.
- **ops only**, **with data checks**: the first alert that the twin hasn't got, and after how long:
  of [ops_only.yml](monitoring/ops_only.yml), and of the scenario's own file.

"""
COLUMNS = (
    "scenario",
    "first wrong row",
    "rows touched",
    "ranking",
    "outcome",
    "ops only",
    "with data checks",
)


def scenarios() -> list[Path]:
    """All scenarios, by name."""
    return sorted(FOLDER.glob("*.yaml"))


def page(rows: Iterable[Sequence[str]]) -> str:
    """The whole page."""
    table = [COLUMNS, ["---"] * len(COLUMNS), *rows]
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in table)


def row_of(path: Path) -> tuple[str, ...]:
    """One scenario's line of the table."""
    run = mlsim.load(path).run()
    name = f"[{path.stem}]({path.name})"
    if not run.findings.faults:
        return (name, "no fault", "–", "–", "–", *_quiet(run))
    (fault,) = run.findings.faults.values()
    radius = run.summary["faults"][0]["radius"]
    return (
        name,
        _first_row(run, fault.at),
        wording.large(radius["rows"]) if radius["rows"] else "–",
        _ranking(run, fault.at),
        _outcome(run.summary["faults"][0]["damage"]),
        _noticed(run.judged_by(OPS_ONLY)),
        _noticed(run),
    )


def _quiet(run: mlsim.Run) -> tuple[str, str]:
    """What fires where nothing is broken."""
    told = []
    for judged in (run.judged_by(OPS_ONLY), run):
        fired = judged.alerts["firing_s"].notna().sum()
        told.append(wording.counted(int(fired), "alert") if fired else "quiet, as it should be")
    return told[0], told[1]


def _first_row(run: mlsim.Run, onset: float) -> str:
    radius = run.findings.run.radius
    if radius is None or radius.first_rows.empty:
        return "–"
    row = radius.first_rows.iloc[0]
    after = wording.duration(row["time_s"] - onset)
    if row["what"] == "delivery":
        return f"at `{row['component']}`, late or once more, after {after}"
    true = "" if np.isnan(row["true"]) else f" for {row['true']:.4g}"
    value = "missing" if np.isnan(row["value"]) else f"{row['value']:.4g}"
    column = row["column"].removeprefix(f"{row['component']}.")
    return f"`{row['component']}.{column}`: {value}{true}, after {after}"


def _ranking(run: mlsim.Run, onset: float) -> str:
    models = [n for n, spec in run.findings.scenario.system.items() if spec.has_versions]
    if not models:
        return "–"
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
        return "nothing"
    return f"{found['rule']} after {wording.duration(found['time_to_detect_s'])}"


def main() -> None:
    """Run them all and write the page; each run takes two cores, for the fault and for the twin."""
    PAGE.write_text(page(map(row_of, scenarios())), encoding="utf-8")


if __name__ == "__main__":
    main()
