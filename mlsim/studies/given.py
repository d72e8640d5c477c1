"""Variants as people give them: a monitoring file, a file of settings, or settings themselves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlsim.errors import MlsimError, Problem, ScenarioError
from mlsim.monitoring.loading import load_watched
from mlsim.monitoring.spec import MonitoringFile
from mlsim.scenario.document import read
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
) -> tuple[Variant, ...]:
    """The variants of a scenario's file, each by its name; all are read before any is run.

    given: name to what it changes: a mapping of paths to values, the path of a monitoring file, or
    that of a file of settings; None for nothing. settings, monitoring: what all of them have.
    Raises ScenarioError with the mistakes of all.
    """
    found, problems = [], []
    for name, change in given.items():
        try:
            found.append(_variant(name, scenario, change, settings or {}, monitoring))
        except ScenarioError as error:
            problems += [p for p in error.problems if p not in problems]
    if problems:
        raise ScenarioError(problems)
    return tuple(found)


def _variant(
    name: str,
    scenario: str | Path,
    change: Mapping[str, object] | str | Path | None,
    settings: Mapping[str, object],
    monitoring: str | Path | None,
) -> Variant:
    if isinstance(change, str | Path):
        document = read(change)
        keys = set(document.data) if isinstance(document.data, dict) else set()
        if not keys:
            message = "must be a monitoring file, or a file of settings such as `horizon: 7d`"
            raise ScenarioError([Problem(str(change), 0, "", message)])
        if keys <= _monitoring_keys():
            return Variant(name, *load_watched(scenario, settings, change))
        assert isinstance(document.data, dict)
        change = document.data
    return Variant(name, *load_watched(scenario, {**settings, **(change or {})}, monitoring))


def _monitoring_keys() -> set[str]:
    return {field.alias or name for name, field in MonitoringFile.model_fields.items()}


def parsed(texts: list[str]) -> dict[str, Mapping[str, str] | Path | None]:
    """Variants as a command line gives them, by name.

    A file, or `[NAME:]PATH=VALUE[; PATH=VALUE ...]`; `NAME:FILE` and a lone `.` (the scenario as it
    is) will do as well. Raises VariantError.

    >>> parsed(["ops_only.yml", "busy: load.jobs.rate=3/s; horizon=2d"])
    {'ops_only': PosixPath('ops_only.yml'), 'busy': {'load.jobs.rate': '3/s', 'horizon': '2d'}}
    """
    found: dict[str, Mapping[str, str] | Path | None] = {}
    for text in texts:
        name, change = _parsed(text)
        if name in found:
            raise VariantError(f"{text}: another variant is called '{name}', too; write NAME:...")
        found[name] = change
    return found


def _parsed(text: str) -> tuple[str, Mapping[str, str] | Path | None]:
    name, colon, rest = text.partition(":")
    named = bool(colon) and "=" not in name and name.strip() != ""
    own = rest.strip() if named else text.strip()
    if own in (".", ""):
        return name.strip() if named else AS_IT_IS, None
    if "=" not in own:
        return name.strip() if named else Path(own).stem, Path(own)
    settings = {}
    for part in own.split(";"):
        path, equals, value = part.partition("=")
        if not (path.strip() and equals):
            raise VariantError(f"{text}: needs PATH=VALUE (got '{part.strip()}')")
        settings[path.strip()] = value.strip()
    return name.strip() if named else own, settings
