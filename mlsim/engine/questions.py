"""Questions about rows, in the kernel: an answer holds as long as the stamps on which it rests."""

from mlsim.engine.jit import kernel_call
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
    for cache in range(state.caches.size):
        if state.caches[cache].question == at.question:
            # Kept apart: answers may be told anew while the row is under way.
            state.keys[attempt, cache] = answer
    return answer


@kernel_call
def adopt(state: State, arrival: int, attempt: int) -> None:
    """A first attempt, sent as its request arrives, has the answers that were foreseen for it."""
    for place in range(state.answers.shape[1]):
        state.answers[attempt, place] = state.foreseen[arrival, place]
