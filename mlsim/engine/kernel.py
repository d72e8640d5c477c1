"""What moves: one compiled loop over events, and the small steps that it is made of.

One total order of what happens at one instant, the same in the oracle of the tests:

1. by kind: cancellation, completion of a service, turn of a shared replica, failure after a crash,
   wake of a line, batch due, loss of patience in a line, reneging (the same, where each has a
   patience of its own), timeout of a call, timeout of an attempt, departure of a person, resend,
   hedge, next request of a person, arrival;
2. by entity id, attempt, hop (the place in the program: in reading order of the flow, asides
   last) and, where a visit is made again, by the path of calls and crashes, or renegings by who
   began to wait first; what looks after lines and calls (wake, batch due, patience, calls) by
   replica, station;
3. what stands in one list (a line, the calls of a station, the attempts or persons of a load) in
   the order of the list.

It is a property of the entities, never of the history of heap or slots, so it survives any cut of
a run. It is looked up only where two times are equal, which is rare. What an event brings about at
its own instant as an event (a cancellation, a service of no time) takes its place among the rest.
Those behind one who came too late, and has been turned away at the head of a line, are such an
event too.

An event moves one token, or makes one. What follows *at this instant* (branches of a fork, asides)
stands on the agenda and is done in order, before the next event: whose service has ended goes on
first, then its asides, then the rest of its batch. Every way into a station goes through `enter`;
every failure of an attempt through `fail`; every end of a request through `log_row`. A new
mechanism is a new kind of event, hop or station beside these, not another loop.

Slots are never searched: a timer or a completion that comes too late finds the state of its slot
changed and only lets go of it.
"""

import math

from mlsim.engine.ahead import bring_draws
from mlsim.engine.attempts import (
    depart,
    fail,
    hedge,
    resend,
    save_for_retries,
    send,
    succeed,
    time_out,
    watch_person,
)
from mlsim.engine.branches import call, come_back, copy_row, split
from mlsim.engine.caching import look_up
from mlsim.engine.calls import (
    call_again,
    end_call,
    expire,
    get_lost,
    give_up_visit,
    go_on_from,
    renege,
    time_out_call,
    waits_in_vain,
)
from mlsim.engine.cancelling import cancel
from mlsim.engine.events import close_gap, push, take_first
from mlsim.engine.handing import Table, state_at
from mlsim.engine.jit import kernel_call, kernel_entry, kernel_step
from mlsim.engine.lines import note_lane, replica_of, station_of
from mlsim.engine.logs import log_answer, log_unserved, log_visit
from mlsim.engine.luck import path_of
from mlsim.engine.questions import adopt, answer_to
from mlsim.engine.routes import ASK, FORK, JOIN, MEET, RETURN, SEND, SINK, SPLIT, VISIT
from mlsim.engine.service import (
    BROKEN,
    PASSED,
    REFUSED,
    STAYS,
    comes_to_nothing,
    enter,
    leave_worker,
    outcome_of,
    refuse,
    serve_waiting,
)
from mlsim.engine.sharing import plan, take_finished
from mlsim.engine.slots import (
    drop_request,
    drop_token,
    forget_crashes,
    new_attempt,
    new_request,
    new_token,
    put,
)
from mlsim.engine.state import (
    ASIDE,
    ASKING,
    ATTEMPTS_USED,
    BATCH_DUE,
    CALL_TIMEOUT,
    CALLED_OFF,
    CANCELLATION,
    COMPLETION,
    DEPARTURE,
    DONE,
    DOOMED,
    EVENTS,
    EXPIRY,
    FAILED,
    FAILURE,
    FOLLOW_UP,
    HEDGE,
    IN_SERVICE,
    IS_REFUSED,
    KNOWN_ARRIVALS,
    LOSES,
    LOST,
    MARGIN,
    MOVED,
    MOVES,
    NEEDS_ANSWER,
    NEEDS_ARRIVALS,
    NEEDS_ROOM,
    NEXT_ARRIVAL,
    PENDING,
    PUSHES,
    REACHES,
    REJECTED,
    RENEGING,
    REQUESTS_USED,
    RESEND,
    RESUMES,
    ROWS_LOGGED,
    STRANDED,
    TIMEOUT,
    TOKENS_USED,
    TURN,
    VISIT_LOST,
    VISIT_SERVED,
    VISITS_LOGGED,
    WAKE,
    State,
)

CUT_OFF = -1
"""Instead of a way into a station: it can't be reached."""


