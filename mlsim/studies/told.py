"""Mistakes of settings, told where people wrote them: an option, a variant, a line of a study."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from mlsim.errors import Problem
from mlsim.scenario.document import Document, Place, path_text, setting_of

Tell = Callable[[str, Problem], Problem]
"""From a variant's name and a mistake of it to the mistake as it is told."""


def by_variant(given: Mapping[str, Any]) -> Tell:
    """By the name of the variant that makes the setting."""

    def tell(name: str, problem: Problem) -> Problem:
        path, text = setting_of(problem)
        if not _sets(given[name], path):
            return problem
        place = [f"{path}={text}"] if name != f"{path}={text}" else []
        return replace(
            problem, file=f"variant '{name}'", path=": ".join(filter(None, [*place, problem.path]))
        )

    return tell


def by_option(option: str, given: Mapping[str, Any]) -> Tell:
    """By the option and the path: several values of one path have often the same mistake."""

    def tell(name: str, problem: Problem) -> Problem:
        path, _ = setting_of(problem)
        return replace(problem, file=f"{option} {path}") if _sets(given[name], path) else problem

    return tell


def by_line(document: Document, given: Mapping[str, Any]) -> Tell:
    """By the line of a study's file."""

    def tell(name: str, problem: Problem) -> Problem:
        path, _ = setting_of(problem)
        own = (("variants", name, path), ("vary", path)) if _sets(given[name], path) else ()
        return _at(document, (*own, ("set", path)), problem)

    return tell


def in_file(document: Document, problem: Problem) -> Problem:
    """By the line of a file of settings."""
    return _at(document, [(setting_of(problem)[0],)], problem)


def _at(document: Document, places: Iterable[Place], problem: Problem) -> Problem:
    """At the first of the places that the document holds."""
    for place in filter(document.holds, places):
        where = ": ".join(filter(None, [path_text(place), problem.path]))
        return replace(problem, file=str(document.path), line=document.line(place), path=where)
    return problem


def _sets(change: object, path: str) -> bool:
    return isinstance(change, Mapping) and path in change
