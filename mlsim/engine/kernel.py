"""What moves: one compiled loop over events, and the small steps that it is made of.

Order of what happens at one instant: by kind (completion of a service, failure after a crash,
wake of a queue, timeout, resend, arrival), then by entity id, attempt, hop. It is a property of
the entities and never of the history of heap or slots, so it survives any cut of a run. It is
looked up only where two times are equal, which is rare.

An event moves one token, or makes one. What follows *at this instant* (branches of a fork,
asides) stands on the agenda and is done in order, before the next event. Every way into a station
goes through `enter`; every failure of an attempt through `fail`; every end of a request through
`log_row`. A new mechanism is a new kind of event, hop or station beside these, not another loop.

Slots are never searched: a timer or a completion that comes too late finds the state of its slot
changed and only lets go of it.
"""

import math

from mlsim.engine.arrivals import LOAD_SHIFT
from mlsim.engine.draws import quantile, uniform_at
from mlsim.engine.events import pop, push
from mlsim.engine.jit import compiled_aside, compiled_entry, compiled_step
from mlsim.engine.routes import FORK, JOIN, SEND, SINK, VISIT
from mlsim.engine.state import (
    ASIDE,
    ATTEMPTS_USED,
    COMPLETION,
    DONE,
    DOOMED,
    EVENTS,
    FAILED,
    FAILURE,
    FREE_ATTEMPT,
    FREE_REQUEST,
    FREE_TOKEN,
    IN_SERVICE,
    KNOWN_ARRIVALS,
    LOGS_VISITS,
    LOST,
    MARGIN,
    MOVES,
    NEEDS_ARRIVALS,
    NEEDS_ROOM,
    NEXT_ARRIVAL,
    NOWHERE,
    OK,
    PENDING,
    REJECTED,
    REQUESTS_USED,
    RESEND,
    ROWS_LOGGED,
    TIMED_OUT,
    TIMEOUT,
    TOKENS_USED,
    VISIT_LOST,
    VISIT_REJECTED,
    VISIT_SERVED,
    VISITS_LOGGED,
    WAITING,
    WAKE,
    State,
)

PASSED, STAYS, REFUSED = range(3)
ORDINAL_SHIFT = 32


@compiled_entry
def advance(state: State, until: float, horizon: float) -> int:
    """Process what happens up to and including `until`; arrivals are known before `horizon`.

    Returns DONE, NEEDS_ARRIVALS (the block is used up) or NEEDS_ROOM (a log or a pool is full);
    after the latter two, provide and call again: nothing is lost or done twice.
    """
    tally = state.tally
    while True:
        if lacks_room(state):
            return NEEDS_ROOM
        event_time = state.heap[0].time if tally[EVENTS] > 0 else math.inf
        known = tally[NEXT_ARRIVAL] < tally[KNOWN_ARRIVALS]
        arrival_time = state.arrivals[tally[NEXT_ARRIVAL]].time if known else horizon
        now = min(event_time, arrival_time)
        if now > until or now == math.inf:
            return DONE
        tally[MOVES] = 0
        if event_time <= arrival_time:
            kind, slot = pop(state.heap, tally)
            happen(state, now, kind, slot)
        elif known:
            arrive(state, now)
        else:
            return NEEDS_ARRIVALS
        state.clock[0] = now
        done = 0
        while done < tally[MOVES]:
            walk(state, now, state.agenda[2 * done], state.agenda[2 * done + 1])
            done += 1


@compiled_entry
def inject(state: State, now: float, kind: int, slot: int) -> None:
    """Add what a decision between two calls causes: the FAILURE of a token, the WAKE of a line."""
    entity, number, hop = 0, 0, slot
    if kind == FAILURE:
        attempt = state.attempts[state.tokens[slot].attempt]
        entity, number = state.requests[attempt.request].id, attempt.number
        hop = state.tokens[slot].hop
    push(state.heap, state.tally, now, kind, slot, entity, number, hop)


@compiled_step
def lacks_room(state: State) -> bool:
    """Whether a log or a pool might overflow within the next event."""
    tally = state.tally
    margin = tally[MARGIN]
    full: bool = (
        tally[VISITS_LOGGED] + margin > state.visits.size
        or tally[ROWS_LOGGED] + margin > state.rows.size
        or tally[TOKENS_USED] + margin > state.tokens.size
        or tally[ATTEMPTS_USED] + margin > state.attempts.size
        or tally[REQUESTS_USED] + 1 > state.requests.size
    )
    return full


