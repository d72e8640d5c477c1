"""Worlds of one seed that share their past: simulated once, up to what they differ in.

Until a fault begins, a world with it and one without it are the same. There the process is forked:
the copy goes on with the fault, and the original without, one after the other. Nothing of the
copy's comes back but its records. What is simulated is what each world would be by itself.
"""

import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import simpy

from mlsim.errors import MlsimError
from mlsim.faults.base import Fault
from mlsim.measures.record import Record
from mlsim.monitoring.spec import Monitoring
from mlsim.scenario.spec import Scenario
from mlsim.studies.processes import JobFailed, undisturbed
from mlsim.studies.recording import Recording
from mlsim.studies.world import Life, LiveWorld
from mlsim.system.simulation import System

PATIENCE = 0.2
"""Seconds after which a copy notices that its original is gone."""


def simulate_together(
    scenario: Scenario,
    monitoring: Monitoring | None,
    seed: int,
    worlds: Mapping[str, Sequence[Fault]],
    recording: Recording,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Record]:
    """The records of some worlds, by name, without their blast radius."""
    found = _Branch(dict(worlds)).grow(scenario, monitoring, seed, recording, progress)
    return {world: found[world] for world in worlds}


class _Branch:
    """Worlds that are still the same. A copy has a pipe to write to; the original has none."""

    def __init__(self, worlds: dict[str, Sequence[Fault]]):
        self._worlds = worlds
        self._records: dict[str, Record] = {}
        self._pipe: int | None = None

    def grow(
        self,
        scenario: Scenario,
        monitoring: Monitoring | None,
        seed: int,
        recording: Recording,
        progress: Callable[[float], None] | None,
    ) -> dict[str, Record]:
        """Simulate all of them; a copy never returns from here."""
        faults = {fault.called: fault for own in self._worlds.values() for fault in own}
        # In the order of the scenario, in which faults of one instant begin.
        lives = [self._life(f) for f in scenario.faults if f.called in faults]
        try:
            live = LiveWorld(scenario, monitoring, seed, recording, lives)
            live.system.run(progress)
            ((name, own),) = [*self._worlds.items()][:1]
            record = live.record(name, own, None)
            self._records |= dict.fromkeys(self._worlds, record)
        except BaseException as error:
            if self._pipe is None:
                raise
            _send(self._pipe, _portable(error))
        if self._pipe is not None:
            _send(self._pipe, self._records)
        return self._records

    def _life(self, fault: Fault) -> Life:
        def life(system: System) -> Generator[simpy.Event, None, None]:
            yield system.clock.timeout(fault.at - system.clock.now)
            if self._begins(fault, system):
                yield from fault.process(system)

        return life

    def _begins(self, fault: Fault, system: System) -> bool:
        """Whether a fault begins in this branch; where only some worlds have it, it divides."""
        broken = {n: own for n, own in self._worlds.items() if fault in own}
        whole = {n: own for n, own in self._worlds.items() if n not in broken}
        if broken and whole:
            system.settle()  # what both have to settle is settled once
            if self._is_copy():
                self._worlds, self._records = broken, {}
                return True
            self._worlds = whole
            return False
        return bool(broken)

    def _is_copy(self) -> bool:
        """Fork; the original waits here until the copy is done, and takes its records."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # or both would write what is still to be written
        reading, writing = os.pipe()
        with undisturbed():
            copy = os.fork()
        if copy == 0:
            os.close(reading)
            self._pipe = writing
            threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
            return True
        os.close(writing)
        self._records |= _received(reading, copy)
        return False


def _received(reading: int, copy: int) -> dict[str, Record]:
    try:
        with os.fdopen(reading, "rb") as pipe:
            content = pipe.read()
    except BaseException:
        os.kill(copy, 9)
        raise
    finally:
        os.waitpid(copy, 0)
    try:
        result = pickle.loads(content)
    except Exception:  # half a message, or none
        raise JobFailed("a process ended without a result; was it killed for its memory?") from None
    if isinstance(result, Exception):
        raise result
    records: dict[str, Record] = result
    return records


def _send(pipe: int, result: Any) -> None:
    """Write the result and end this process, without anything that others have to clean up."""
    try:
        with os.fdopen(pipe, "wb") as target:
            pickle.dump(result, target, protocol=pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)


def _portable(error: BaseException) -> Exception:
    if isinstance(error, MlsimError):
        return error
    return JobFailed(f"{type(error).__name__}: {error}")


def _end_with(original: int) -> None:
    """A copy whose original is gone has nobody to tell its results."""
    while os.getppid() == original:
        time.sleep(PATIENCE)
    os._exit(1)
