"""Answers to the kernel's questions, computed ahead for many rows at once.

An answer is a function of a row's own: its id, its times, its attempt, and the settings that it
met. So it can be told before the row moves, for the settings that are deployed now. The kernel
compares them with those that the row has really met, and stops where they differ: nothing that is
foreseen wrongly is ever used.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlsim.engine import state as layout
from mlsim.engine.arrivals import LOAD_SHIFT
from mlsim.engine.routes import Program, Question
from mlsim.engine.tables import Requests
from mlsim.scenario.flow_steps import Choice, step_names

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
        self._span, self._until = LEAST, 0
        self._settings = np.empty(0, np.int32)

    def forget(self, state: layout.State) -> None:
        """What was foreseen of arrivals is out of date: the truth about them has changed."""
        self._until = int(state.tally[layout.NEXT_ARRIVAL])
        state.foreseen[self._until :] = -1

    def foresee(self, state: layout.State) -> layout.State:
        """Answers for a new block of arrivals; gives the state that has room for them."""
        room = np.full((state.arrivals.size, state.answers.shape[1]), -1, np.int64)
        state = replace(state, foreseen=room)
        self._until = 0
        self._look_ahead(state)
        return state

    def catch_up(self, state: layout.State) -> None:
        """Answers for the token at which the kernel has stopped, and whoever else lacks them."""
        stuck = state.tokens["attempt"][state.agenda[2 * state.tally[layout.MOVED]]]
        live = np.flatnonzero(state.attempts["references"] > 0)
        stamps = state.stamps[live].astype(np.int64)
        guess = np.where(stamps < 0, state.settings, stamps)
        guess[live == stuck] = stamps[live == stuck]
        known = len(self._program.questions)
        rest = state.answers[live, known:]
        lacks = (state.answers[live, :known] < 0).any(axis=1)
        lacks |= ((rest != guess) & (rest >= 0)).any(axis=1) | (live == stuck)
        chosen, guess = live[lacks], guess[lacks]
        attempts = state.attempts[chosen]
        requests = state.requests[attempts["request"]]
        state.answers[chosen] = self._answers(
            (requests["id"], requests["load"], requests["arrival"]),
            (attempts["sent"], attempts["number"]),
            guess,
            stamps[lacks] >= 0,
        )
        if self._until <= state.tally[layout.NEXT_ARRIVAL] or self._is_out_of_date(state):
            self._look_ahead(state)

    def _is_out_of_date(self, state: layout.State) -> bool:
        return not np.array_equal(self._settings, state.settings)

    def _look_ahead(self, state: layout.State) -> None:
        """Answers for the next arrivals: more and more of them, until settings change again."""
        first, known = (int(state.tally[k]) for k in (layout.NEXT_ARRIVAL, layout.KNOWN_ARRIVALS))
        self._span = LEAST if self._is_out_of_date(state) else 2 * self._span
        self._settings = state.settings.copy()
        self._until = min(first + self._span, known)
        block = state.arrivals[first : self._until]
        guess = np.tile(self._settings.astype(np.int64), (block.size, 1))
        state.foreseen[first : self._until] = self._answers(
            (block["entity"], block["entity"] >> LOAD_SHIFT, block["time"]),
            (block["time"], np.zeros(block.size, np.int64)),
            guess,
            np.zeros(guess.shape, np.bool_),
        )

    def _answers(
        self,
        requests: tuple[Any, Any, Any],
        attempts: tuple[Any, Any],
        stamps: NDArray[np.int64],
        met: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """Answers of n rows, and the stamps on which they rest.

        requests: their ids, loads and arrivals. attempts: when they were sent, and their numbers.
        stamps: what they have met or, but for `met`, are going to meet as far as one knows.
        """
        (ids, loads, arrivals), (sent, numbers) = requests, attempts
        n, questions = ids.size, self._program.questions
        answers = np.full((n, len(questions)), -1, np.int64)
        for load, asked in self._program.asked.items():
            own = np.flatnonzero(loads == load)
            stamps[own[:, None], self._elsewhere[load]] = -1
            for number in asked if own.size else ():
                rows = _rows(ids[own], load, arrivals[own], sent[own], numbers[own], stamps[own])
                found = self._steering.answer(questions[number], load, rows)
                answers[own, number] = found
                self._skip(questions[number], own, found, stamps, met)
        return np.concatenate([answers, stamps], axis=1)

    def _skip(
        self,
        question: Question,
        own: NDArray[np.intp],
        answers: NDArray[np.int64],
        stamps: NDArray[np.int64],
        met: NDArray[np.bool_],
    ) -> None:
        """Rows won't meet what stands in the branches that they don't take."""
        if not isinstance(question, Choice):
            return
        for branch, steps in enumerate(question.branches):
            for name in step_names(steps):
                k, elsewhere = self._index[name], own[answers != branch]
                stamps[elsewhere[~met[elsewhere, k]], k] = -1


def _rows(ids: Any, load: int, arrivals: Any, sent: Any, numbers: Any, stamps: Any) -> Requests:
    n = ids.size
    return Requests(
        request=ids,
        load=np.full(n, load, np.int32),
        where=np.full(n, layout.NOWHERE, np.int32),
        attempts=(numbers + 1).astype(np.int32),
        arrival=arrivals,
        sent=sent,
        end=np.full(n, np.inf),
        outcome=np.full(n, layout.PENDING, np.int32),
        answer=numbers,
        stamps=stamps.astype(np.int32),
    )