@compiled_step
def happen(state: State, now: float, kind: int, slot: int) -> None:
    """Process one event taken from the heap."""
    if kind == COMPLETION:
        complete(state, now, slot)
    elif kind == TIMEOUT:
        time_out(state, now, slot)
    elif kind == RESEND:
        send(state, now, slot)
        drop_request(state, slot)
    elif kind == FAILURE:
        lose(state, now, slot)
    elif kind == WAKE:
        serve_waiting(state, now, slot)


@compiled_step
def arrive(state: State, now: float) -> None:
    """The next arrival becomes a request and sends its first attempt."""
    tally = state.tally
    entity = state.arrivals[tally[NEXT_ARRIVAL]].entity
    tally[NEXT_ARRIVAL] += 1
    slot = tally[FREE_REQUEST]
    request = state.requests[slot]
    tally[FREE_REQUEST] = request.next
    tally[REQUESTS_USED] += 1
    request.id = entity
    request.load = entity >> LOAD_SHIFT
    request.attempts = 0
    request.references = 0
    request.arrival = now
    send(state, now, slot)


@compiled_step
def send(state: State, now: float, request: int) -> None:
    """Start the next attempt of a request; a client stamps it and sets its timer."""
    load = state.loads[state.requests[request].load]
    attempt = new_attempt(state, now, request, PENDING)
    state.requests[request].attempts += 1
    if load.client >= 0:
        state.stamps[attempt, load.client] = state.settings[load.client]
        if load.timeout < math.inf:
            set_timer(state, attempt)
    put(state, new_token(state, attempt), load.hop)


@compiled_step
def set_timer(state: State, attempt: int) -> None:
    """The attempt joins the timers of its load.

    One load has one timeout, so its timers run out in the order in which they were set: only the
    first stands on the heap, and one whose attempt is answered in time never comes there.
    """
    state.attempts[attempt].references += 1
    state.attempts[attempt].next = -1
    load = state.loads[state.requests[state.attempts[attempt].request].load]
    if load.first_timer < 0:
        load.first_timer = attempt
        start_timer(state, attempt)
    else:
        state.attempts[load.last_timer].next = attempt
    load.last_timer = attempt


@compiled_aside
def start_timer(state: State, slot: int) -> None:
    """Put the timer of an attempt on the heap."""
    attempt = state.attempts[slot]
    request = state.requests[attempt.request]
    time = attempt.sent + state.loads[request.load].timeout
    push(state.heap, state.tally, time, TIMEOUT, slot, request.id, attempt.number, 0)


@compiled_aside
def time_out(state: State, now: float, attempt: int) -> None:
    """The first timer of a load runs out; the next is that of an attempt still unanswered."""
    load = state.loads[state.requests[state.attempts[attempt].request].load]
    fail(state, now, attempt, TIMED_OUT)
    while load.first_timer >= 0 and state.attempts[load.first_timer].state != PENDING:
        over = load.first_timer
        load.first_timer = state.attempts[over].next
        drop_attempt(state, over)
    if load.first_timer >= 0:
        start_timer(state, load.first_timer)


@compiled_step
def walk(state: State, now: float, token: int, hop: int) -> None:
    """Move a token from `hop` on until it waits, is served, or ends."""
    while True:
        at = state.hops[hop]
        state.tokens[token].hop = hop
        if at.kind == VISIT:
            way = enter(state, now, token, at.station)
            if way == REFUSED:
                fail(state, now, state.tokens[token].attempt, REJECTED)
                drop_token(state, token)
            if way != PASSED:
                return
            start_asides(state, now, token, hop)
        elif at.kind == SEND:
            start_asides(state, now, token, hop)
        elif at.kind == FORK:
            fork(state, token, hop)
            return
        elif at.kind == JOIN:
            attempt = state.tokens[token].attempt
            state.joined[attempt, at.join] += 1
            if state.joined[attempt, at.join] < at.need:
                drop_token(state, token)
                return
        else:
            end(state, now, token, hop)
            return
        hop = at.next


@compiled_step
def enter(state: State, now: float, token: int, index: int) -> int:
    """The single way into a station: be served, wait in line, or be refused."""
    station = state.stations[index]
    station.arrived += 1
    state.tokens[token].arrival = now
    if station.free > 0 and station.waiting == 0:
        if station.instant:
            pass_through(state, now, token, index)
            return PASSED
        begin(state, now, token, index)
        return STAYS
    if station.waiting >= station.queue_limit:
        station.rejected += 1
        state.tokens[token].start = now
        state.tokens[token].replica = -1
        state.tokens[token].settings = -1
        log_visit(state, now, token, VISIT_REJECTED)
        return REFUSED
    state.tokens[token].state = WAITING
    state.tokens[token].next = -1
    if station.waiting == 0:
        station.head = token
    else:
        state.tokens[station.tail].next = token
    station.tail = token
    station.waiting += 1
    return STAYS


