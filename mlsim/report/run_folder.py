"""What a run leaves behind: a folder that is there as a whole or not at all."""

import json
import platform
import shutil
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mlsim.errors import MlsimError
from mlsim.measures.findings import TWIN, Findings
from mlsim.measures.summary import summary
from mlsim.report.inputs import places_of, write_inputs
from mlsim.report.stored_run import place_of
from mlsim.report.world_folder import write_world
from mlsim.report.write import write_report

LIBRARIES = ("mlsim", "numpy", "numba", "pandas", "scikit-learn", "scipy", "simpy")
UNFINISHED = ".unfinished-"
ABANDONED_S = 86400.0
"""After this time nobody is at work any more in an unfinished folder: its run was killed."""


def write_run(findings: Findings, reports: Path, wall_s: float) -> Path:
    """Write a run to `reports/<UTC time>-<hash>/`, point `reports/latest` there, give its path.

    Everything goes to a hidden folder beside it first, which is renamed when it is complete.
    wall_s: how long the simulation took, in seconds. Raises MlsimError where it can't be written.
    """
    now = datetime.now(UTC)
    unfinished: Path | None = None
    try:
        reports.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(reports)
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=reports))
        unfinished.chmod(0o755)
        _fill(unfinished, findings, wall_s)
        name = f"{now:%Y%m%dT%H%M%SZ}-{findings.scenario.hash[:8]}"
        folder = _under_free_name(unfinished, reports / name)
        _point_latest_to(folder)
    except OSError as error:
        reason = error.strerror or error
        raise MlsimError(f"{reports}: can't write the run there: {reason}") from error
    finally:
        if unfinished is not None:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _clear_abandoned(reports: Path) -> None:
    """Remove what killed runs have left; younger folders may be another run's at this moment."""
    for folder in reports.glob(f"{UNFINISHED}*"):
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > ABANDONED_S:
                shutil.rmtree(folder, ignore_errors=True)


def _fill(folder: Path, findings: Findings, wall_s: float) -> None:
    write_inputs(folder, findings.scenario, findings.monitoring)
    _write_json(folder / "summary.json", summary(findings))
    _write_json(folder / "run.json", origin(findings, wall_s))
    findings.alerts.to_csv(folder / "alerts.csv", index=False)
    if not findings.actions.empty:
        findings.actions.to_csv(folder / "actions.csv", index=False)
    findings.detection.to_csv(folder / "detection.csv", index=False)
    findings.outcomes.to_csv(folder / "outcomes.csv", index=False)
    for name, record in findings.records.items():
        if name == TWIN and record is findings.run:  # nothing was broken
            continue
        place_of(folder, name).mkdir(parents=True, exist_ok=True)
        base = None if record is findings.run else findings.run.store
        write_world(record, place_of(folder, name), base)
    write_report(folder)


def origin(findings: Findings, wall_s: float) -> dict[str, Any]:
    """Where the run came from: all that is needed to repeat it, and how long it took."""
    return {
        "scenario": findings.scenario.scenario,
        "hash": findings.scenario.hash,
        **({"traces": traces} if (traces := findings.scenario.traces) else {}),
        "seed": findings.seed,
        "scenario_seed": findings.scenario.seed,
        "worlds": list(findings.records),
        **places_of(findings.scenario, findings.monitoring),
        "versions": {
            "python": platform.python_version(),
            **{library: version(library) for library in LIBRARIES},
        },
        "wall_s": round(wall_s, 2),
    }


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _under_free_name(unfinished: Path, folder: Path) -> Path:
    """Rename it to `folder`, or with -2, -3, ... if another run has taken the name."""
    free, number = folder, 2
    while True:
        try:
            if not free.exists():
                return unfinished.rename(free)
        except OSError:
            if not free.exists():  # or else another run has been quicker
                raise
        free, number = folder.with_name(f"{folder.name}-{number}"), number + 1


def _point_latest_to(folder: Path) -> None:
    """Replace the link in one step, so that it never points to nothing."""
    link = folder.parent / f".latest-{folder.name}"
    with suppress(OSError):  # not every file system has links
        link.symlink_to(folder.name)
        try:
            link.replace(folder.parent / "latest")
        except OSError:  # somebody has put a folder there
            link.unlink()