@kernel_entry
def advance(table: Table, until: float, horizon: float) -> int:
    """Process what happens up to and including `until`; arrivals are known before `horizon`.

    Returns DONE, NEEDS_ARRIVALS (the block is used up), NEEDS_ROOM (a log or a pool is full) or
    NEEDS_ANSWER (to a question about the row whose turn it is); after the latter three, provide and
    call again: nothing is lost or done twice.
    """
    state = state_at(table)
    tally = state.tally
    now, done = state.clock[0], tally[MOVED]
    tally[MOVED] = sure = 0
    while True:
        while done < tally[MOVES]:
            token = state.agenda[2 * done]
            walk(state, now, token, state.agenda[2 * done + 1])
            if tally[ASKING]:
                tally[ASKING] = 0
                tally[MOVED] = done
                state.agenda[2 * done + 1] = state.tokens[token].hop
                return NEEDS_ANSWER
            done += 1
        tally[MOVES] = done = 0
        close_gap(state)
        if sure == 0:
            sure = events_that_fit(state)
            if sure <= 0:
                return NEEDS_ROOM
        sure -= 1
        event_time = state.heap[0].time if tally[EVENTS] > 0 else math.inf
        known = tally[NEXT_ARRIVAL] < tally[KNOWN_ARRIVALS]
        arrival_time = state.arrivals[tally[NEXT_ARRIVAL]].time if known else horizon
        now = min(event_time, arrival_time)
        if now > until or now == math.inf:
            return DONE
        if event_time <= arrival_time:
            kind, slot = take_first(state)
            if kind == COMPLETION:
                complete(state, now, slot)
            else:
                happen(state, now, kind, slot)
        elif known:
            arrive(state, now)
        else:
            return NEEDS_ARRIVALS
        state.clock[0] = now


@kernel_entry
def inject(table: Table, now: float, kind: int, slot: int) -> None:
    """Add what a decision between two calls causes: the FAILURE of a token, the WAKE of a line."""
    state = state_at(table)
    entity, number, hop = slot, 0, 0
    if kind == FAILURE:
        attempt = state.attempts[state.tokens[slot].attempt]
        entity, number = state.requests[attempt.request].id, attempt.number
        hop = state.tokens[slot].hop
    push(state, now, kind, slot, entity, number, hop)


@kernel_step
def events_that_fit(state: State) -> int:
    """For how many more events logs and pools have room for sure."""
    tally = state.tally
    margin = tally[MARGIN]
    visits = state.visit_end.size - tally[VISITS_LOGGED]
    rows = state.row_end.size - tally[ROWS_LOGGED]
    tokens = state.tokens.size - tally[TOKENS_USED]
    attempts = state.attempts.size - tally[ATTEMPTS_USED]
    requests = state.requests.size - tally[REQUESTS_USED]
    events = (state.heap.size - tally[EVENTS]) // PUSHES
    fit: int = min(visits, rows, tokens, attempts, requests, events) // margin
    return fit


@kernel_call
def happen(state: State, now: float, kind: int, slot: int) -> None:
    """Process one event taken from the heap, other than the most frequent."""
    if kind == TURN:
        take_turn(state, now, slot)
    elif kind == TIMEOUT:
        time_out(state, now, slot)
    elif kind == RESEND:
        resend(state, now, slot)
    elif kind == BATCH_DUE:
        state.lines[slot].batch_due = 0
        look_after_line(state, now, slot)
    elif kind == EXPIRY:
        expire(state, now, slot)
    elif kind == RENEGING:
        renege(state, now, slot)
    elif kind == CALL_TIMEOUT:
        time_out_call(state, now, slot)
    elif kind == DEPARTURE:
        depart(state, now, slot)
    elif kind == HEDGE:
        hedge(state, now, slot)
    elif kind == FOLLOW_UP:
        follow_up(state, now, slot)
    elif kind == CANCELLATION:
        cancel(state, now, slot)
    elif kind == FAILURE:
        lose(state, now, slot)
    elif kind == WAKE:
        look_after_line(state, now, slot)


@kernel_call
def look_after_line(state: State, now: float, number: int) -> None:
    """Idle workers take from a line: its batch is due, or something has changed."""
    serve_waiting(state, now, station_of(state, number), number)


@kernel_step
def arrive(state: State, now: float) -> None:
    """The next arrival becomes a request and sends its first attempt."""
    tally = state.tally
    entity = state.arrivals[tally[NEXT_ARRIVAL]].entity
    tally[NEXT_ARRIVAL] += 1
    request = new_request(state, entity, now)
    bring_draws(state, tally[NEXT_ARRIVAL] - 1, request)
    if state.expected.shape[1] > 0:
        adopt(state, tally[NEXT_ARRIVAL] - 1, request)
    begin(state, now, request)


