"""The files that a run was made from, kept beside what came of them, as they were."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from mlsim.errors import MlsimError
from mlsim.monitoring.loading import load_watched
from mlsim.monitoring.spec import Monitoring
from mlsim.scenario.spec import Scenario

SCENARIO, MONITORING = "inputs/scenario", "inputs/monitoring"
_NOT_KEPT = "# This run was watched by another file: see ../../run.json.\n"


def write_inputs(folder: Path, scenario: Scenario, monitoring: Monitoring | None) -> dict[str, Any]:
    """Write the files below `folder`; gives what `read_inputs` needs to find them again.

    scenario: place of the scenario's file. settings: what was set beside it. monitoring: place of
    the file that the run was watched by, None without one.
    """
    document = scenario.document
    files = {f"{SCENARIO}/{document.path.name}": document.text}
    watched_by = None
    if scenario.monitoring:
        files[f"{SCENARIO}/{scenario.monitoring}"] = _NOT_KEPT
    if monitoring is not None:
        own = _same_file(scenario.monitoring_file, monitoring.path)
        watched_by = (
            f"{SCENARIO}/{scenario.monitoring}" if own else f"{MONITORING}/{monitoring.path.name}"
        )
        beside = PurePosixPath(watched_by).parent
        files |= {str(beside / name): text for name, text in monitoring.texts.items()}
    for place, text in files.items():
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())
    return {
        "scenario_file": f"{SCENARIO}/{document.path.name}",
        "settings": dict(document.settings),
        "monitoring_file": watched_by,
    }


def read_inputs(folder: Path, origin: Mapping[str, Any]) -> tuple[Scenario, Monitoring | None]:
    """The scenario and the monitoring of a run folder; `origin` is its `run.json`.

    Raises ScenarioError where this version of mlsim doesn't accept the files any more, MlsimError
    where they are not those of the run.
    """
    place = origin["monitoring_file"]
    scenario, monitoring = load_watched(
        _inside(folder, origin["scenario_file"]),
        origin["settings"],
        None if place is None else _inside(folder, place),
    )
    if scenario.hash != origin["hash"]:
        raise MlsimError(f"{folder}: the scenario in it is not the one that was run")
    return scenario, monitoring


def _same_file(one: Path | None, other: Path) -> bool:
    return one is not None and one.resolve() == other.resolve()


def _inside(folder: Path, place: str) -> Path:
    """A run folder from elsewhere must not read other files of the reader."""
    path = folder / place
    if not path.resolve().is_relative_to(folder.resolve()):
        raise MlsimError(f"{folder}: names a file outside of it ({place})")
    return path
