"""What operators do to stations while requests move through them."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mlsim.engine import kernel
from mlsim.engine import state as layout
from mlsim.engine.building import UNLIMITED, widened, with_heap
from mlsim.engine.caching import empty
from mlsim.engine.draws import Distribution
from mlsim.engine.handing import handed
from mlsim.engine.parts import Service, Station
from mlsim.engine.routes import Cut, calls_between
from mlsim.engine.sharing import catch_up_now, set_pace
from mlsim.engine.state import State

__all__ = ["Operated"]


class Operated:
    """Stations, as those who operate them change them between two moves of the kernel.

    What they do at `now` that moves requests (failures of a crash, a queue woken by a restart) is
    injected, and moves first in what comes next.
    Methods raise: KeyError for a station that there isn't, ValueError for a replica that there
    isn't or a number out of range.
    """

    def __init__(
        self, names: Sequence[str], stations: Sequence[Station], state: State, now: float
    ) -> None:
        self.names = tuple(names)
        self.now = now
        self._index = {name: k for k, name in enumerate(names)}
        self._stations = tuple(stations)
        self._state = state
        self._scale = [s.replicas for s in stations]
        self._up = [[True] * s.replicas for s in stations]
        self._woken: set[int] = set()
        self._draining: set[tuple[int, int]] = set()
        self._cuts: dict[tuple[int, int], Cut] = {}
        for k, station in enumerate(stations):
            self.set_service(station.name, station.service)
            self._make_room(k)

    def index(self, name: str) -> int:
        """Place of a station or client in `names`, and so its column in the stamps."""
        return self._index[name]

    def up(self, name: str) -> tuple[bool, ...]:
        """Which of the replicas that are wanted at `name` work, or have crashed."""
        k = self._station(name)
        return tuple(self._up[k][: self._scale[k]])

    def set_settings(self, name: str, number: int) -> None:
        """Services that start from now on at station `name` are stamped with `number`.

        For a client: attempts that are sent from now on.
        """
        self._state.settings[self._index[name]] = number

    def set_service(self, name: str, service: Service) -> None:
        """Services that start from now on at `name` take this long; those under way go on."""
        k = self._station(name)
        station = self._state.stations[k]
        station.distribution, station.a, station.b = service.distribution, service.a, service.b
        station.law += 1
        constant_zero = service.distribution == Distribution.CONSTANT and service.a == 0.0
        calls = bool((self._state.hops["calls"][self._state.hops["station"] == k] >= 0).any())
        plain = self._stations[k].workers is None and self._stations[k].batch == 1 and not calls
        station.instant = constant_zero and plain

    def set_losing(self, name: str, share: float) -> None:
        """From now on a share of the answers of `name`, in 0..1, gets lost."""
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"station '{name}': needs a share in 0..1 to lose (got {share})")
        self._state.stations[self._station(name)].losing = share

    def set_quota(self, name: str, quota: float, per: float) -> None:
        """From now on station `name` lets in so many each `per` seconds, counted from time 0.

        The first of these is under way. inf: as many as come.
        """
        if not (quota >= 0.0 and per > 0.0):
            raise ValueError(f"station '{name}': needs quota >= 0 and per > 0 (got {quota}, {per})")
        station = self._state.stations[self._station(name)]
        station.quota, station.quota_per, station.guarded = quota, per, True
        station.period, station.let_in = math.floor(self.now / per), 0

    def set_open(self, name: str, is_open: bool) -> None:
        """Whether station `name` lets anybody in; who is inside already stays there."""
        self._state.stations[self._station(name)].closed = not is_open

    def set_slowness(self, name: str, replica: int, factor: float) -> None:
        """Services that start from now on at a replica take `factor` times as long.

        Where it is shared, those under way do, too.
        """
        k = self._replica(name, replica)
        sharing = self._stations[k].sharing
        if not 0.0 <= factor < math.inf or (sharing and factor == 0.0):
            raise ValueError(
                f"station '{name}': needs a factor {'>' if sharing else '>='} 0 (got {factor})"
            )
        if sharing and factor != self._state.replicas["slowness"][k, replica]:
            self._see_to_heap()
            set_pace(handed(self._state), self.now, k, replica, factor)
        self._state.replicas["slowness"][k, replica] = factor

    def crash(self, name: str, replica: int) -> None:
        """The workers of a replica are gone, and its line if it has one.

        Requests that it had fail at this instant, or are sent again.
        """
        k = self._replica(name, replica)
        self._up[k][replica] = False
        tokens = self._state.tokens
        here = (tokens["replica"] == replica) & (self._state.hops["station"][tokens["hop"]] == k)
        slots = np.flatnonzero(here & (tokens["state"] == layout.IN_SERVICE))
        tokens["state"][slots] = layout.DOOMED
        if self._stations[k].sharing:
            catch_up_now(handed(self._state), self.now, k, replica)
            tokens["ends"][slots] = self._shares_left(k, replica, slots)
        # The end of a batch frees a worker for those, too, that were cancelled in it.
        tokens["state"][here & (tokens["state"] == layout.CALLED_OFF)] = layout.LOST
        stranded = self._strand(k, replica)
        for slot in (*slots.tolist(), *stranded):
            self._inject(layout.FAILURE, slot)
        here = self._state.replicas[k, replica]
        here["busy"], here["first"], here["due"] = 0, -1, math.inf
        self._make_room(k)

    def _shares_left(self, k: int, replica: int, slots: Any) -> Any:
        """The share of the work that is still to do for tokens at a shared replica."""
        here, tokens = self._state.replicas[k, replica], self._state.tokens[slots]
        return (tokens["ends"] - here.progress) / np.maximum(
            tokens["service"], np.finfo(float).tiny
        )

    def _strand(self, k: int, replica: int) -> list[int]:
        """Take away the line of a replica, if it has one; returns who stood in it."""
        if self._stations[k].balancing is None:
            return []
        stranded = list(self._waiting_at(k, replica))
        self._state.tokens["state"][stranded] = layout.STRANDED
        self._lines(k)["waiting"][replica * self._lanes : (replica + 1) * self._lanes] = 0
        return stranded

    def restart(self, name: str, replica: int) -> None:
        """A crashed replica works again and takes from the line; what it kept is gone."""
        k = self._replica(name, replica)
        if not self._up[k][replica]:
            self._state.replicas["cold"][k, replica] = self._stations[k].cold_services
        if self._stations[k].cache is not None:
            empty(self._state, int(self._state.stations[k].cache))
        self._up[k][replica] = True
        self._draining.discard((k, replica))
        self._make_room(k)

    def drain(self, name: str, replica: int) -> None:
        """A replica gets nothing more until it is restarted, and finishes what it has."""
        k = self._replica(name, replica)
        self._draining.add((k, replica))
        self._make_room(k)

    def has_drained(self, name: str, replica: int) -> bool:
        """Whether a replica has nothing to do, and nobody waits for it."""
        k = self._replica(name, replica)
        waiting = not self._shares_line(k) and any(True for _ in self._waiting_at(k, replica))
        return int(self._state.replicas["busy"][k, replica]) == 0 and not waiting

    def _shares_line(self, k: int) -> bool:
        return self._stations[k].balancing is None

    def cut(self, senders: str, receiver: str, how: Cut) -> None:
        """What becomes, from now on, of calls that station or client `senders` makes to another.

        What several join to call is refused if it is for one of them, or else lost if it is.
        """
        self._cuts[self.index(senders), self.index(receiver)] = how
        hops, targets = self._state.hops, self._state.targets
        hops["cut"] = Cut.REACHES
        for between, what in self._cuts.items():
            calls = calls_between(hops, targets, *between)
            hops["cut"][calls] = np.maximum(hops["cut"][calls], what)

    def scale(self, name: str, replicas: int) -> None:
        """Run `replicas` replicas: more at once; fewer as the highest finish what they have."""
        if replicas < 0:
            raise ValueError(f"station '{name}': needs replicas >= 0 (got {replicas})")
        k = self._station(name)
        before, self._scale[k] = self._scale[k], replicas
        self._up[k] += [True] * (replicas - len(self._up[k]))
        self._make_room(k)
        self._state.replicas["cold"][k, before:replicas] = self._stations[k].cold_services

    def _station(self, name: str) -> int:
        k = self._index.get(name, len(self._stations))
        if k >= len(self._stations):
            raise KeyError(f"no station '{name}' in the network")
        return k

    def _replica(self, name: str, replica: int) -> int:
        """Place of the station, if it has that replica."""
        k = self._station(name)
        if not 0 <= replica < len(self._up[k]):
            raise ValueError(
                f"station '{name}' has no replica {replica} (0..{len(self._up[k]) - 1})"
            )
        return k

    def _make_room(self, k: int) -> None:
        """Open the replicas that are up and wanted; wake the line if somebody is idle."""
        self._state = widened(self._state, len(self._up[k]))
        spec, shared = self._stations[k], self._stations[k].balancing is None
        limit = spec.at_once if spec.sharing else spec.workers
        workers = UNLIMITED if limit is None else limit
        self._state.replicas["workers"][k] = spec.workers or 0
        replicas = self._state.replicas[k]
        for replica, up in enumerate(self._up[k]):
            wanted = replica < self._scale[k]
            wanted = wanted and (k, replica) not in self._draining
            replicas["accepts"][replica] = up and wanted
            replicas["room"][replica] = workers if up and (wanted or not shared) else 0
        idle = np.maximum(replicas["room"] - replicas["busy"], 0)
        for replica, free in enumerate([idle.sum()] if shared else idle):
            self._open_line(k + replica * self._lanes * len(self._stations), int(free))

    def _open_line(self, number: int, free: int) -> None:
        """So many idle workers take from a line; whoever waits in it is told."""
        line = self._state.lines[number]
        line["free"] = free
        if free > 0 and line["waiting"] > 0 and number not in self._woken:
            self._woken.add(number)
            self._inject(layout.WAKE, number)

    def _inject(self, kind: int, slot: int) -> None:
        self._see_to_heap()
        kernel.inject(handed(self._state), self.now, kind, slot)

    def _see_to_heap(self) -> None:
        tally = self._state.tally
        spare = layout.PUSHES * int(tally[layout.MARGIN])
        if int(tally[layout.EVENTS]) + spare > self._state.heap.size:
            self._state = with_heap(self._state)

    @property
    def _lanes(self) -> int:
        return int(self._state.tally[layout.LANES])

    def _lines(self, k: int) -> Any:
        """The lines of a station, replica by replica, lane by lane."""
        return self._state.lines[k :: len(self._stations)]

    def _waiting_at(self, k: int, replica: int) -> Iterator[int]:
        """The tokens in the lines of a replica; of the first, if they share one."""
        first, *lanes = self._lines(k)[replica * self._lanes : (replica + 1) * self._lanes]
        for line in lanes if self._stations[k].prioritised else [first]:
            yield from self._tokens_of(line)

    def _tokens_of(self, line: np.void) -> Iterator[int]:
        token = int(line["head"])
        for _ in range(int(line["waiting"])):
            yield token
            token = int(self._state.tokens["next"][token])