@kernel_call
def follow_up(state: State, now: float, slot: int) -> None:
    """Somebody has thought long enough and sends the next request."""
    begin(state, now, slot)


@kernel_step
def begin(state: State, now: float, slot: int) -> None:
    """A request has come and sends its first attempt; whoever made it lets go of it."""
    request = state.requests[slot]
    if state.loads[request.load].patience < math.inf:
        watch_person(state, slot)
    if state.loads[request.load].budget < math.inf:
        save_for_retries(state, request.load)
    send(state, now, slot)
    drop_request(state, slot)


@kernel_step
def walk(state: State, now: float, token: int, hop: int) -> None:
    """Move a token from `hop` on until it waits, is served, or ends."""
    while True:
        at = state.hops[hop]
        state.tokens[token].hop = hop
        if at.kind == VISIT:
            note_lane(state, token, at.station)
            way = enter(state, now, token, at.station) if at.cut == REACHES else CUT_OFF
            if way == CUT_OFF:
                way = call_in_vain(state, now, token, hop)
            if way == STAYS:
                return
            again = call_again(state, token) if way != PASSED else -1
            if again >= 0:
                hop = again
                continue
            if way == PASSED:
                start_asides(state, now, token, hop)
                forget_crashes(state, token)
            elif state.stations[at.station].optional or is_refused_at_last(state, way, hop):
                state.stamps[state.tokens[token].attempt, at.station] = -1
            else:
                why = REJECTED if way == REFUSED else FAILED
                fail(state, now, state.tokens[token].attempt, why)
                drop_token(state, token)
                return
        elif at.kind == SEND:
            start_asides(state, now, token, hop)
        elif at.kind == FORK:
            fork(state, token, hop)
            return
        elif at.kind == ASK:
            answer = answer_to(state, state.tokens[token].attempt, hop)
            if answer < 0:
                state.tally[ASKING] = 1
                return
            if at.count > 0:
                state.tokens[token].calls = 0
                hop = state.targets[at.first + answer]
                continue
        elif at.kind == MEET:
            state.tokens[token].calls = 0
        elif at.kind == SPLIT:
            split(state, token, hop)
            return
        elif at.kind == RETURN:
            come_back(state, now, token, hop)
            return
        elif at.kind == JOIN:
            attempt = state.tokens[token].attempt
            state.joined[attempt, at.join] += 1
            if state.joined[attempt, at.join] < at.need:
                drop_token(state, token)
                return
            state.tokens[token].calls = 0
        else:
            end(state, now, token, hop)
            return
        hop = at.next


@kernel_step
def is_refused_at_last(state: State, way: int, hop: int) -> bool:
    """Whether an aside has been refused by those to whom it was sent: its row ends there, too."""
    refused: bool = way == REFUSED and state.hops[state.hops[hop].next].kind == SINK
    return refused


@kernel_call
def call_in_vain(state: State, now: float, token: int, hop: int) -> int:
    """A call to a station that can't be reached: it is refused, or gets lost."""
    at = state.hops[hop]
    if at.cut == IS_REFUSED:
        state.stations[at.station].arrived += 1
        state.tokens[token].arrival = now
        return refuse(state, now, token, at.station)
    return STAYS if get_lost(state, now, token, at.station) else BROKEN


@kernel_step
def complete(state: State, now: float, token: int) -> None:
    """End of a service: the worker takes the next in line, the token goes on."""
    index = state.hops[state.tokens[token].hop].station
    if state.stations[index].batch > 1:
        complete_batch(state, now, token, index)
    elif state.tokens[token].state == LOST:
        drop_token(state, token)
    elif not calls_others(state, now, token, index):
        place = state.tokens[token].replica
        conclude(state, now, token, index)
        leave_worker(state, now, index, place)


@kernel_step
def calls_others(state: State, now: float, token: int, index: int) -> bool:
    """Whether the worker now calls others, and waits."""
    calls = False
    if state.hops[state.tokens[token].hop].calls >= 0:
        calls = call_others(state, now, token, index)
    return calls


@kernel_call
def call_others(state: State, now: float, token: int, index: int) -> bool:
    """The worker calls others, if it has not yet, needs to, and its own work was not in vain."""
    visit = state.tokens[token]
    if visit.called or comes_to_nothing(state, token, index):
        return False
    if state.stations[index].cache >= 0 and look_up(state, now, token, index):
        return False
    visit.called, visit.awaits = 1, 1
    call(state, token, state.hops[visit.hop].calls)
    return True


