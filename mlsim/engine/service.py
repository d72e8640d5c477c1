"""What stations do: let tokens in, hold them in line, serve them."""

import math

import numpy as np

from mlsim.engine.admission import admits, sheds
from mlsim.engine.ahead import standard_draw
from mlsim.engine.attempts import fail
from mlsim.engine.balancing import NOBODY, choose_line
from mlsim.engine.calls import end_call, start_call, waits_in_vain
from mlsim.engine.draws import scaled
from mlsim.engine.events import push
from mlsim.engine.jit import kernel_call, kernel_step
from mlsim.engine.lines import line_of, oldest, stand_in_line, take_next, watch
from mlsim.engine.logs import log_unserved, log_visit
from mlsim.engine.luck import luck_of
from mlsim.engine.sharing import catch_up, join
from mlsim.engine.slots import drop_token, forget_crashes
from mlsim.engine.state import (
    BATCH_DUE,
    CALLED,
    COMPLETION,
    IN_SERVICE,
    OK,
    RESUMES,
    SHARED,
    TIMED_OUT,
    VISIT_EXPIRED,
    VISIT_FAILED,
    VISIT_LOST,
    VISIT_REJECTED,
    VISIT_SERVED,
    VISIT_TIMED_OUT,
    WAKE,
    State,
)

PASSED, STAYS, REFUSED, BROKEN = range(4)


@kernel_step
def enter(state: State, now: float, token: int, index: int) -> int:
    """The single way into a station: be served, wait in line, or be refused."""
    station = state.stations[index]
    station.arrived += 1
    state.tokens[token].arrival = now
    if station.closed:
        return refuse(state, now, token, index)
    if state.attempts[state.tokens[token].attempt].deadline <= now:
        come_too_late(state, now, token, index)
        return STAYS
    if station.guarded and not admits(state, now, index):
        return refuse(state, now, token, index)
    number = choose_line(state, token, index)
    if number == NOBODY:
        return refuse(state, now, token, index)
    line = state.lines[number]
    forms_batch = station.batch > 1 and line.free > 0
    is_served = line.free > 0 and line.waiting == 0 and not forms_batch
    if is_served and station.instant:
        return pass_through(state, now, token, index)
    if not is_served and not forms_batch and line.waiting >= station.queue_limit:
        return refuse(state, now, token, index)
    if not is_served and station.sheds_above < math.inf and sheds(state, now, index, number):
        return refuse(state, now, token, index)
    draw_service(state, token, index)
    start_call(state, token, index)
    if is_served:
        begin(state, now, token, index, number)
        return STAYS
    stand_in_line(state, token, index, number)
    if forms_batch:
        serve_batches(state, now, index, number)
    return STAYS


@kernel_call
def refuse(state: State, now: float, token: int, index: int) -> int:
    """A visit that is turned away at the door."""
    state.stations[index].rejected += 1
    forget_crashes(state, token)
    log_unserved(state, now, token, VISIT_REJECTED)
    return REFUSED


@kernel_step
def pass_through(state: State, now: float, token: int, index: int) -> int:
    """A visit that takes no time and no worker."""
    state.stations[index].started += 1
    stamp(state, now, token, index)
    outcome = outcome_of(state, token, index)
    log_visit(state, now, token, index, outcome)
    if outcome == VISIT_LOST:
        start_call(state, token, index)
        return STAYS if waits_in_vain(state, token, index) else BROKEN
    return PASSED if outcome == VISIT_SERVED else BROKEN


@kernel_step
def outcome_of(state: State, token: int, index: int) -> int:
    """What has become of a visit whose service is over."""
    station = state.stations[index]
    if state.tokens[token].ghost:
        station.timed_out += 1
        return VISIT_TIMED_OUT
    visit = state.tokens[token]
    if visit.fate != OK if visit.called else comes_to_nothing(state, token, index):
        station.failed += 1
        return VISIT_FAILED
    if loses_answer(state, token, index):
        station.lost += 1
        return VISIT_LOST
    station.served += 1
    return VISIT_SERVED


@kernel_step
def comes_to_nothing(state: State, token: int, index: int) -> bool:
    """Whether this visit is among the share that fails, or its row one that can't be served."""
    station = state.stations[index]
    fails = is_among(state, token, station.failing, station.failing_key)
    if station.question >= 0 and not fails:
        fails = state.told[state.tokens[token].attempt, station.question] == 1
    return fails


@kernel_step
def loses_answer(state: State, token: int, index: int) -> bool:
    """Whether the answer of this visit is among the share that gets lost."""
    station = state.stations[index]
    loses: bool = is_among(state, token, station.losing, station.losing_key)
    return loses


@kernel_step
def is_among(state: State, token: int, share: float, key: int) -> bool:
    """Whether a draw of this visit puts it among a share of all."""
    among = False
    if share > 0.0:
        among = luck_of(state, token, key) < share
    return among


@kernel_step
def begin(state: State, now: float, token: int, index: int, number: int) -> None:
    """Start a service: on the replica whose line it is, or the lowest with an idle worker."""
    if state.stations[index].sharing:
        catch_up(state, now, index, state.tokens[token].replica)
        take_worker(state, now, token, index, number)
        join(state, now, token, index)
        return
    take_worker(state, now, token, index, number)
    visit = state.tokens[token]
    attempt = state.attempts[visit.attempt]
    entity = state.requests[attempt.request].id
    ends = now + visit.service * state.replicas[index, visit.replica].slowness
    visit.ends = ends
    push(state, ends, COMPLETION, token, entity, attempt.number, visit.hop)


