"""A reader of Prometheus's notation for test scripts: load series, evaluate, expect.

Native histograms, annotations (`expect info`, `expect warn`) and the order of results are not
read: series with native histograms are remembered, so that what touches them can be passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import promql_parser

from mlsim.monitoring.promql import Vector, evaluate
from mlsim.telemetry.labels import METRIC_NAME, Labels, Matcher, canonical
from mlsim.telemetry.store import Block

STALE = object()
UNITS = {"ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
EVAL = re.compile(
    r"(eval|eval_fail|eval_warn|eval_info|eval_ordered) "
    r"(?:instant at (?P<at>\S+)|range from (?P<start>\S+) to (?P<end>\S+) step (?P<step>\S+))"
    r" (?P<expression>.*)"
)


def seconds(text: str) -> float:
    """Seconds of a duration such as `1m30s`, `0m`, `-10s` or `90`."""
    if re.fullmatch(r"-?[0-9.]+", text):
        return float(text)
    parts = re.findall(r"(\d+)(ms|[smhdwy])", text)
    return (-1 if text.startswith("-") else 1) * sum(int(n) * UNITS[unit] for n, unit in parts)


def samples(text: str) -> list[float | object | None]:
    """The samples that a series' notation stands for; None for a gap.

    >>> samples("1+2x2 _x2 7 stale")[:6]
    [1.0, 3.0, 5.0, None, None, 7.0]
    """
    found: list[float | object | None] = []
    for item in text.split():
        body, _, times = item.rpartition("x") if re.search(r"x\d+$", item) else (item, "", "0")
        repeats = int(times)
        if body == "_":
            found += [None] * max(repeats, 1)
        elif body == "stale":
            found += [STALE] * (repeats + 1)
        else:
            start, step = _start_and_step(body)
            found += (
                [start + step * k for k in range(repeats + 1)] if step else [start] * (repeats + 1)
            )
    return found


def _start_and_step(text: str) -> tuple[float, float]:
    match = re.fullmatch(
        r"([+-]?(?:[0-9.]+(?:e[+-]?\d+)?|inf|nan|0x[0-9a-f]+))([+-].+)?", text, re.I
    )
    assert match, text
    start = float(int(match[1], 16)) if match[1].lower().startswith("0x") else float(match[1])
    return start, float(match[2] or 0)


def labels_of(text: str) -> Labels:
    """Labels of a series as it is written, its name among them."""
    text = text.strip()
    if re.fullmatch(r"\{\s*\}", text):
        return ()
    selector = promql_parser.parse(text)
    name = {METRIC_NAME: selector.name} if selector.name else {}
    return canonical(name | {m.name: m.value for m in selector.matchers.matchers})


def split_series(line: str) -> tuple[str, str]:
    """The series and its samples: `a{b="c"} 1 2` -> (`a{b="c"}`, `1 2`)."""
    match = re.match(
        r'\s*((?:[a-zA-Z_:][\w:]*)?\s*(?:\{(?!\{)(?:"(?:\\.|[^"])*"|[^}"])*\})?)\s*(.*)', line
    )
    assert match, line
    return match[1], match[2]


@dataclass
class Loaded:
    """The series loaded so far: what a script's evaluations read."""

    series: dict[Labels, dict[float, float | object]] = field(default_factory=dict)
    native: set[Labels] = field(default_factory=set)

    def load(self, interval: float, lines: list[str]) -> None:
        for line in lines:
            name, values = split_series(line)
            if "{{" in values:
                self.native.add(labels_of(name))
                continue
            points = self.series.setdefault(labels_of(name), {})
            numbered = enumerate(samples(values))
            points.update({k * interval: v for k, v in numbered if v is not None})

    def select(self, matchers, start=-np.inf, end=np.inf) -> list[Block]:
        blocks = []
        for labels, points in self.series.items():
            within = sorted(t for t in points if start <= t <= end)
            if within and all(m.matches(labels) for m in matchers):
                stale = np.array([points[t] is STALE for t in within])
                values = [np.nan if points[t] is STALE else points[t] for t in within]
                blocks.append(Block(np.array(within), [labels], np.array([values]), stale))
        return blocks

    def touches_native(self, matchers: list[Matcher]) -> bool:
        return any(all(m.matches(labels) for m in matchers) for labels in self.native)