@kernel_call
def complete_batch(state: State, now: float, first: int, index: int) -> None:
    """End of the service of a batch; a crash may have taken it, or cancelling some of it."""
    place, is_there, token = state.tokens[first].replica, False, first
    while token >= 0:
        following = state.tokens[token].next
        if state.tokens[token].state == IN_SERVICE:
            conclude(state, now, token, index)
            is_there = True
        else:
            is_there = is_there or state.tokens[token].state == CALLED_OFF
            drop_token(state, token)
        token = following
    if is_there:
        leave_worker(state, now, index, place)


@kernel_call
def take_turn(state: State, now: float, number: int) -> None:
    """The next request at a shared replica might end."""
    index, place = station_of(state, number), replica_of(state, number)
    token = take_finished(state, now, index, place)
    if token >= 0:
        conclude(state, now, token, index)
        leave_worker(state, now, index, place)
        plan(state, now, index, place)


@kernel_step
def conclude(state: State, now: float, token: int, index: int) -> None:
    """A visit has been served: whoever called goes on, or finds that it was in vain."""
    visit = state.tokens[token]
    number = visit.hop
    outcome = outcome_of(state, token, index)
    log_visit(state, now, token, index, outcome)
    if outcome == VISIT_LOST and waits_in_vain(state, token, index):
        return
    end_call(state, token, index)
    if outcome == VISIT_SERVED:
        visit.called = 0
        put(state, token, state.hops[number].next)
        start_asides(state, now, token, number)
        forget_crashes(state, token)
    else:
        why = visit.fate if visit.called and outcome != VISIT_LOST else FAILED
        give_up_visit(state, now, token, why)
        drop_token(state, token)


@kernel_call
def lose(state: State, now: float, token: int) -> None:
    """A crash took the visit: it is sent again, or whoever called knows it at this instant."""
    visit = state.tokens[token]
    in_service = visit.state == DOOMED
    if not in_service and visit.state != STRANDED:
        return
    visit.state = LOST
    index = state.hops[visit.hop].station
    station = state.stations[index]
    station.lost += 1
    end_call(state, token, index)
    if in_service:
        log_visit(state, now, token, index, VISIT_LOST)
    else:
        log_unserved(state, now, token, VISIT_LOST)
    if station.after_crash == LOSES or visit.ghost:
        give_up_visit(state, now, token, FAILED)
    else:
        visit.ghost = 1
        again = go_on_from(state, token, state.hops[visit.hop].entry)
        state.tokens[again].crashes = visit.crashes + 1
        if station.after_crash == RESUMES:
            left = share_left(state, now, token, index) if in_service else 1.0
            state.tokens[again].left = visit.left * left
    if not in_service or station.sharing:
        # Else the end of its service is on the heap still, and lets go of it.
        drop_token(state, token)


@kernel_step
def share_left(state: State, now: float, token: int, index: int) -> float:
    """The share of a service that is still to do."""
    visit = state.tokens[token]
    share = 1.0
    if state.stations[index].sharing:
        share = visit.ends  # who has made the crash has put it there
    elif visit.ends > visit.start:
        share = max(0.0, 1.0 - (now - visit.start) / (visit.ends - visit.start))
    return share


@kernel_call
def fork(state: State, token: int, hop: int) -> None:
    """One token per branch; the one that came takes the first."""
    at = state.hops[hop]
    state.tokens[token].calls = 0
    put(state, token, state.targets[at.first])
    for branch in range(1, at.count):
        other = new_token(state, state.tokens[token].attempt)
        put(state, other, state.targets[at.first + branch])


@kernel_step
def start_asides(state: State, now: float, token: int, hop: int) -> None:
    """Send off the asides of a hop, each with a copy of the stamps; nobody waits for them."""
    at = state.hops[hop]
    for k in range(at.count):
        send_aside(state, token, state.targets[at.first + k])


@kernel_call
def send_aside(state: State, token: int, hop: int) -> None:
    """A copy of a token's attempt goes its own way from `hop` on."""
    attempt = state.tokens[token].attempt
    request = state.attempts[attempt].request
    aside = new_attempt(state, state.attempts[attempt].sent, request, ASIDE)
    state.attempts[aside].number = state.attempts[attempt].number
    state.attempts[aside].path = path_of(state, token)
    copy_row(state, attempt, aside)
    put(state, new_token(state, aside), hop)


@kernel_step
def end(state: State, now: float, token: int, hop: int) -> None:
    """A path ends: an aside in its sink, an attempt with the answer to its request."""
    at = state.hops[hop]
    slot = state.tokens[token].attempt
    attempt = state.attempts[slot]
    if at.kind == SINK:
        log_answer(state, now, slot, at.station)
    elif attempt.state == PENDING:
        succeed(state, now, slot)
    drop_token(state, token)
