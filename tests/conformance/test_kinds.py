"""Every kind of ours, found from the registry, does what its family must do.

What can't hold for a kind is declared here with the reason, and fails once it holds.
"""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mlsim
from mlsim.cli.catalogue import catalogue
from mlsim.testing import (
    CHECK_CHECKS,
    COMPONENT_CHECKS,
    FAULT_CHECKS,
    LANGUAGE_CHECKS,
    CheckTrial,
    ComponentTrial,
    FaultTrial,
)

KINDS = catalogue()
PACKAGE = Path(mlsim.__file__).parent
DOCS = Path(__file__).parents[2] / "docs" / "kinds"
ALL = [(family, name) for family, known in KINDS.items() for name in known]

DECORATOR = re.compile(r"^@(component|fault|check)_kind\(", re.MULTILINE)
"""How a kind is registered, in its source."""

SUITED: dict[str, dict[str, Any]] = {
    "external_quota": {"quota": {"calls": 100, "per": "1d"}},  # the host asks 864 times a day
}
"""Other parameters than those of the example, where they mean nothing to a system so small."""

NOTHING: dict[str, dict[str, Any]] = {"latency": {"factor": 1}, "slow_replica": {"factor": 1}}
"""The parameters with which a fault without a `share` does nothing."""

NO_STRENGTH = "all or nothing"
EXCEPTIONS: dict[str, dict[str, str]] = {
    name: {"is_nothing_without_strength": NO_STRENGTH}
    for name, kind in KINDS["fault"].items()
    if "share" not in kind.model_fields and name not in NOTHING
}
"""What a kind doesn't do, and why not."""


def trial_of(family: str, name: str) -> tuple[Any, tuple[Callable[[Any], None], ...]]:
    """A kind in its host, and what it must do there."""
    kind: Any = KINDS[family][name]
    match family:
        case "component":
            return ComponentTrial(kind), COMPONENT_CHECKS
        case "fault":
            return FaultTrial(
                kind, suited=SUITED.get(name), nothing=NOTHING.get(name)
            ), FAULT_CHECKS
    return CheckTrial(kind), CHECK_CHECKS


@pytest.mark.parametrize(("family", "name"), ALL)
def test_kind_does_what_its_family_must(family: str, name: str):
    """One test per kind: its worlds are run once for all that is asked of it."""
    trial, checks = trial_of(family, name)
    failed: dict[str, str] = {}
    for check in checks:
        try:
            check(trial)
        except AssertionError as error:
            failed[check.__name__] = str(error)
    excepted = EXCEPTIONS.get(name, {})
    assert {n: why for n, why in failed.items() if n not in excepted} == {}
    assert excepted.keys() <= failed.keys(), "an exception that is declared holds no longer"


@pytest.mark.parametrize("item", LANGUAGE_CHECKS, ids=lambda item: item.__name__)
@pytest.mark.parametrize(("family", "name"), ALL)
def test_kind_in_the_language(family: str, name: str, item: Callable[[Any], None]):
    item(KINDS[family][name])


@pytest.mark.parametrize(("family", "name"), ALL)
def test_kind_has_a_page(family: str, name: str):
    assert (DOCS / family / f"{name}.md").is_file(), "run `make docs`"


def test_no_kind_is_lost():
    """As many kinds are tried out as our sources register."""
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    registered = Counter(family for text in sources for family in DECORATOR.findall(text))
    assert Counter(family for family, _ in ALL) == registered
    assert registered.total() >= 59


def test_exceptions_are_of_kinds_that_exist():
    assert EXCEPTIONS.keys() | SUITED.keys() | NOTHING.keys() <= KINDS["fault"].keys()
