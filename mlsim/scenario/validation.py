"""Validation of a document: all its mistakes, and what is left of it without them.

A part that can't be read doesn't keep the rest from being checked. It is left out, the smallest
part that will do: a value that has a default, else the entry that needs it. What then seems to be
wrong only because that part is missing is not told.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mlsim.errors import Problem, ScenarioError
from mlsim.scenario.document import Document, Place
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.messages import is_consequence, problem_of
from mlsim.scenario.refusal import got

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Checked(Generic[M]):
    """What could be read of a document.

    value: what it says, without what could not be read; None if too little is left.
    unread: the places of what could not be read. problems: its mistakes.
    """

    document: Document
    value: M | None
    unread: frozenset[Place]
    problems: tuple[Problem, ...]

    def with_mistakes(self, mistakes: Iterable[Mistake]) -> "Checked[M]":
        """The same with mistakes of meaning that `value` has, their places counted in it."""
        names = {_name(place) for place in self.unread}
        told = tuple(
            self.document.problem(_original(place, self.unread), message, suggestion)
            for place, message, suggestion in mistakes
            if names.isdisjoint(re.findall(r"\w+", message))  # it may only follow from another
        )
        return replace(self, problems=(*self.problems, *told))

    def line(self, place: Place) -> int:
        """The line of a place of `value` in the file."""
        return self.document.line(_original(place, self.unread))

    def whole(self) -> M:
        """The value; raises ScenarioError with all mistakes if there are any."""
        if self.value is None or self.problems:
            raise ScenarioError(self.problems)
        return self.value


def check(document: Document, model: type[M]) -> M:
    """The document as a `model`; raises ScenarioError with every mistake of structure at once."""
    return examine(document, model).whole()


def examine(
    document: Document, model: type[M], stand_ins: Mapping[str, object] | None = None
) -> Checked[M]:
    """Read as much of a document as can be read.

    stand_ins: values for keys at the top, without which nothing could be checked.
    """
    if not isinstance(document.data, dict):
        message = f"must be a mapping of keys to values {got(document.data)}"
        problems = (*document.flaws, document.problem((), message))
        return Checked(document, None, frozenset(), problems)
    value, mistakes = _validated(document.data, model)
    problems = (*document.flaws, *(document.problem(*_told(mistake)) for mistake in mistakes))
    unread: set[Place] = set()
    while mistakes:
        culprits = {_original(place, unread) for place in _culprits(mistakes, stand_ins or {})}
        if () in culprits or culprits <= unread:
            return Checked(document, None, frozenset(unread), problems)
        unread = _outermost(unread | culprits)
        shown = {key: value for key, value in (stand_ins or {}).items() if (key,) in unread}
        value, mistakes = _validated({**shown, **_without(document.data, unread, ())}, model)
    return Checked(document, value, frozenset(unread), problems)


@dataclass(frozen=True)
class _Error:
    """One of pydantic's errors, with the data and the known keys that it needs to be told."""

    details: ErrorDetails
    data: Any
    known: Mapping[int, tuple[str, ...]]


def _validated(data: Any, model: type[M]) -> tuple[M | None, list[_Error]]:
    # Each Spec notes here which keys it knows, by the identity of the mapping it was given.
    known: dict[int, tuple[str, ...]] = {}
    try:
        return model.model_validate(data, context=known), []
    except ValidationError as error:
        found = [_Error(one, data, known) for one in error.errors(include_url=False)]
        return None, [one for one in found if not is_consequence(one.details)] or found


def _told(error: _Error) -> Mistake:
    return problem_of(error.details, error.data, error.known)


def _culprits(errors: Iterable[_Error], stand_ins: Mapping[str, object]) -> Iterator[Place]:
    """The smallest parts without which these errors would not be."""
    for error in errors:
        place, _, meant = _told(error)
        if meant and error.details["type"] == "extra_forbidden":
            yield (*place[:-1], meant)  # who misspelt a key did not leave it out
        is_missing = error.details["type"] == "missing" and place[-1] not in stand_ins
        yield place[:-1] if is_missing else place


def _outermost(places: set[Place]) -> set[Place]:
    """The places that lie in no other of them."""
    return {place for place in places if not any(place[:k] in places for k in range(1, len(place)))}


def _without(data: Any, unread: Iterable[Place], here: Place) -> Any:
    """The data without some of its places."""
    if isinstance(data, dict):
        return {
            key: _without(inner, unread, (*here, key))
            for key, inner in data.items()
            if (*here, key) not in unread
        }
    if isinstance(data, list):
        return [
            _without(inner, unread, (*here, number))
            for number, inner in enumerate(data)
            if (*here, number) not in unread
        ]
    return data


def _original(place: Place, unread: Iterable[Place]) -> Place:
    """A place of what is left, as it is counted in the whole document."""
    found: Place = ()
    for step in place:
        if isinstance(step, int):
            kept = (number for number in count() if (*found, number) not in unread)
            step = next(islice(kept, step, None))
        found = (*found, step)
    return found


def _name(place: Place) -> str:
    """What a part is called by those who speak of it; `inputs` for `inputs[1]`."""
    return next(step for step in reversed(place) if isinstance(step, str))
