"""From a file to a scenario: read, validate, and check that everything it names exists."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mlsim.errors import ScenarioError, nearest
from mlsim.scenario.document import Document, check, read
from mlsim.scenario.flow_checks import flow_problems
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.scopes import naming_problems
from mlsim.scenario.spec import Scenario
from mlsim.scenario.tree import substituted


def load(path: str | Path, settings: Mapping[str, object] | None = None) -> Scenario:
    """The scenario of a file, with `settings` as in {"load.jobs.rate": "3/s"}.

    Kinds of components and faults are known once the packages that define them are imported.
    Raises ScenarioError with all mistakes of structure, or, if there are none, all of meaning.
    """
    return from_document(read(path).with_(settings or {}))


def from_document(document: Document) -> Scenario:
    """The scenario of a document; raises as `load` does."""
    scenario = check(document, Scenario)
    scenario._document = document
    problems = [document.problem(*mistake) for mistake in _mistakes(scenario)]
    if problems:
        raise ScenarioError(problems)
    return _completed(scenario)


def _mistakes(scenario: Scenario) -> Iterator[Mistake]:
    yield from flow_problems(scenario)
    yield from naming_problems(scenario)
    yield from _file_problems(scenario)
    for name, component in scenario.system.items():
        for place, message, suggestion in component.problems(scenario, name):
            yield ("system", name, *place), message, suggestion
    for number, fault in enumerate(scenario.faults):
        for place, message, suggestion in fault.problems(scenario, f"faults[{number}]"):
            yield ("faults", number, *place), message, suggestion


def _file_problems(scenario: Scenario) -> Iterator[Mistake]:
    file = scenario.monitoring_file
    if file is None:
        return
    folder = scenario.document.path.parent.resolve()
    if not file.resolve().is_relative_to(folder):
        yield ("monitoring",), "must not lead out of the scenario's folder", ""
    elif not file.is_file():
        beside = [entry.name for entry in file.parent.glob("*.y*ml")]
        near = nearest(file.name, beside)
        inside = str(Path(scenario.monitoring or "").with_name(near).as_posix()) if near else ""
        yield ("monitoring",), f"no such file: {file}", inside


def _completed(scenario: Scenario) -> Scenario:
    """Chains learn their lines; rates stand for themselves, their drivers put in."""
    line = scenario.document.line
    flow = tuple(replace(c, line=line(("flow", n))) for n, c in enumerate(scenario.flow))
    loads = {
        name: one.model_copy(update={"rate": substituted(one.rate, scenario.world.drivers)})
        for name, one in scenario.load.items()
    }
    return scenario.model_copy(update={"flow": flow, "load": loads})