@kernel_step
def take_worker(state: State, now: float, token: int, index: int, number: int) -> None:
    """The token occupies a worker; its service time is the one in force now."""
    station = state.stations[index]
    station.started += 1
    stamp(state, now, token, index)
    state.lines[number].free -= 1
    visit = state.tokens[token]
    visit.state = IN_SERVICE
    replica = state.replicas[index, visit.replica]
    replica.busy += 1
    if visit.law != station.law:
        draw_service(state, token, index)
    if replica.cold > 0:
        replica.cold -= 1
        visit.service *= station.coldness


@kernel_step
def draw_service(state: State, token: int, index: int) -> None:
    """How long this visit's service will take, under the law of service times in force.

    A draw depends on nothing but whose it is. So it is made when a token comes, while the
    processor need not wait for it, and again if the law has changed by the time its turn comes.
    """
    station = state.stations[index]
    drawn = standard_draw(state, token, index)
    service = max(0.0, scaled(station.distribution, station.a, station.b, drawn))
    if station.sized >= 0:
        bits = state.told[state.tokens[token].attempt, station.sized]
        service *= np.int64(bits).view(np.float64)
    if station.after_crash == RESUMES:
        service *= state.tokens[token].left
    state.tokens[token].service = service
    state.tokens[token].law = station.law


@kernel_step
def stamp(state: State, now: float, token: int, index: int) -> None:
    """Note when, where and under which settings the service of a visit starts."""
    visit = state.tokens[token]
    settings = state.settings[index]
    visit.start, visit.settings = now, settings
    if not visit.ghost:
        state.stamps[visit.attempt, index] = settings
    if state.stations[index].balancing == SHARED:
        visit.replica = lowest_idle(state, index)


@kernel_step
def lowest_idle(state: State, index: int) -> int:
    """The lowest replica with an idle worker."""
    replica = 0
    while state.replicas[index, replica].busy >= state.replicas[index, replica].room:
        replica += 1
    return replica


@kernel_step
def leave_worker(state: State, now: float, index: int, place: int) -> None:
    """A worker of a replica has become idle, and takes the next in line."""
    replica = state.replicas[index, place]
    if state.stations[index].sharing:
        catch_up(state, now, index, place)
    replica.busy -= 1
    if replica.busy < replica.room:
        number = line_of(state, index, place)
        state.lines[number].free += 1
        serve_waiting(state, now, index, number)


@kernel_step
def serve_waiting(state: State, now: float, index: int, number: int) -> None:
    """Idle workers take from the head of a line."""
    if state.stations[index].batch > 1:
        serve_batches(state, now, index, number)
        return
    line = state.lines[number]
    while line.free > 0 and line.waiting > 0:
        token = take_next(state, index, number)
        if state.attempts[state.tokens[token].attempt].deadline <= now:
            end_call(state, token, index)
            come_too_late(state, now, token, index)
            # The others have an event of their own: an event logs one visit of each hop at most.
            watch(state, now, WAKE, number)
            return
        begin(state, now, token, index, number)


@kernel_call
def serve_batches(state: State, now: float, index: int, number: int) -> None:
    """Idle workers take batches that are full, or whose first has waited long enough."""
    station, line = state.stations[index], state.lines[number]
    while line.free > 0 and line.waiting > 0:
        due = oldest(state, index, number) + station.batch_wait
        if line.waiting < station.batch and now < due:
            if not line.batch_due:
                line.batch_due = 1
                watch(state, due, BATCH_DUE, number)
            return
        begin_batch(state, now, index, number)


@kernel_call
def begin_batch(state: State, now: float, index: int, number: int) -> None:
    """An idle worker takes a batch from the head of a line.

    The first of a batch stands for it: it has the draw of the service time and the event of its
    end; the others hang on it, each by the one before.
    """
    station, line = state.stations[index], state.lines[number]
    size, first, last = 0, -1, -1
    while size < station.batch and line.waiting > 0:
        token = take_next(state, index, number)
        visit = state.tokens[token]
        visit.next = -1
        if state.attempts[visit.attempt].deadline <= now:
            end_call(state, token, index)
            come_too_late(state, now, token, index)
            continue
        if size == 0:
            first = token
            take_worker(state, now, token, index, number)
        else:
            join_batch(state, now, token, first, index)
            state.tokens[last].next = token
        size, last = size + 1, token
    if size > 0:
        visit = state.tokens[first]
        attempt = state.attempts[visit.attempt]
        entity = state.requests[attempt.request].id
        service = visit.service + (size - 1) * station.per_item
        ends = now + service * state.replicas[index, visit.replica].slowness
        push(state, ends, COMPLETION, first, entity, attempt.number, visit.hop)
        while first >= 0:
            state.tokens[first].ends = ends
            first = state.tokens[first].next


@kernel_step
def join_batch(state: State, now: float, token: int, first: int, index: int) -> None:
    """The token is served along with the first of a batch."""
    visit = state.tokens[token]
    state.stations[index].started += 1
    visit.start, visit.state = now, IN_SERVICE
    visit.settings, visit.replica = state.settings[index], state.tokens[first].replica
    if not visit.ghost:
        state.stamps[visit.attempt, index] = visit.settings


@kernel_call
def come_too_late(state: State, now: float, token: int, index: int) -> None:
    """Nobody begins to serve an attempt after its deadline."""
    visit = state.tokens[token]
    state.stations[index].expired += 1
    log_unserved(state, now, token, VISIT_EXPIRED)
    if state.attempts[visit.attempt].state == CALLED:
        fail(state, now, visit.attempt, TIMED_OUT)
    drop_token(state, token)
