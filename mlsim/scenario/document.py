"""A YAML file as mlsim reads it: its values and their lines."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from mlsim.errors import Problem, ScenarioError, nearest
from mlsim.scenario.digests import digest
from mlsim.scenario.nodes import Node, Plain, Unreadable, read_nodes

MAX_BYTES = 1 << 20

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A file that could be read.

    flaws: mistakes of writing (a key that stands twice, an expression without quotes); they don't
    keep the rest from being checked, and `check` reports them with it. text: as the file has it.
    settings: what stands in `root` instead of what the text says, in the order in which it was set.
    """

    path: Path
    root: Node
    flaws: tuple[Problem, ...] = ()
    text: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

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
        return digest(canonical)

    def as_text(self) -> str:
        """What a file with the same values would hold: its own text, or, with settings, JSON.

        JSON is YAML, too; comments and layout are gone, since they told of other values.
        """
        return json.dumps(self.data, indent=2) + "\n" if self.settings else self.text

    def line(self, place: Place) -> int:
        """The line of a place in the document, or of the nearest place around it that exists."""
        node = self.root
        for step in place:
            child = _child(node, step)
            if child is None:
                break
            node = child
        return node.line

    def holds(self, place: Place) -> bool:
        """Whether there is something at a place."""
        node: Node | None = self.root
        for step in place:
            node = _child(node, step) if node is not None else None
        return node is not None

    def problem(self, place: Place, message: str, suggestion: str = "") -> Problem:
        """A mistake at a place of this document: in its file, or in a setting."""
        for path, text in reversed([*self.settings.items()]):
            set_at = _steps(path)
            if place[: len(set_at)] == set_at:
                inner = path_text(place[len(set_at) :])
                return Problem(_as_given(path, text), 0, inner, message, suggestion)
        return Problem(str(self.path), self.line(place), path_text(place), message, suggestion)

    def with_(self, settings: Mapping[str, object]) -> "Document":
        """A copy with other values: {"load.check_ups.rate": "3/s", "faults[0].at": "2d"}.

        Text is read as YAML, as if it stood in the file. A setting may add a key to a mapping;
        validation decides whether it belongs there. Raises ScenarioError if it has no parent.
        """
        if not isinstance(self.root.value, dict):
            return self  # nothing can be set in it, which is the file's own mistake
        texts = {path: _setting_text(value) for path, value in settings.items()}
        root, problems = self.root, []
        for path, text in texts.items():
            try:
                root = _replaced(root, _steps(path), _setting(text), ())
            except _NoSuchPlace as missing:
                given = _as_given(path, text)
                problems.append(Problem(given, 0, "", missing.message, missing.suggestion))
        if problems:
            raise ScenarioError(problems)
        # A setting made again is the last one: their order is how they are to be made anew.
        earlier = {path: text for path, text in self.settings.items() if path not in texts}
        return replace(self, root=root, settings=earlier | texts)


def _as_given(path: str, text: str) -> str:
    """Where one looks for a mistake of a setting: not in the file, but on the command line."""
    return f"--set {path}={text}"


def setting_of(problem: Problem) -> tuple[str, str]:
    """The path and the value of the setting that a mistake lies in; empty for one of a file.

    >>> setting_of(Problem("--set horizon=2x", 0, "", "must be a duration"))
    ('horizon', '2x')
    """
    if not problem.file.startswith("--set "):
        return "", ""
    path, _, text = problem.file.removeprefix("--set ").partition("=")
    return path, text


def read(path: str | Path) -> Document:
    """Read a YAML file; raises ScenarioError if there is no document in it.

    Refused: a missing file, more than 1 MiB, other text than UTF-8, YAML tags and merge keys, more
    than 40 levels or (aliases expanded) 100,000 values.
    """
    path = Path(path)
    try:
        text = _text(path)
        root, flaws = read_nodes(text)
    except Unreadable as error:
        near = "" if path.is_file() else near_file(path)
        raise ScenarioError([Problem(str(path), error.line, "", str(error), near)]) from None
    problems = tuple(Problem(str(path), f.line, path_text(f.path), f.message) for f in flaws)
    return Document(path, root, problems, text)


def near_file(name: str | Path, folder: Path = Path()) -> str:
    """The YAML file that was probably meant where there is none of that name; or "".

    folder: from where the name counts, and what is found. In a folder, the only one.
    """
    path = folder / name
    if path.is_dir():
        inside = [entry.name for entry in path.glob("*.y*ml")]
        return (Path(name) / inside[0]).as_posix() if len(inside) == 1 else ""
    near = nearest(path.name, [entry.name for entry in path.parent.glob("*.y*ml")])
    return Path(name).with_name(near).as_posix() if near else ""


def no_file(path: Path) -> str:
    """What there is where a file should be."""
    return "is a folder, and no file" if path.is_dir() else "no such file"


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise Unreadable(0, f"is larger than {MAX_BYTES >> 20} MiB")
        return content.decode("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise Unreadable(0, no_file(path)) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, "is not UTF-8 text") from None
    except OSError as error:
        raise Unreadable(0, f"cannot be read: {error.strerror}") from None


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
        if isinstance(step, str):
            return _NoSuchPlace(f"{place} is a list: its first entry is {place}[0]")
        entries = "one entry" if len(node.value) == 1 else f"{len(node.value)} entries"
        return _NoSuchPlace(f"{place} has {entries}, counted from 0")
    return _NoSuchPlace(f"{place} is a single value and holds nothing")


def _setting_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _setting(text: str) -> Node:
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