@compiled_step
def pass_through(state: State, now: float, token: int, index: int) -> None:
    """A visit that takes no time and no worker."""
    station = state.stations[index]
    station.started += 1
    station.served += 1
    stamp(state, now, token, index)
    log_visit(state, now, token, VISIT_SERVED)


@compiled_step
def begin(state: State, now: float, token: int, index: int) -> None:
    """Start a service on the lowest replica with an idle worker."""
    station = state.stations[index]
    station.started += 1
    station.free -= 1
    stamp(state, now, token, index)
    visit = state.tokens[token]
    visit.state = IN_SERVICE
    state.replicas[index, visit.replica].busy += 1
    attempt = state.attempts[visit.attempt]
    entity = state.requests[attempt.request].id
    ordinal = state.hops[visit.hop].ordinal
    luck = uniform_at(station.key, entity, attempt.number + (ordinal << ORDINAL_SHIFT))
    service = max(0.0, quantile(station.distribution, station.a, station.b, luck))
    push(
        state.heap, state.tally, now + service, COMPLETION, token, entity, attempt.number, visit.hop
    )


@compiled_step
def stamp(state: State, now: float, token: int, index: int) -> None:
    """Note when, where and under which settings the service of a visit starts."""
    visit = state.tokens[token]
    visit.start = now
    visit.settings = state.settings[index]
    state.stamps[visit.attempt, index] = visit.settings
    replica = 0
    while state.replicas[index, replica].busy >= state.replicas[index, replica].room:
        replica += 1
    visit.replica = replica


@compiled_step
def complete(state: State, now: float, token: int) -> None:
    """End of a service: the worker takes the next in line, the token goes on."""
    visit = state.tokens[token]
    if visit.state == LOST:
        drop_token(state, token)
        return
    hop = state.hops[visit.hop]
    index = hop.station
    station = state.stations[index]
    station.served += 1
    log_visit(state, now, token, VISIT_SERVED)
    replica = state.replicas[index, visit.replica]
    replica.busy -= 1
    if replica.busy < replica.room:
        station.free += 1
        serve_waiting(state, now, index)
    put(state, token, hop.next)
    start_asides(state, now, token, visit.hop)


@compiled_step
def serve_waiting(state: State, now: float, index: int) -> None:
    """Idle workers take from the head of the line."""
    station = state.stations[index]
    while station.free > 0 and station.waiting > 0:
        token = station.head
        station.head = state.tokens[token].next
        station.waiting -= 1
        begin(state, now, token, index)


@compiled_aside
def lose(state: State, now: float, token: int) -> None:
    """A crash took the worker: the visit is lost, and its attempt fails at this instant."""
    if state.tokens[token].state != DOOMED:
        return
    state.tokens[token].state = LOST
    state.stations[state.hops[state.tokens[token].hop].station].lost += 1
    log_visit(state, now, token, VISIT_LOST)
    fail(state, now, state.tokens[token].attempt, FAILED)


@compiled_aside
def fork(state: State, token: int, hop: int) -> None:
    """One token per branch; the one that came takes the first."""
    at = state.hops[hop]
    put(state, token, state.targets[at.first])
    for branch in range(1, at.count):
        other = new_token(state, state.tokens[token].attempt)
        put(state, other, state.targets[at.first + branch])


@compiled_step
def start_asides(state: State, now: float, token: int, hop: int) -> None:
    """Send off the asides of a hop, each with a copy of the stamps; nobody waits for them."""
    at = state.hops[hop]
    for k in range(at.count):
        attempt = state.tokens[token].attempt
        request = state.attempts[attempt].request
        aside = new_attempt(state, state.attempts[attempt].sent, request, ASIDE)
        state.attempts[aside].number = state.attempts[attempt].number
        for name in range(state.stamps.shape[1]):
            state.stamps[aside, name] = state.stamps[attempt, name]
        put(state, new_token(state, aside), state.targets[at.first + k])


@compiled_step
def end(state: State, now: float, token: int, hop: int) -> None:
    """A path ends: an aside in its sink, an attempt with the answer to its request."""
    at = state.hops[hop]
    attempt = state.tokens[token].attempt
    if at.kind == SINK:
        log_row(state, now, attempt, at.station, OK)
    elif state.attempts[attempt].state == PENDING:
        state.attempts[attempt].state = OK
        log_row(state, now, attempt, NOWHERE, OK)
    drop_token(state, token)


