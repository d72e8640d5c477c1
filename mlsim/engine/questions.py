"""Questions about rows, in the kernel: an answer holds as long as the stamps on which it rests."""

import numpy as np

from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.state import State


@kernel_call
def answer_to(state: State, attempt: int, hop: int) -> int:
    """The answer to the question of an ASK; -1 where it isn't known, or rests on other stamps."""
    at = state.hops[hop]
    answer: int = state.answers[attempt, at.question]
    known = state.answers.shape[1] - state.stamps.shape[1]
    for k in range(at.reads):
        name = state.targets[at.first_read + k]
        if state.stamps[attempt, name] != state.answers[attempt, known + name]:
            answer = -1
    # Kept apart: what is known of a row may be found anew while it waits here or is served.
    state.told[attempt, at.question] = answer
    return answer


@kernel_call
def adopt(state: State, arrival: int, request: int) -> None:
    """A request has the answers that were foreseen for it as an arrival."""
    for place in range(state.expected.shape[1]):
        state.expected[request, place] = state.foreseen[arrival, place]


@kernel_call
def expect(state: State, attempt: int) -> None:
    """A new attempt has the answers that are expected of its request, if they hold for it."""
    new = state.attempts[attempt]
    last = state.answers.shape[1]
    holds = is_expected(state, new.request, new.number, new.sent)
    for place in range(last):
        state.answers[attempt, place] = state.expected[new.request, place] if holds else -1


@kernel_step
def is_expected(state: State, request: int, number: int, sent: float) -> bool:
    """Whether what is expected of a request is for this attempt, or for all of them."""
    last = state.answers.shape[1]
    same = state.expected[request, last] == 0
    if not same and state.expected[request, last + 1] == number:
        same = state.expected[request, last + 2] == np.float64(sent).view(np.int64)
    return bool(same)


@kernel_call
def foretell(state: State, request: int, sent: float) -> None:
    """It is known when the next attempt will be sent: what was expected of another is of no use."""
    last, number = state.answers.shape[1], state.requests[request].attempts
    if not is_expected(state, request, number, sent):
        for place in range(last):
            state.expected[request, place] = -1
        state.expected[request, last + 1] = number
        state.expected[request, last + 2] = np.float64(sent).view(np.int64)
