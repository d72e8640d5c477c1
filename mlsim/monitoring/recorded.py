"""Series that recording rules have made, beside those of the run."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from mlsim.monitoring.promql import Source, Vector
from mlsim.monitoring.promql.vector import Floats, drop
from mlsim.telemetry.labels import METRIC_NAME, Labels, Matcher, canonical
from mlsim.telemetry.store import Block


class Recorded:
    """A source of series to which the results of recording rules can be added."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._blocks: list[Block] = []

    def record(
        self, name: str, labels: Mapping[str, str], steps: Floats, result: Vector
    ) -> list[Block]:
        """Keep the result of a rule at its steps (seconds) as the series `name`; gives its blocks.

        Where a series ends there is a marker of staleness, so that the lookback doesn't prolong it.
        """
        renamed = [
            canonical(dict(drop(series)) | dict(labels) | {METRIC_NAME: name})
            for series in result.labels
        ]
        vector = Vector.of(renamed, result.values, result.present)
        by_steps: dict[bytes, list[int]] = defaultdict(list)
        for row, present in enumerate(vector.present):
            by_steps[present.tobytes()].append(row)
        blocks = [_block(vector, rows, steps) for rows in by_steps.values()]
        self.add(blocks)
        return blocks

    def add(self, blocks: Sequence[Block]) -> None:
        """Keep what `record` gave for the same series before."""
        self._blocks += blocks

    def select(
        self, matchers: Sequence[Matcher], start: float = -np.inf, end: float = np.inf
    ) -> list[Block]:
        """As SeriesStore.select, over both."""
        found = [_part(block, matchers, start, end) for block in self._blocks]
        return self._source.select(matchers, start, end) + [b for b in found if b.values.size]


def _block(vector: Vector, rows: list[int], steps: Floats) -> Block:
    present = vector.present[rows[0]]
    ends = np.concatenate([[False], present[:-1] & ~present[1:]])
    kept = present | ends
    labels = [vector.labels[row] for row in rows]
    return Block(steps[kept], labels, vector.values[rows][:, kept], ends[kept])


def _part(block: Block, matchers: Sequence[Matcher], start: float, end: float) -> Block:
    rows = [row for row, labels in enumerate(block.labels) if _fulfils(labels, matchers)]
    first, last = np.searchsorted(block.times, [start, np.nextafter(end, np.inf)])
    return Block(
        block.times[first:last],
        [block.labels[row] for row in rows],
        block.values[rows, first:last],
        None if block.stale is None else block.stale[first:last],
    )


def _fulfils(labels: Labels, matchers: Sequence[Matcher]) -> bool:
    return all(matcher.matches(labels) for matcher in matchers)
