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


def places_of(scenario: Scenario, monitoring: Monitoring | None) -> dict[str, Any]:
    """Where the files lie in a run folder, as its `run.json` says it.

    scenario_file: the scenario's. settings: what was set beside it. monitoring_file: the one that
    the run was watched by, None without one.
    """
    document, watched_by = scenario.document, None
    if monitoring is not None:
        own = _same_file(scenario.monitoring_file, monitoring.path)
        name, folder = (
            (scenario.monitoring, SCENARIO) if own else (monitoring.path.name, MONITORING)
        )
        watched_by = f"{folder}/{name}"
    return {
        "scenario_file": f"{SCENARIO}/{document.path.name}",
        "settings": dict(document.settings),
        "monitoring_file": watched_by,
    }


def write_inputs(folder: Path, scenario: Scenario, monitoring: Monitoring | None) -> None:
    """Write the files to their places below `folder`."""
    places = places_of(scenario, monitoring)
    files = {places["scenario_file"]: scenario.document.text}
    if scenario.monitoring:
        files[f"{SCENARIO}/{scenario.monitoring}"] = _NOT_KEPT
    if monitoring is not None:
        beside = PurePosixPath(places["monitoring_file"]).parent
        files |= {str(beside / name): text for name, text in monitoring.texts.items()}
    for place, text in files.items():
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())


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
        replays=False,
    )
    if traces := origin.get("traces"):
        scenario = scenario.of_traces(traces)
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
