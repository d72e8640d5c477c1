"""Requests that have left the network, in blocks, with columns computed when somebody asks.

Which settings of a component were in force for a row is in the row's stamps, so that a block can be
settled at any time after its requests have moved, and settling it twice gives the same values.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlsim.engine.columns import Column, Formula, Rows
from mlsim.engine.network import Requests
from mlsim.scenario.flow_steps import Choice
from mlsim.system.base import Deployed, Inbox
from mlsim.system.choosing import Asked, Conditions
from mlsim.system.contract import Reader
from mlsim.system.traits import WHOSE
from mlsim.system.wiring import Readers, Wiring, needed_by
from mlsim.world.people import Truth

Selection = NDArray[np.intp] | slice

OUTCOMES = ("ok", "timed_out", "rejected", "failed", "abandoned", "fallback")
"""What becomes of a request, in the order of the network's codes."""


class SettledRows(Mapping[str, Column]):
    """n requests of one load: `block["infected"]` is the truth, `block["advice.isolate"]` what was
    done.

    log: ids, times, outcomes and stamps, as the network recorded them. place: the column of a
    component's stamps. hitched: bool[n], which rows have reached a collector late or once more.
    conditions: of the choices in the flow.
    """

    def __init__(
        self,
        log: Requests,
        truth: Truth,
        system: Mapping[str, Deployed],
        wiring: Wiring,
        place: Callable[[str], int],
        hitched: NDArray[np.bool_] | None = None,
        conditions: Mapping[Choice, Conditions] = MappingProxyType({}),
    ):
        self.log, self.truth = log, truth
        self._system, self._wiring, self._place = system, wiring, place
        self._conditions = conditions
        self.hitched: NDArray[np.bool_] | bool = False if hitched is None else hitched
        self._computed: dict[tuple[str, str], Column] = {}
        self._own: dict[str, Callable[[], Column]] = {
            "sojourn_time": lambda: log.end - log.arrival,
            "attempts": lambda: log.attempts,
            **{name: partial(np.equal, log.outcome, code) for code, name in enumerate(OUTCOMES)},
        }

    def __getitem__(self, name: str) -> Column:
        """A true column, `<component>.<output>`, or what became of a request (`ok`, ...)."""
        if name in self._own:
            return self._own[name]()
        if name in self.truth:
            return self.truth[name]
        component, _, column = name.partition(".")
        outputs = self._system[component].spec.outputs(component)
        return self.output(component, name if name in outputs else column)

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from self.truth

    def __len__(self) -> int:
        return len(self._own) + len(self.truth)

    def at(self, reader: str, column: str) -> Column:
        """A column as it reached the component `reader`, shape (n,)."""
        spec = self._system[reader].spec

        def sent(source: str | None) -> Column:
            if source is not None and isinstance(spec, Reader) and spec.versions:
                return self._sent_to(reader, spec, self._system[source], column)
            return self._sent_by(source, column)

        values = np.asarray(self._by_way(reader, column, sent))
        if isinstance(spec, Reader) and spec.parses:
            return spec.parsed(values, self._bad(reader, spec, column))
        return values

    def _sent_by(self, source: str | None, column: str) -> Column:
        return self._true(column) if source is None else self.output(source, column)

    def _true(self, column: str) -> Column:
        """What is true of each row; missing where only other loads have such a column."""
        known = column in self.truth
        return self.truth[column] if known else np.full(self.log.end.shape, np.nan)

    def _by_way(self, reader: Readers, column: str, of: Callable[[str | None], Any]) -> Any:
        """Something about the senders of a column, for each row of the one that it has passed."""
        *nearer, last = self._wiring.sources(reader, column)
        result = of(last)
        for source in reversed(nearer):
            assert source is not None, "the world is the last of all sources"
            result = np.where(self._passed(source, reader), of(source), result)
        return result

    def _passed(self, name: str, reader: Readers) -> NDArray[np.bool_]:
        """Which rows on their way to a reader have come back from a component."""
        ways = self._wiring.detour(name, reader)
        passed = np.full(self.log.end.shape, not ways)
        for way in ways:
            came = np.ones(passed.shape, np.bool_)
            for fork, branch in way:
                if isinstance(fork, Choice):
                    came &= self.branch(fork) == branch
                else:
                    came &= self.log.stamps[:, self._place(name)] >= 0
            passed |= came
        return passed

    def branch(self, choice: Choice) -> NDArray[np.int64]:
        """The branch of a choice that each row takes, int64[n]; the last where none holds."""
        key = ("", str(choice))
        if key not in self._computed:

            def ask(column: str) -> Column:
                return np.asarray(
                    self._by_way(choice, column, lambda source: self._sent_by(source, column))
                )

            columns = Asked(needed_by(choice), ask)
            self._computed[key] = self._conditions[choice].branch(self._seen(columns))
        return self._computed[key]

    def trait(self, name: str, formula: Formula) -> Column:
        """What a component goes by, of each row."""

        def ask(column: str) -> Column:
            return self.truth.people if column == WHOSE else self.at(name, column)

        columns = Asked(formula.names, ask)
        return formula(self._seen(columns))

    def _seen(self, columns: Mapping[str, Column]) -> Rows:
        """These rows as a formula sees them that reads some columns."""
        return Rows(
            self.log.request, lambda: self.log.sent, columns, attempts=lambda: self.log.answer
        )

    def _sent_to(self, reader: str, spec: Reader, sender: Deployed, column: str) -> Column:
        """A column that a component knows how to read in some versions of an app."""
        if not (sender.spec.starts_requests and column in self.truth):
            return self.output(sender.name, column)
        key = (reader, f"read {column}")
        if key not in self._computed:
            self._computed[key] = self._by_settings(
                sender,
                lambda output, rows: output.send(column, rows[column], rows, spec.versions),
            )
        return self._computed[key]

    def _bad(self, reader: str, spec: Reader, column: str) -> NDArray[np.bool_] | bool:
        """In which rows a component can't parse a column, or its contract doesn't allow it."""
        key = (reader, f"bad {column}")
        if key not in self._computed:

            def bad(source: str | None) -> NDArray[np.bool_] | bool:
                return source is not None and self._bad_from(source, reader, spec, column)

            self._computed[key] = np.asarray(self._by_way(reader, column, bad))
        return self._computed[key]

    def _bad_from(
        self, source: str, reader: str, spec: Reader, column: str
    ) -> NDArray[np.bool_] | bool:
        sender = self._system[source]
        bad = self._own_rows(
            sender,
            lambda settings, rows: sender.spec.unreadable(settings, rows, column, spec.versions),
        )
        contract = self._wiring.contracts.get(column)
        if spec.strict and contract is not None:
            bad = bad | contract.broken_by(self._sent_to(reader, spec, sender, column))
        return bad

    def unreadable_at(self, name: str) -> NDArray[np.bool_] | bool:
        """Which rows hold something that a component can't parse, bool[n]."""
        return self._bad_for(name, self._system[name].spec.needs() or self._wiring.visible(name))

    def _bad_for(self, name: str, columns: Iterable[str]) -> NDArray[np.bool_] | bool:
        spec = self._system[name].spec
        bad: NDArray[np.bool_] | bool = False
        for column in columns:
            assert isinstance(spec, Reader), "only who parses finds something bad"
            bad = bad | self._bad(name, spec, column)
        return bad

    def dropped(self, name: str) -> NDArray[np.bool_] | bool:
        """Which rows a component drops, bool[n]: those it can't parse, if that is its policy."""
        return self._bad_for(name, self._reasons_to_drop(name)) & (
            self.log.stamps[:, self._place(name)] >= 0
        )

    def _reasons_to_drop(self, name: str) -> Iterable[str]:
        """The columns for whose sake a component may drop a row."""
        spec = self._system[name].spec
        if not (isinstance(spec, Reader) and spec.drops):
            return ()
        return spec.needs() or self._wiring.visible(name)

    def lost_before(self, collector: str) -> NDArray[np.bool_] | bool:
        """Which rows have been dropped by the time they reach a collector, or by itself."""
        lost: NDArray[np.bool_] | bool = False
        if not self.log.end.size:
            return lost
        for name in (collector, *self._wiring.upstream(collector)):
            lost = lost | self.dropped(name)
        return lost

    def output(self, name: str, column: str) -> Column:
        """A column as the component `name` sent it; missing where the request didn't pass through.

        Missing is False for decisions and NaN for numbers.
        """
        key = (name, column)
        if key not in self._computed:
            component = self._system[name]
            self._computed[key] = self._by_settings(
                component, lambda settings, rows: component.spec.compute(settings, rows, column)
            )
        return self._computed[key]

    def _own_rows(
        self, component: Deployed, which: Callable[[Any, Inbox], NDArray[np.bool_] | bool]
    ) -> NDArray[np.bool_] | bool:
        """In which rows something is true of what a component itself does, by its settings."""
        stamps = self.log.stamps[:, self._place(component.name)]
        result: NDArray[np.bool_] | bool = False
        for number in range(max(int(stamps.min()), 0), int(stamps.max()) + 1):
            rows = self._inbox(component, slice(None))
            own = which(component.settings[number], rows)
            if np.any(own):
                result = result | ((stamps == number) & own)
        return result

    def _by_settings(self, component: Deployed, compute: Callable[[Any, Inbox], Column]) -> Column:
        """A column that a component makes of each row under the settings of its stamp."""
        stamps = self.log.stamps[:, self._place(component.name)]

        def computed(number: int, rows: Selection) -> Column:
            return compute(component.settings[number], self._inbox(component, rows))

        first, last = int(stamps.min()), int(stamps.max())
        if first == last >= 0:
            return computed(first, slice(None))
        if last < 0:  # Nobody came here: what is missing is still a decision, or a number.
            return _missing(stamps.size, computed(0, np.empty(0, np.intp)).dtype)
        result: NDArray[Any] = np.full(stamps.size, np.nan)
        for number in range(max(first, 0), last + 1):
            rows = np.flatnonzero(stamps == number)
            if rows.size:
                values = computed(number, rows)
                if result.dtype != values.dtype:
                    result = _missing(stamps.size, values.dtype)
                result[rows] = values
        return result

    def _inbox(self, component: Deployed, rows: Selection) -> Inbox:
        return Inbox(
            ids=self.log.request[rows],
            people=self.truth.people[rows],
            attempts=lambda: self.log.answer[rows],
            sent=lambda: self.log.sent[rows],
            names=component.spec.needs(),
            ask=lambda column: self._asked(component, column)[rows],
        )

    def _asked(self, component: Deployed, column: str) -> Column:
        if component.spec.starts_requests or component.spec.knows_truth:
            return self._true(column)
        return self.at(component.name, column)


def _missing(n: int, dtype: np.dtype[np.generic]) -> NDArray[Any]:
    return np.zeros(n, bool) if dtype.kind == "b" else np.full(n, np.nan)
