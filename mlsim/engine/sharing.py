"""Processor sharing: all requests at a replica are served at once, each the slower the more.

A replica keeps how far it has come with each request it has had from the beginning: its progress.
All advance by the same pace, so a request ends when the progress has grown by its service time
since it came, and the next to end is the one whose mark comes first, whatever comes in between.
Those marks stand in a pairing heap, whose links are those that waiting tokens use otherwise.
Source: Fredman, Sedgewick, Sleator and Tarjan, "The pairing heap" (1986).
"""

import math

from mlsim.engine.handing import Table, state_at
from mlsim.engine.jit import kernel_call, kernel_entry, kernel_step
from mlsim.engine.lines import line_of, watch
from mlsim.engine.luck import path_of
from mlsim.engine.state import TURN, State

NONE = -1


@kernel_step
def pace_of(state: State, index: int, place: int) -> float:
    """Seconds of service that each request at a replica gets per second."""
    pace: float = share_of(state, index, place) / state.replicas[index, place].slowness
    return pace


@kernel_step
def share_of(state: State, index: int, place: int) -> float:
    """Workers that each request at a replica has."""
    replica = state.replicas[index, place]
    share: float = min(1.0, replica.workers / replica.busy)
    return share


@kernel_call
def catch_up(state: State, now: float, index: int, place: int) -> None:
    """Bring the progress of a replica up to date; before anybody comes or goes."""
    replica = state.replicas[index, place]
    if replica.busy > 0:
        replica.progress += (now - replica.updated) * pace_of(state, index, place)
        replica.given += (now - replica.updated) * share_of(state, index, place)
    else:
        replica.progress = replica.given = 0.0
    replica.updated = now


@kernel_call
def join(state: State, now: float, token: int, index: int) -> None:
    """A token that has taken its worker shares a replica with who is there."""
    visit = state.tokens[token]
    replica = state.replicas[index, visit.replica]
    visit.ends = replica.progress + visit.service
    visit.given = replica.given
    visit.child = visit.next = visit.previous = NONE
    replica.first = token if replica.first < 0 else meld(state, replica.first, token)
    plan(state, now, index, visit.replica)


@kernel_call
def plan(state: State, now: float, index: int, place: int) -> None:
    """See to it that the heap of events holds the one at which the next request might end.

    An event that comes too early plans the next; one that has been superseded is ignored.
    """
    replica = state.replicas[index, place]
    if replica.first >= 0:
        due = next_end(state, now, index, place)
        if due < replica.due:
            replica.due = due
            watch(state, due, TURN, line_of(state, index, place))


@kernel_step
def next_end(state: State, now: float, index: int, place: int) -> float:
    """When the next request at a replica ends if nobody else comes."""
    replica = state.replicas[index, place]
    left = max(0.0, state.tokens[replica.first].ends - replica.progress)
    end: float = now + left / pace_of(state, index, place)
    return end


@kernel_call
def take_finished(state: State, now: float, index: int, place: int) -> int:
    """The token whose service ends now leaves the heap; NONE if it is not so far yet."""
    replica = state.replicas[index, place]
    if replica.due != now:
        return NONE
    replica.due = math.inf
    token = NONE
    if replica.first >= 0:
        catch_up(state, now, index, place)
        if next_end(state, now, index, place) <= now:
            token = replica.first
            leave(state, token, index)
        else:
            plan(state, now, index, place)
    return token


@kernel_call
def leave(state: State, token: int, index: int) -> None:
    """A token leaves the heap of its replica."""
    visit = state.tokens[token]
    replica = state.replicas[index, visit.replica]
    rest = melded(state, visit.child)
    if replica.first == token:
        replica.first = rest
        return
    if state.tokens[visit.previous].child == token:
        state.tokens[visit.previous].child = visit.next
    else:
        state.tokens[visit.previous].next = visit.next
    if visit.next >= 0:
        state.tokens[visit.next].previous = visit.previous
    if rest >= 0:
        replica.first = meld(state, replica.first, rest)


@kernel_entry
def catch_up_now(table: Table, now: float, index: int, place: int) -> None:
    """Bring a replica up to date before something happens to it that is no event of the kernel."""
    catch_up(state_at(table), now, index, place)


@kernel_entry
def set_pace(table: Table, now: float, index: int, place: int, slowness: float) -> None:
    """From now on services at a replica take `slowness` times as long, those under way, too."""
    state = state_at(table)
    catch_up(state, now, index, place)
    state.replicas[index, place].slowness = slowness
    plan(state, now, index, place)


@kernel_call
def meld(state: State, one: int, other: int) -> int:
    """The root of two heaps as one; both are roots without siblings."""
    root, below = (one, other) if before(state, one, other) else (other, one)
    upper, lower = state.tokens[root], state.tokens[below]
    lower.next, lower.previous = upper.child, root
    if upper.child >= 0:
        state.tokens[upper.child].previous = below
    upper.child = below
    upper.next = upper.previous = NONE
    return root


@kernel_call
def melded(state: State, first: int) -> int:
    """The root of `first` and its siblings as one heap: in pairs, and these from the last on."""
    pairs = NONE
    while first >= 0:
        second = state.tokens[first].next
        following = state.tokens[second].next if second >= 0 else NONE
        pair = meld(state, first, second) if second >= 0 else first
        state.tokens[pair].next = pairs
        pairs, first = pair, following
    root = NONE
    while pairs >= 0:
        following = state.tokens[pairs].next
        root = pairs if root < 0 else meld(state, root, pairs)
        pairs = following
    if root >= 0:
        state.tokens[root].next = state.tokens[root].previous = NONE
    return root


@kernel_step
def before(state: State, one: int, other: int) -> bool:
    """Which of two tokens ends first; of those that end together, by whose they are."""
    a, b = state.tokens[one], state.tokens[other]
    first: bool = a.ends < b.ends
    if a.ends == b.ends:
        first = precedes(state, one, other)
    return first


@kernel_call
def precedes(state: State, one: int, other: int) -> bool:
    """Order at one instant: entity, attempt, hop, and the path of those who call again."""
    a, b = state.tokens[one], state.tokens[other]
    mine, theirs = state.attempts[a.attempt], state.attempts[b.attempt]
    path, other_path = path_of(state, one), path_of(state, other)
    first: bool = (state.requests[mine.request].id, mine.number, a.hop, path) < (
        state.requests[theirs.request].id,
        theirs.number,
        b.hop,
        other_path,
    )
    return first
