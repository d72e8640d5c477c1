"""A run read back from its folder: the same worlds, to look at again or to be judged anew."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mlsim.errors import MlsimError
from mlsim.measures.findings import ALL, TWIN, Findings
from mlsim.measures.record import Record
from mlsim.monitoring.judging import TEXTS, Alert
from mlsim.report.inputs import read_inputs
from mlsim.report.world_folder import read_world
from mlsim.studies.worlds import faults_of

WORLDS = "worlds"


def place_of(folder: Path, world: str) -> Path:
    """Where a world lies in a run folder: that of all faults at its top, each other in its own."""
    return folder if world == ALL else folder / WORLDS / world


def read_run(folder: Path) -> tuple[Findings, float]:
    """What `write_run` wrote, and how long the simulation took, in seconds.

    Raises MlsimError where the folder isn't a complete run.
    """
    try:
        origin = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        scenario, monitoring = read_inputs(folder, origin)
        records = _worlds(folder, origin["worlds"])
        findings = Findings(scenario, monitoring, origin["seed"], records, faults_of(scenario))
        return findings, float(origin["wall_s"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise incomplete(folder, _why(error)) from error


def incomplete(folder: Path, why: str) -> MlsimError:
    """That a folder isn't a complete run; where runs lie in it, the latest may be meant."""
    if not folder.exists():
        return MlsimError(f"{folder}: no such folder")
    if not folder.is_dir():
        return MlsimError(f"{folder}: is a file, and no folder")
    latest = folder / "latest"
    hint = f" (did you mean '{latest}'?)" if latest.is_dir() else ""
    return MlsimError(f"{folder}: not a complete run folder ({why}){hint}")


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{Path(error.filename).name}: {error.strerror}"
    return f"{type(error).__name__}: {error}"


def _worlds(folder: Path, names: Iterable[str]) -> Mapping[str, Record]:
    alerts = _alerts(folder / "alerts.csv")
    records: dict[str, Record] = {}
    for name in names:
        if name == TWIN and not place_of(folder, TWIN).is_dir():
            records[TWIN] = records[ALL]  # nothing was broken: one and the same
        else:
            own = alerts[alerts["world"] == name].drop(columns="world")
            base = records[ALL].store if records else None
            records[name] = read_world(place_of(folder, name), own.reset_index(drop=True), base)
    return records


def _alerts(path: Path) -> pd.DataFrame:
    """The alerts of all worlds as their rules gave them."""
    # As text first: a rule may be called "null", and an empty column has no type to guess.
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    kinds: dict[str, Any] = {name: str if name in TEXTS else float for name in Alert._fields}
    for name in kinds.keys() - set(TEXTS):
        table[name] = table[name].replace("", "nan")
    return table[["world", *kinds]].astype(kinds)
