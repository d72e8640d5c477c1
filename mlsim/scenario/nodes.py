"""YAML text to a tree of nodes that know their lines.

Values follow the YAML 1.2 core schema: `no`, `12:30` and dates stay text. Nothing is ever
constructed but text, numbers, true, false, null, lists and mappings.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml import events as ev
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

MAX_DEPTH = 40
MAX_NODES = 100_000  # counted after aliases are expanded: a few lines can name billions

_INTEGER = re.compile(r"[-+]?[0-9]{1,400}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?")
_COLON = "could not find expected ':'"
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

Scalar = str | int | float | bool | None
Plain = Scalar | list["Plain"] | dict[str, "Plain"]


class Unreadable(Exception):
    """The text is not a document that mlsim reads; line counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Node:
    """A value of the document.

    line: where it begins, from 1; for an entry of a mapping, where its key stands. 0: not from the
    file. text: the text as it stands, for a value without quotes. size: nodes in it, with itself.
    """

    value: "Scalar | list[Node] | dict[str, Node]"
    line: int
    text: str = ""
    size: int = 1

    def plain(self) -> Plain:
        """The value alone, as lists, dicts and scalars."""
        match self.value:
            case dict():
                return {key: child.plain() for key, child in self.value.items()}
            case list():
                return [child.plain() for child in self.value]
        return self.value


@dataclass(frozen=True)
class Flaw:
    """A mistake of writing that doesn't keep the rest from being read."""

    line: int
    path: tuple[str | int, ...]
    message: str


def scalar(text: str) -> Scalar:
    """What a value without quotes means.

    >>> scalar("12"), scalar("1e3"), scalar("no"), scalar("12:30"), scalar("~")
    (12, 1000.0, 'no', '12:30', None)
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def read_nodes(text: str) -> tuple[Node, list[Flaw]]:
    """The tree of a YAML text, and its flaws; raises Unreadable if there is no tree to be had."""
    builder = _Builder(YAML(typ="safe", pure=True).parse(text))
    try:
        return builder.document(), builder.flaws
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if _COLON in str(error.problem) and error.context_mark:
            line = error.context_mark.line + 1
            raise Unreadable(
                line, "needs a colon and a blank behind the key, as in horizon: 7d"
            ) from None
        raise Unreadable(mark.line + 1 if mark else 0, _explain(error)) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"is not valid YAML: holds the character U+{error.character:04X}"
        raise Unreadable(line, message) from None
    except (YAMLError, ValueError, OverflowError) as error:  # chr() of an escape beyond Unicode
        raise Unreadable(0, f"is not valid YAML: {str(error).splitlines()[0]}") from None


def _explain(error: MarkedYAMLError) -> str:
    message = f"is not valid YAML: {error.problem or error.context}"
    begin, end = error.context_mark, error.problem_mark
    if begin and end and begin.line != end.line:
        message += f" {error.context}, which begins in line {begin.line + 1}"
    if "flow" in str(error.context) or "mapping values" in str(error.problem):
        message += "; text that contains , : # [ ] { or } stands in quotes"
    return message


class _Builder:
    """Recursive descent over the parser's events."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, Node] = {}
        self.flaws: list[Flaw] = []

    def document(self) -> Node:
        root = Node(None, 1)
        documents = 0
        for event in self._events:
            if isinstance(event, ev.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Unreadable(_line(event), "must be a single YAML document")
                root = self._node(next(self._events), ())
        return root

    def _node(self, event: Any, path: tuple[str | int, ...]) -> Node:
        line = _line(event)
        if isinstance(event, ev.AliasEvent):
            if event.anchor not in self._anchors:
                raise Unreadable(line, f"alias *{event.anchor} names no anchor before it")
            return self._anchors[event.anchor]
        if len(path) > MAX_DEPTH:
            raise Unreadable(line, f"is nested more than {MAX_DEPTH} levels deep")
        if getattr(event, "tag", None) is not None and str(event.tag) != "!":
            raise Unreadable(line, f"tags such as {event.tag} are not part of the language")
        node = self._value(event, line, path)
        if node.size > MAX_NODES:
            raise Unreadable(line, f"holds more than {MAX_NODES} values")
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _value(self, event: Any, line: int, path: tuple[str | int, ...]) -> Node:
        if isinstance(event, ev.ScalarEvent):
            _refuse_half_characters(event)
            quoted = event.style is not None
            return Node(
                event.value if quoted else scalar(event.value),
                line,
                text="" if quoted else event.value,
            )
        if isinstance(event, ev.SequenceStartEvent):
            return self._sequence(event, line, path)
        return self._mapping(event, line, path)

    def _sequence(self, event: Any, line: int, path: tuple[str | int, ...]) -> Node:
        items: list[Node] = []
        while not isinstance(inner := next(self._events), ev.SequenceEndEvent):
            node = self._node(inner, (*path, len(items)))
            if event.flow_style and items and _is_open(items[-1].text) and node.text:
                items[-1] = self._joined(items[-1], node.text, (*path, len(items) - 1))
            else:
                items.append(node)
        return Node(items, line, size=1 + sum(item.size for item in items))

    def _mapping(self, event: Any, line: int, path: tuple[str | int, ...]) -> Node:
        entries: dict[str, Node] = {}
        last = ""
        while not isinstance(inner := next(self._events), ev.MappingEndEvent):
            key = self._key(inner)
            node = self._node(next(self._events), (*path, key))
            # `{t: normal(1s, 2s)}` is read as t: "normal(1s" and a key "2s)" without a value.
            if event.flow_style and last and node.value is None and _is_open(entries[last].text):
                entries[last] = self._joined(entries[last], key, (*path, last))
                continue
            if key in entries:
                message = f"stands here twice (first in line {entries[key].line})"
                self.flaws.append(Flaw(_line(inner), (*path, key), message))
            entries[key] = replace(node, line=_line(inner))
            last = key
        return Node(entries, line, size=1 + sum(node.size for node in entries.values()))

    def _key(self, event: Any) -> str:
        if not isinstance(event, ev.ScalarEvent):
            raise Unreadable(_line(event), "a key must be a name")
        if event.value == "<<":
            raise Unreadable(_line(event), "merge keys (<<) are not part of the language")
        _refuse_half_characters(event)
        return str(event.value)

    def _joined(self, node: Node, rest: str, path: tuple[str | int, ...]) -> Node:
        text = f"{node.text}, {rest}"
        if not _is_open(text):
            message = (
                "put the expression in quotes: inside {...} and [...] a comma ends the value "
                f'(as in "{text}")'
            )
            self.flaws.append(Flaw(node.line, path, message))
        return replace(node, value=text, text=text)


def _refuse_half_characters(event: Any) -> None:
    if _SURROGATE.search(event.value):
        raise Unreadable(_line(event), "holds half a character: an escape from ud800 to udfff")


def _is_open(text: str) -> bool:
    return text.count("(") > text.count(")")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
