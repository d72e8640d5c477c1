"""From a file to a scenario: read, validate, and check that everything it names exists."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mlsim.scenario.checks import whole_problems
from mlsim.scenario.document import Document, Place, near_file, no_file, read
from mlsim.scenario.feature_checks import feature_problems
from mlsim.scenario.flow_checks import flow_problems
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.load_checks import load_problems
from mlsim.scenario.scopes import naming_problems
from mlsim.scenario.spec import Scenario
from mlsim.scenario.tree import belonging_to, substituted
from mlsim.scenario.validation import Checked, examine

# What stands for a key that is missing or unreadable, so that the rest can be checked.
_STAND_INS = {"scenario": "unnamed", "horizon": "1d", "load": {}, "system": {}, "flow": []}


def load(path: str | Path, settings: Mapping[str, object] | None = None) -> Scenario:
    """The scenario of a file, with `settings` as in {"load.jobs.rate": "3/s"}.

    Kinds of components and faults are known once the packages that define them are imported.
    Raises ScenarioError with all mistakes.
    """
    return from_document(read(path).with_(settings or {}))


def from_document(document: Document) -> Scenario:
    """The scenario of a document; raises as `load` does."""
    return completed(examined(document))


def examined(document: Document) -> Checked[Scenario]:
    """As much of a scenario as could be read, and all its mistakes."""
    checked = examine(document, Scenario, _STAND_INS)
    if checked.value is None:
        return checked
    checked.value._document, checked.value._unread = document, checked.unread
    if any(map(_holds_names, checked.unread)):
        return checked
    return checked.with_mistakes(_mistakes(checked.value))


def _holds_names(place: Place) -> bool:
    """Whether what stands there gives names that all the rest may use: nobody knows them then."""
    return place in (("system",), ("world",)) or (place[0] == "world" and len(place) == 2)


def _mistakes(scenario: Scenario) -> Iterator[Mistake]:
    for key in ("load", "system", "flow"):
        bare = scenario.world.features and not scenario.has_machine
        if not (getattr(scenario, key) or bare) and scenario.is_read(key):
            yield (key,), "must not be empty", ""
    yield from flow_problems(scenario)
    yield from load_problems(scenario)
    yield from naming_problems(scenario)
    yield from feature_problems(scenario)
    yield from file_problems(scenario)
    yield from whole_problems(scenario)
    for name, component in scenario.system.items():
        for place, message, suggestion in component.problems(scenario, name):
            yield ("system", name, *place), message, suggestion
    for number, fault in enumerate(scenario.faults):
        for place, message, suggestion in fault.problems(scenario, f"faults[{number}]"):
            yield ("faults", number, *place), message, suggestion


def file_problems(scenario: Scenario) -> Iterator[Mistake]:
    """Why its monitoring file can't be read, or must not."""
    file = scenario.monitoring_file
    if file is None:
        return
    folder = scenario.document.path.parent.resolve()
    if not file.resolve().is_relative_to(folder):
        yield ("monitoring",), "must not lead out of the scenario's folder", ""
    elif not file.is_file():
        near = near_file(scenario.monitoring or "", scenario.document.path.parent)
        yield ("monitoring",), f"{no_file(file)}: {file}", near


def completed(checked: Checked[Scenario]) -> Scenario:
    """A scenario without mistakes: chains know their lines, rates have their drivers put in.

    Raises ScenarioError with all mistakes if it has any.
    """
    scenario = checked.whole()
    line = scenario.document.line
    flow = tuple(replace(c, line=line(("flow", n))) for n, c in enumerate(scenario.flow))
    drivers = {
        name: belonging_to(driver, f"world/driver/{name}")
        for name, driver in scenario.world.drivers.items()
    }
    loads = {
        name: one.model_copy(update={"rate": one.rate and substituted(one.rate, drivers)})
        for name, one in scenario.load.items()
    }
    return scenario.model_copy(update={"flow": flow, "load": loads})
