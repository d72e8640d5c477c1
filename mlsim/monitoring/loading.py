"""A scenario together with the monitoring that watches it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mlsim import faults as _faults  # noqa: F401  (makes its kinds known)
from mlsim import system as _system  # noqa: F401  (makes its kinds known)
from mlsim.errors import ScenarioError
from mlsim.monitoring.settings import divided, unwatched
from mlsim.monitoring.spec import Monitoring, load_monitoring
from mlsim.scenario.document import read
from mlsim.scenario.load import completed, examined, file_problems
from mlsim.scenario.spec import Scenario
from mlsim.scenario.validation import Checked
from mlsim.world.trace import trace_problems


def load_watched(
    path: str | Path,
    settings: Mapping[str, object] | None = None,
    monitoring: str | Path | None = None,
    replays: bool = True,
) -> tuple[Scenario, Monitoring | None]:
    """The scenario of a file and its monitoring, None if it has none.

    settings: other values, as in {"load.jobs.rate": "3/s"}. monitoring: a file to use instead of
    the scenario's own. replays: whether it is to be run, so that its traces must be there.
    Settings that begin with `monitoring.` are of the monitoring file (see
    `mlsim.monitoring.settings`). Raises ScenarioError with the mistakes of all files at once.
    """
    own, watched = divided(settings or {})
    checked = examined(read(path).with_(own))
    scenario = checked.value
    if replays and scenario and scenario.is_read("world", "load", "start", "history", "horizon"):
        traces = tuple(trace_problems(scenario))
        checked = replace(checked, problems=(*checked.problems, *traces))
    file = Path(monitoring) if monitoring else _own_file(checked.value)
    watching = None
    if file is not None:
        try:
            watching = load_monitoring(file, _known_system(checked), watched)
        except ScenarioError as error:
            raise ScenarioError([*checked.problems, *error.problems]) from None
    elif watched and not checked.problems:
        raise ScenarioError([unwatched(watched)])
    return completed(checked), watching


def _own_file(scenario: Scenario | None) -> Path | None:
    """The monitoring file that a scenario names, if it may be read and can be."""
    if scenario is None or any(file_problems(scenario)):
        return None
    return scenario.monitoring_file


def _known_system(checked: Checked[Scenario]) -> Scenario | None:
    """What a monitoring file has to fit, if all of it could be read."""
    scenario = checked.value
    is_known = scenario and scenario.is_read("world", "system", "flow", "history", "horizon")
    return scenario if is_known else None
