"""A YAML file as mlsim reads it: its values, their lines, and its validation."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from mlsim.errors import Problem, ScenarioError, nearest
from mlsim.scenario.messages import is_consequence, problem_of
from mlsim.scenario.nodes import Node, Plain, Unreadable, read_nodes
from mlsim.scenario.refusal import got

MAX_BYTES = 1 << 20

M = TypeVar("M", bound=BaseModel)
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A file that could be read.

    flaws: mistakes of writing (a key that stands twice, an expression without quotes); they don't
    keep the rest from being checked, and `check` reports them with it.
    """

    path: Path
    root: Node
    flaws: tuple[Problem, ...] = ()

    @cached_property
    def data(self) -> Plain:
        """The values alone: dicts, lists, text, numbers, true, false, null."""
        return self.root.plain()

    @property
    def hash(self) -> str:
        """32 hex digits over all keys and values, settings included.

        Comments, layout, the order of keys and the file's name don't enter.
        """
        canonical = json.dumps(self.data, sort_keys=True, separators=(",", ":"))
        return blake2b(canonical.encode(), digest_size=16).hexdigest()

    def line(self, place: Place) -> int:
        """The line of a place in the document, or of the nearest place around it that exists."""
        node = self.root
        for step in place:
            child = _child(node, step)
            if child is None:
                break
            node = child
        return node.line

    def problem(self, place: Place, message: str, suggestion: str = "") -> Problem:
        """A mistake at a place of this document."""
        return Problem(str(self.path), self.line(place), path_text(place), message, suggestion)

    def with_(self, settings: Mapping[str, object]) -> "Document":
        """A copy with other values: {"load.check_ups.rate": "3/s", "faults[0].at": "2d"}.

        Text is read as YAML, as if it stood in the file. A setting may add a key to a mapping;
        validation decides whether it belongs there. Raises ScenarioError if it has no parent.
        """
        root, problems = self.root, []
        for path, value in settings.items():
            try:
                root = _replaced(root, _steps(path), _setting(value), ())
            except _NoSuchPlace as missing:
                problems.append(
                    Problem(str(self.path), 0, path, missing.message, missing.suggestion)
                )
        if problems:
            raise ScenarioError(problems)
        return replace(self, root=root)


def read(path: str | Path) -> Document:
    """Read a YAML file; raises ScenarioError if there is no document in it.

    Refused: a missing file, more than 1 MiB, other text than UTF-8, YAML tags and merge keys, more
    than 40 levels or (aliases expanded) 100,000 values.
    """
    path = Path(path)
    try:
        root, flaws = read_nodes(_text(path))
    except Unreadable as error:
        raise ScenarioError([Problem(str(path), error.line, "", str(error))]) from None
    return Document(
        path, root, tuple(Problem(str(path), f.line, path_text(f.path), f.message) for f in flaws)
    )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise Unreadable(0, f"is larger than {MAX_BYTES >> 20} MiB")
        return content.decode("utf-8-sig")
    except FileNotFoundError:
        raise Unreadable(0, "no such file") from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, "is not UTF-8 text") from None
    except OSError as error:
        raise Unreadable(0, f"cannot be read: {error.strerror}") from None


def check(document: Document, model: type[M]) -> M:
    """The document as a `model`; raises ScenarioError with every mistake of the file at once."""
    problems = list(document.flaws)
    if not isinstance(document.data, dict):
        message = f"must be a mapping of keys to values {got(document.data)}"
        raise ScenarioError([*problems, document.problem((), message)])
    # Each Spec notes here which keys it knows, by the identity of the mapping it was given.
    known: dict[int, tuple[str, ...]] = {}
    try:
        result = model.model_validate(document.data, context=known)
    except ValidationError as error:
        for mistake in error.errors(include_url=False):
            if not is_consequence(mistake):
                problems.append(document.problem(*problem_of(mistake, document.data, known)))
    if problems:
        raise ScenarioError(problems)
    return result


def path_text(place: Place) -> str:
    """How a place is written.

    >>> path_text(("faults", 0, "unit"))
    'faults[0].unit'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".")


class _NoSuchPlace(Exception):
    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.message, self.suggestion = message, suggestion


def _steps(path: str) -> Place:
    if not re.fullmatch(r"[^.\[\]]+(\.[^.\[\]]+|\[[0-9]{1,9}\])*", path):
        raise _NoSuchPlace("must be a path such as load.jobs.rate or faults[0].at")
    found = re.findall(r"([^.\[\]]+)|\[([0-9]+)\]", path)
    return tuple(int(digits) if digits else name for name, digits in found)


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node.value, dict) and isinstance(step, str):
        return node.value.get(step)
    if isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None


def _replaced(node: Node, steps: Place, new: Node, done: Place) -> Node:
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    child = _child(node, step)
    is_new_key = isinstance(node.value, dict) and isinstance(step, str) and not rest
    if child is None and not is_new_key:
        raise _missing(node, step, done)
    changed = new if child is None else _replaced(child, rest, new, (*done, step))
    value: Any = node.value.copy() if isinstance(node.value, dict | list) else node.value
    value[step] = changed
    return replace(node, value=value)


def _missing(node: Node, step: str | int, done: Place) -> _NoSuchPlace:
    place = path_text(done) or "the document"
    if isinstance(node.value, dict):
        return _NoSuchPlace(f"{place} has no '{step}'", nearest(str(step), node.value))
    if isinstance(node.value, list):
        return _NoSuchPlace(f"{place} has {len(node.value)} entries, counted from 0")
    return _NoSuchPlace(f"{place} is a single value and holds nothing")


def _setting(value: object) -> Node:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    try:
        node, flaws = read_nodes(text)
    except Unreadable as error:
        raise _NoSuchPlace(str(error)) from None
    if flaws:
        raise _NoSuchPlace(flaws[0].message)
    return _unplaced(node)


def _unplaced(node: Node) -> Node:
    """The same without lines: they would count from the setting's beginning, not the file's."""
    match node.value:
        case dict():
            return replace(node, line=0, value={k: _unplaced(v) for k, v in node.value.items()})
        case list():
            return replace(node, line=0, value=[_unplaced(v) for v in node.value])
    return replace(node, line=0)