@dataclass
class Evaluation:
    """One `eval` of a script: the expression, its steps, and what is expected of it."""

    line: int
    expression: str
    steps: np.ndarray
    loaded: Loaded
    fails: bool
    expected: list[str]
    is_range: bool

    def differences(self, prometheus: int = 3) -> list[str]:
        """What differs between the value and the script's expectation; empty when all is well."""
        found = as_rows(evaluate(self.expression, self.loaded, self.steps, prometheus=prometheus))
        wanted = self._wanted()
        if found.keys() != wanted.keys():
            return [f"series {sorted(found)}, wanted {sorted(wanted)}"]
        return [
            f"{key}: {found[key]}, wanted {wanted[key]}"
            for key in found
            if not same(found[key], wanted[key])
        ]

    def _wanted(self) -> dict[Labels, list[float | None]]:
        rows = {}
        for line in self.expected:
            name, values = split_series(line)
            if name in ("NaN", "Inf", "nan", "inf") or not name:
                name, values = "{}", line
            rows[labels_of(name)] = samples(values)
            if self.is_range and name == "{}" and len(rows[()]) == 1:
                rows[()] *= self.steps.size
        width = self.steps.size
        return {key: (row + [None] * width)[:width] for key, row in rows.items()}


def as_rows(vector: Vector) -> dict[Labels, list[float | None]]:
    return {
        labels: [float(v) if p else None for v, p in zip(values, present, strict=True)]
        for labels, values, present in zip(
            vector.labels, vector.values, vector.present, strict=True
        )
    }


def same(found: list[float | None], wanted: list[float | None]) -> bool:
    """Whether two rows agree within 1e-6, the tolerance of Prometheus's own runner."""
    if [v is None for v in found] != [v is None for v in wanted]:
        return False
    pairs = [(a, b) for a, b in zip(found, wanted, strict=True) if a is not None]
    return all(np.isclose(a, b, rtol=1e-6, atol=1e-12, equal_nan=True) for a, b in pairs)


def evaluations(script: str) -> Iterator[Evaluation]:
    """The evaluations of a script, each with what has been loaded when its turn comes."""
    loaded = Loaded()
    for line, head, body in _commands(script):
        if head == "clear":
            loaded = Loaded()
        elif head.startswith("load"):
            loaded.load(seconds(head.split()[1]), body)
        elif head.startswith("eval"):
            yield _evaluation(line, head, body, loaded)


def _evaluation(line: int, head: str, body: list[str], loaded: Loaded) -> Evaluation:
    match = EVAL.match(head)
    assert match, head
    if match["at"]:
        steps = np.array([seconds(match["at"])])
    else:
        start, end, step = (seconds(match[k]) for k in ("start", "end", "step"))
        steps = start + step * np.arange(int((end - start) / step + 1e-9) + 1)
    fails = match[1] == "eval_fail" or any(row.startswith("expect fail") for row in body)
    expected = [row for row in body if not row.startswith("expect ")]
    is_range = match["at"] is None
    return Evaluation(line, match["expression"], steps, loaded, fails, expected, is_range)


def _commands(script: str) -> Iterator[tuple[int, str, list[str]]]:
    """Each command: the number of its line, the line, and the indented lines under it."""
    command: tuple[int, str, list[str]] | None = None
    for number, raw in enumerate(script.splitlines(), start=1):
        text = raw.strip()
        if not text or text.startswith("#"):
            continue
        if re.match(r"(load|load_with_nhcb|eval|eval_\w+|clear)\b", raw):
            if command:
                yield command
            command = (number, re.sub(r"\s+", " ", text) if raw.startswith("load") else text, [])
        elif command:
            command[2].append(text)
    if command:
        yield command
