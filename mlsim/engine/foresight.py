"""Answers to the kernel's questions, computed ahead for many rows at once.

An answer is a function of a row's own: its id, its times, its attempt, and the settings that it
met. So it can be told before the row moves, for the settings that are deployed now. The kernel
compares them with those that the row has really met, and stops where they differ: nothing that is
foreseen wrongly is ever used. Whether an answer is the same for all attempts of a request is found
out by looking who looks: one that is computed without asking when an attempt was sent, and which it
is, holds for all of them.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import state as layout
from mlsim.engine.arrivals import LOAD_SHIFT, LOADS
from mlsim.engine.attempts import foretell_attempts
from mlsim.engine.handing import handed
from mlsim.engine.routes import Program, Question
from mlsim.engine.tables import Requests
from mlsim.scenario.flow_steps import Choice, step_names

TOLD_APART, NUMBER, SENT = -3, -2, -1
"""Places of what stands behind the answers, and what they rest on, in `State.expected`."""

LEAST = 256
"""Arrivals for which answers are computed ahead, just after settings have changed."""


class Steering(Protocol):
    """Who knows what rows carry."""

    @property
    def checked(self) -> Collection[str]:
        """The stations where a visit may fail because of what its row carries."""
        ...

    def reads(self, question: Question) -> Collection[str]:
        """The names whose settings an answer depends on."""
        ...

    def answer(self, question: Question, load: int, rows: Requests) -> NDArray[np.int64]:
        """The answers for n rows of a load that are under way, int64[n], under their stamps."""
        ...


class Foresight:
    """Fills in the answers of a state: of arrivals ahead, and of attempts under way."""

    def __init__(self, steering: Steering, program: Program, names: tuple[str, ...]) -> None:
        self._steering, self._program = steering, program
        self._index = {name: k for k, name in enumerate(names)}
        self._elsewhere = {
            load: np.setdiff1d(np.arange(len(names)), list(program.names_met(load)))
            for load in program.asked
        }
        self._read = [
            frozenset(self._index[name] for name in steering.reads(question))
            for question in program.questions
        ]
        self._is_asked = np.zeros((LOADS, len(program.questions)), np.bool_)
        for load, asked in program.asked.items():
            self._is_asked[load, list(asked)] = True
        self._span, self._until = LEAST, 0
        self._settings = np.empty(0, np.int32)

    def forget(self, state: layout.State) -> None:
        """What was foreseen is out of date: what is true from now on has changed."""
        self._until = int(state.tally[layout.NEXT_ARRIVAL])
        state.foreseen[self._until :] = -1
        state.expected[:, :TOLD_APART] = -1

    def foresee(self, state: layout.State) -> layout.State:
        """Answers for a new block of arrivals; gives the state that has room for them."""
        room = np.full((state.arrivals.size, state.expected.shape[1]), -1, np.int64)
        state = replace(state, foreseen=room)
        self._until = 0
        self._look_ahead(state)
        return state

    def catch_up(self, state: layout.State, horizon: float) -> None:
        """Answers for the token at which the kernel has stopped, and whoever else lacks them.

        horizon: until when is known what is true.
        """
        move = 2 * state.tally[layout.MOVED]
        stuck, at = state.tokens["attempt"][state.agenda[move]], state.hops[state.agenda[move + 1]]
        live = np.flatnonzero(state.attempts["references"] > 0)
        stamps = state.stamps[live].astype(np.int64)
        guess = np.where(stamps < 0, state.settings, stamps)
        # What the answer depends on is known there; what was not met then, is not met.
        known = np.ix_(live == stuck, state.targets[at.first_read : at.first_read + at.reads])
        guess[known] = stamps[known]
        loads = state.requests["load"][state.attempts["request"][live]]
        lacks = self._lacks(state.answers[live], loads, guess) | (live == stuck)
        was_unforeseen = (state.answers[stuck] < 0).all()
        chosen, guess = live[lacks], guess[lacks]
        attempts = state.attempts[chosen]
        requests = state.requests[attempts["request"]]
        state.answers[chosen], _ = self._answers(
            (requests["id"], requests["load"], requests["arrival"]),
            (attempts["sent"], attempts["number"]),
            guess,
            stamps[lacks] >= 0,
        )
        request = np.array([state.attempts["request"][stuck]])
        if was_unforeseen or self._expects_too_little(state, request):
            self._expect(state, horizon)
        if self._until <= state.tally[layout.NEXT_ARRIVAL] or self._is_out_of_date(state):
            self._look_ahead(state)

    def _lacks(
        self, answers: NDArray[np.int64], loads: NDArray[np.int64], guess: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Which rows haven't all answers that they may need, or not under the stamps guessed."""
        known = len(self._program.questions)
        rest = answers[:, known:]
        unknown = ((answers[:, :known] < 0) & self._is_asked[loads]).any(axis=1)
        return np.asarray(unknown | ((rest != guess) & (rest >= 0)).any(axis=1))

    def _expect(self, state: layout.State, horizon: float) -> None:
        """Answers for attempts to come of requests under way, which meet what is deployed."""
        foretell_attempts(handed(state))
        requests, most = state.requests, state.loads["retries"] + state.loads["hedges"]
        has_more = requests["retried"] + requests["hedged"] < most[requests["load"]]
        has_more |= requests["attempts"] == 0
        is_open = (requests["references"] > 0) & (requests["state"] == layout.PENDING)
        sent = state.expected[:, SENT].view(np.float64)
        is_open &= (state.expected[:, NUMBER] >= 0) & (sent < horizon)
        live = np.flatnonzero(is_open & has_more)
        chosen = live[self._expects_too_little(state, live)]
        known = requests["id"][chosen], requests["load"][chosen], requests["arrival"][chosen]
        attempts = sent[chosen], state.expected[chosen, NUMBER]
        state.expected[chosen] = self._foretell(known, attempts, state.settings)

    def _expects_too_little(
        self, state: layout.State, slots: NDArray[np.intp]
    ) -> NDArray[np.bool_]:
        """Which requests lack answers for attempts that meet what is deployed."""
        guess = np.tile(state.settings.astype(np.int64), (slots.size, 1))
        return self._lacks(state.expected[slots, :TOLD_APART], state.requests["load"][slots], guess)

    def _is_out_of_date(self, state: layout.State) -> bool:
        return not np.array_equal(self._settings, state.settings)

    def _look_ahead(self, state: layout.State) -> None:
        """Answers for the next arrivals: more and more of them, until settings change again."""
        first, known = (int(state.tally[k]) for k in (layout.NEXT_ARRIVAL, layout.KNOWN_ARRIVALS))
        self._span = LEAST if self._is_out_of_date(state) else 2 * self._span
        self._settings = state.settings.copy()
        self._until = min(first + self._span, known)
        block = state.arrivals[first : self._until]
        loads = block["entity"] >> LOAD_SHIFT
        state.foreseen[first : self._until] = self._foretell(
            (block["entity"], loads, block["time"]),
            (block["time"], np.zeros(loads.size, np.int64)),
            self._settings,
        )

    def _foretell(
        self, requests: tuple[Any, Any, Any], attempts: tuple[Any, Any], settings: Any
    ) -> NDArray[np.int64]:
        """What to expect of n requests: see `State.expected`. Nothing has been met yet."""
        sent, numbers = attempts
        guess = np.tile(settings.astype(np.int64), (sent.size, 1))
        nothing = np.zeros(guess.shape, np.bool_)
        answers, told_apart = self._answers(requests, attempts, guess, nothing)
        return np.column_stack([answers, told_apart, numbers, sent.view(np.int64)])

    def _answers(
        self,
        requests: tuple[Any, Any, Any],
        attempts: tuple[Any, Any],
        stamps: NDArray[np.int64],
        met: NDArray[np.bool_],
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Answers of n rows, with the stamps on which they rest; and whether attempts differ.

        requests: their ids, loads and arrivals. attempts: when they were sent, and their numbers.
        stamps: what they have met or, but for `met`, are going to meet as far as one knows.
        """
        (ids, loads, arrivals), (sent, numbers) = requests, attempts
        n, questions = ids.size, self._program.questions
        answers, told_apart = np.full((n, len(questions)), -1, np.int64), np.zeros(n, np.bool_)
        for load, asked in self._program.asked.items():
            own = np.flatnonzero(loads == load)
            stamps[own[:, None], self._elsewhere[load]] = -1
            read: frozenset[int] = frozenset()
            for number in asked if own.size else ():
                rows = _rows(ids[own], load, arrivals[own], sent[own], numbers[own], stamps[own])
                found = self._steering.answer(questions[number], load, rows)
                answers[own, number] = found
                told_apart[own] |= rows.told_apart
                read |= self._read[number]
                self._skip(questions[number], own, found, stamps, met, read)
        return np.concatenate([answers, stamps], axis=1), told_apart

    def _skip(
        self,
        question: Question,
        own: NDArray[np.intp],
        answers: NDArray[np.int64],
        stamps: NDArray[np.int64],
        met: NDArray[np.bool_],
        read: frozenset[int],
    ) -> None:
        """Rows won't meet what stands in the branches that they don't take.

        read: those on which answers rest already, as if they had been met before.
        """
        if not isinstance(question, Choice):
            return
        for branch, steps in enumerate(question.branches):
            for name in step_names(steps):
                k, elsewhere = self._index[name], own[answers != branch]
                if k not in read:
                    stamps[elsewhere[~met[elsewhere, k]], k] = -1


class _UnderWay(Requests):
    """Rows that note whether anybody looks at what tells attempts of one request apart."""

    told_apart = False

    @property
    def sent(self) -> NDArray[np.float64]:
        return self._noted("sent")

    @property
    def attempts(self) -> NDArray[np.int32]:
        return self._noted("attempts")

    @property
    def answer(self) -> NDArray[np.int64]:
        return self._noted("answer")

    def _noted(self, name: str) -> NDArray[Any]:
        self.told_apart = True
        column: NDArray[Any] = self[self._fields.index(name)]
        return column


def _rows(ids: Any, load: int, arrivals: Any, sent: Any, numbers: Any, stamps: Any) -> _UnderWay:
    n = ids.size
    return _UnderWay(
        request=ids,
        load=np.full(n, load, np.int32),
        where=np.full(n, layout.NOWHERE, np.int32),
        attempts=(numbers + 1).astype(np.int32),
        hedges=np.zeros(numbers.size, np.int32),
        arrival=arrivals,
        sent=sent,
        end=np.full(n, np.inf),
        outcome=np.full(n, layout.PENDING, np.int32),
        answer=numbers,
        stamps=stamps.astype(np.int32),
    )
