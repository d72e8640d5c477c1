"""Variants as people give them: a monitoring file, a file of settings, or settings themselves."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from mlsim.errors import MlsimError, Problem, ScenarioError
from mlsim.monitoring.loading import load_watched
from mlsim.monitoring.settings import divided
from mlsim.monitoring.spec import MonitoringFile, load_monitoring
from mlsim.scenario.document import Document, read
from mlsim.scenario.spec import Scenario
from mlsim.studies.told import Tell, by_variant, in_file
from mlsim.studies.variant import Variant

AS_IT_IS = "as it is"
"""The name of the scenario without any change."""


class VariantError(MlsimError):
    """A variant that can't be understood, or that has the name of another."""


def variants_of(
    scenario: str | Path,
    given: Mapping[str, Any],
    settings: Mapping[str, object] | None = None,
    monitoring: str | Path | None = None,
    told: Tell | None = None,
) -> tuple[Variant, ...]:
    """The variants of a scenario's file, each by its name; all are read before any is run.

    given: name to what it changes: a mapping of paths to values, the path of a monitoring file, or
    that of a file of settings; None for nothing. settings, monitoring: what all of them have.
    told: how mistakes of what is given are told; by the variants' names if that isn't given.
    Raises ScenarioError with the mistakes of all.
    """
    tell = told or by_variant(given)
    reading = _Reading(Path(scenario), settings or {}, Path(monitoring) if monitoring else None)
    found, problems = [], []
    for name, change in given.items():
        try:
            found.append(reading.variant(name, change))
        except ScenarioError as error:
            problems += [tell(name, problem) for problem in error.problems]
    if problems:
        raise ScenarioError(dict.fromkeys(problems))
    return tuple(found)


class _Reading:
    """Reads each file once, however many variants name it, and each scenario that they share."""

    def __init__(self, file: Path, settings: Mapping[str, object], monitoring: Path | None):
        self._file, self._settings, self._monitoring = file, settings, monitoring
        self._read: Callable[[Path], Document] = cache(read)
        self._scenarios: dict[tuple[tuple[str, str], ...], Scenario] = {}

    def variant(self, name: str, change: Mapping[str, object] | str | Path | None) -> Variant:
        if change is None or change == ".":
            return self._variant(name, {}, self._monitoring)
        if not isinstance(change, str | Path):
            return self._variant(name, change, self._monitoring)
        document = self._read(Path(change))
        data = document.data
        if not isinstance(data, dict) or not data:
            message = "must be a monitoring file, or a file of settings such as `horizon: 7d`"
            raise ScenarioError([Problem(str(change), 0, "", message)])
        if data.keys() <= _monitoring_keys():
            return self._variant(name, {}, Path(change))
        try:
            return self._variant(name, data, self._monitoring)
        except ScenarioError as error:
            raise ScenarioError(in_file(document, p) for p in error.problems) from None

    def _variant(self, name: str, change: Mapping[str, object], monitoring: Path | None) -> Variant:
        own, watched = divided({**self._settings, **change})
        key = tuple((path, repr(value)) for path, value in own.items())
        if key not in self._scenarios:
            # Both at once, so that the mistakes of both are told.
            both = load_watched(self._file, {**self._settings, **change}, monitoring)
            self._scenarios[key] = both[0]
            return Variant(name, *both)
        scenario = self._scenarios[key]
        file = monitoring or scenario.monitoring_file
        if file is None:
            return Variant(name, *load_watched(self._file, {**self._settings, **change}))
        return Variant(name, scenario, load_monitoring(file, scenario, watched, self._read))


def _monitoring_keys() -> set[str]:
    return {field.alias or name for name, field in MonitoringFile.model_fields.items()}


def parsed(texts: Sequence[str]) -> dict[str, dict[str, str] | str | None]:
    """Variants as a command line gives them, by name.

    A file, or `[NAME:]PATH=VALUE[; PATH=VALUE ...]`; `NAME:FILE` and a lone `.` (the scenario as it
    is) will do as well. Raises VariantError.

    >>> parsed(["ops_only.yml", "busy: load.jobs.rate=3/s; horizon=2d"])
    {'ops_only': 'ops_only.yml', 'busy': {'load.jobs.rate': '3/s', 'horizon': '2d'}}
    """
    found: dict[str, dict[str, str] | str | None] = {}
    for text in texts:
        name, change = _parsed(text)
        if name in found:
            raise VariantError(f"{text}: another variant is called '{name}', too; write NAME:...")
        found[name] = change
    return found


def _parsed(text: str) -> tuple[str, dict[str, str] | str | None]:
    name, colon, rest = text.partition(":")
    named = bool(colon) and "=" not in name and name.strip() != ""
    own = rest.strip() if named else text.strip()
    if own in (".", ""):
        return name.strip() if named else AS_IT_IS, None
    if "=" not in own:
        if Path(own).suffix not in (".yaml", ".yml") and not Path(own).exists():
            raise VariantError(
                f"variant '{text}': must be a YAML file, or settings as in "
                f"'busy: load.jobs.rate=3/s' (got '{own}')"
            )
        return name.strip() if named else Path(own).stem, own
    settings = {}
    for part in own.split(";"):
        path, equals, value = part.partition("=")
        if not (path.strip() and equals):
            raise VariantError(f"variant '{text}': needs PATH=VALUE (got '{part.strip()}')")
        if " " in path.strip().partition(".")[0]:
            raise VariantError(
                f"variant '{text}': '{path.strip()}' is not a path; behind a variant's name stands "
                "a colon, as in 'busy: load.jobs.rate=3/s'"
            )
        settings[path.strip()] = value.strip()
    return name.strip() if named else own, settings