@compiled_aside
def fail(state: State, now: float, attempt: int, outcome: int) -> None:
    """An attempt fails, once: its client tries again, or the request ends with this outcome.

    Attempts that were given up before, and asides, fail without anybody noticing.
    """
    if state.attempts[attempt].state != PENDING:
        return
    state.attempts[attempt].state = outcome
    slot = state.attempts[attempt].request
    request = state.requests[slot]
    load = state.loads[request.load]
    if state.attempts[attempt].number < load.retries:
        request.references += 1
        again = now + load.backoff
        push(state.heap, state.tally, again, RESEND, slot, request.id, request.attempts, 0)
    else:
        log_row(state, now, attempt, NOWHERE, outcome)


@compiled_step
def log_visit(state: State, now: float, token: int, outcome: int) -> None:
    """Log the end of a visit, served or not."""
    tally = state.tally
    if not tally[LOGS_VISITS]:
        return
    row = state.visits[tally[VISITS_LOGGED]]
    tally[VISITS_LOGGED] += 1
    visit = state.tokens[token]
    attempt = state.attempts[visit.attempt]
    row.request = state.requests[attempt.request].id
    row.attempt = attempt.number
    row.station = state.hops[visit.hop].station
    row.replica = visit.replica
    row.settings = visit.settings
    row.arrival = visit.arrival
    row.start = visit.start
    row.end = now
    row.outcome = outcome


@compiled_step
def log_row(state: State, now: float, attempt: int, where: int, outcome: int) -> None:
    """Log the end of a request (at NOWHERE) or an aside that reached its sink."""
    tally = state.tally
    k = tally[ROWS_LOGGED]
    tally[ROWS_LOGGED] += 1
    row = state.rows[k]
    of = state.attempts[attempt]
    request = state.requests[of.request]
    row.request = request.id
    row.load = request.load
    row.where = where
    row.attempts = request.attempts
    row.arrival = request.arrival
    row.sent = of.sent
    row.end = now
    row.outcome = outcome
    answered = outcome == OK
    row.answer = of.number if answered else -1
    for name in range(state.stamps.shape[1]):
        state.row_stamps[k, name] = state.stamps[attempt, name] if answered else -1


@compiled_step
def new_attempt(state: State, sent: float, request: int, status: int) -> int:
    """A slot for an attempt that has met nothing yet; it keeps its request alive."""
    tally = state.tally
    slot: int = tally[FREE_ATTEMPT]
    attempt = state.attempts[slot]
    tally[FREE_ATTEMPT] = attempt.next
    tally[ATTEMPTS_USED] += 1
    attempt.request = request
    attempt.number = state.requests[request].attempts
    attempt.state = status
    attempt.references = 0
    attempt.sent = sent
    for name in range(state.stamps.shape[1]):
        state.stamps[slot, name] = -1
    for join in range(state.joined.shape[1]):
        state.joined[slot, join] = 0
    state.requests[request].references += 1
    return slot


@compiled_step
def new_token(state: State, attempt: int) -> int:
    """A slot for a token; it keeps its attempt alive."""
    tally = state.tally
    slot: int = tally[FREE_TOKEN]
    tally[FREE_TOKEN] = state.tokens[slot].next
    tally[TOKENS_USED] += 1
    state.tokens[slot].attempt = attempt
    state.attempts[attempt].references += 1
    return slot


@compiled_step
def drop_token(state: State, token: int) -> None:
    """A token goes nowhere any more."""
    tally = state.tally
    drop_attempt(state, state.tokens[token].attempt)
    state.tokens[token].state = WAITING
    state.tokens[token].next = tally[FREE_TOKEN]
    tally[FREE_TOKEN] = token
    tally[TOKENS_USED] -= 1


@compiled_step
def drop_attempt(state: State, slot: int) -> None:
    """Let go of an attempt; the last to do so recycles it."""
    tally = state.tally
    attempt = state.attempts[slot]
    attempt.references -= 1
    if attempt.references == 0:
        drop_request(state, attempt.request)
        attempt.next = tally[FREE_ATTEMPT]
        tally[FREE_ATTEMPT] = slot
        tally[ATTEMPTS_USED] -= 1


@compiled_step
def drop_request(state: State, slot: int) -> None:
    """Let go of a request; the last to do so recycles it."""
    tally = state.tally
    request = state.requests[slot]
    request.references -= 1
    if request.references == 0:
        request.next = tally[FREE_REQUEST]
        tally[FREE_REQUEST] = slot
        tally[REQUESTS_USED] -= 1


@compiled_step
def put(state: State, token: int, hop: int) -> None:
    """Something to do at this instant: `token` goes on from `hop`."""
    k = state.tally[MOVES]
    state.agenda[2 * k] = token
    state.agenda[2 * k + 1] = hop
    state.tally[MOVES] = k + 1
