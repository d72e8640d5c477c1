"""What every kind of fault must do, tried out on its own example in a small system."""

import json
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from mlsim.faults.base import Fault
from mlsim.scenario.flow_steps import calls
from mlsim.scenario.spec import Scenario
from mlsim.system.base import Deployed
from mlsim.testing import running
from mlsim.testing.hosts import scenario_of, with_fault, without_faults
from mlsim.testing.language import LANGUAGE_CHECKS, example_of
from mlsim.testing.observation import NUMBERS, Observation, differences, observe

HOUR = 3600.0
AT, UNTIL = 10 * HOUR, 26 * HOUR
"""When the fault is there, in a host of three days."""


class FaultTrial:
    """A kind of fault in a host: its worlds are run once, when they are asked for.

    host: the text of a scenario that has the mechanism; a small clinic if not given. suited: other
    parameters than the example's, that suit the host. nothing: the parameters with which the fault
    has no strength; a `share` of 0 if it has a share.
    """

    def __init__(
        self,
        kind: type[Fault],
        host: str | None = None,
        suited: Mapping[str, Any] | None = None,
        nothing: Mapping[str, Any] | None = None,
    ):
        self.kind, self._host, self._suited = kind, without_faults(host), dict(suited or {})
        has_share = "share" in kind.model_fields
        self.nothing = nothing or ({"share": 0} if has_share else None)

    def scenario(self, **changes: Any) -> Scenario:
        """The host with the example, at a time that suits the host, and with other parameters."""
        example = example_of(self.kind)
        ramp = {"ramp": "2h"} if "ramp" in example else {}
        example |= {"at": f"{AT}s", "until": f"{UNTIL}s"} | ramp | self._suited | changes
        return scenario_of(with_fault(self._host, example))

    @cached_property
    def twin(self) -> Observation:
        """The host without a fault."""
        return _twin(json.dumps(self._host))

    @cached_property
    def world(self) -> Observation:
        """The host with the fault."""
        return observe(self.scenario())

    @cached_property
    def again(self) -> Observation:
        """The same once more, in other pieces."""
        return running.again(self.scenario())


@lru_cache(maxsize=1)
def _twin(host: str) -> Observation:
    """Most kinds have the same host, and so the same twin."""
    return observe(scenario_of(json.loads(host)))


def does_something(trial: FaultTrial) -> None:
    """In a system that has its mechanism, something is no longer as in the twin."""
    changed = differences(trial.world, trial.twin, but=NUMBERS)
    assert changed or trial.world.versions != trial.twin.versions, "nothing is other than before"


def comes_after_its_cause(trial: FaultTrial) -> None:
    """Before it begins, every row is the twin's, byte for byte."""
    early = differences(trial.world, trial.twin, before=AT)
    assert not early, f"other values before it begins: {early}"


def is_nothing_without_strength(trial: FaultTrial) -> None:
    """With no strength it is the twin, byte for byte, and lineage has nothing to mark."""
    assert trial.nothing is not None, f"{trial.kind.__name__} is all or nothing"
    world = observe(trial.scenario(**trial.nothing))
    changed = differences(world, trial.twin, but=NUMBERS)
    assert not changed, f"other values without strength: {changed}"
    assert world.versions == trial.twin.versions, "other models without strength"
    marked = [
        f"{table}: {name}"
        for table, columns in world.tables.items()
        for name, values in columns.items()
        if "touched" in name and values.any()
    ]
    assert not marked, f"nothing was done, and yet marked: {marked}"


def is_repaired(trial: FaultTrial) -> None:
    """After the repair the mechanism is as before: settings, replicas, service, and the world."""
    system = trial.world.system
    for name, deployed in system.items():
        if not deployed.spec.has_versions:
            assert _settings(deployed, UNTIL) == _settings(deployed, AT - 1), f"{name} stays broken"
    assert system.replicas == trial.twin.system.replicas
    _same_service_after_repair(trial)
    _same_truth_after_repair(trial)


def leaves_its_parameters(trial: FaultTrial) -> None:
    """A run changes nothing in what the scenario says."""
    (fault,), (fresh,) = trial.world.system.scenario.faults, trial.scenario().faults
    assert fault == fresh, f"the run has changed it: {fault} (was {fresh})"


def repeats_itself(trial: FaultTrial) -> None:
    """The same seed gives the same bytes, with idle ticks between, in blocks of another size."""
    running.repeats_itself(trial.world, trial.again)


def conserves_requests(trial: FaultTrial) -> None:
    """Every request that arrives ends once; every visit ends, and is counted once."""
    running.conserves_requests(trial.again)


def _settings(deployed: Deployed, time: float) -> Any:
    """What was in force at a time (seconds), changes of this instant included."""
    return deployed.settings[int(deployed.in_force(np.array([time]))[0])]


def _same_service_after_repair(trial: FaultTrial) -> None:
    """Who begins to be served after the repair in both worlds is served as long as in the twin.

    But for those that call others: how long they wait is not their own service.
    """
    served = [_service_times(world) for world in (trial.world, trial.twin)]
    shared = served[0].keys() & served[1].keys()
    assert shared, "nobody is served after the repair"
    mine, others = ([times[key] for key in shared] for times in served)
    np.testing.assert_allclose(mine, others, atol=1e-6, err_msg="service takes other times")


def _service_times(world: Observation) -> dict[tuple[int, int, int], float]:
    visits, index = world.tables["visits"], world.system.network.index
    flow = world.system.scenario.flow
    callers = [index(call.name) for chain in flow for call in calls(chain.steps)]
    chosen = (visits["start"] > UNTIL) & (visits["outcome"] == 0)
    chosen &= ~np.isin(visits["station"], callers)
    keys = zip(
        *(visits[c][chosen].tolist() for c in ("request", "attempt", "station")), strict=True
    )
    return dict(zip(keys, (visits["end"] - visits["start"])[chosen].tolist(), strict=True))


def _same_truth_after_repair(trial: FaultTrial) -> None:
    """Of who arrives after the repair in both worlds the same is true."""
    scenario = trial.world.system.scenario
    for load in scenario.load:
        mine, other = (w.tables[f"requests {load}"] for w in (trial.world, trial.twin))
        _, here, there = np.intersect1d(mine["request"], other["request"], return_indices=True)
        late = mine["arrival"][here] > UNTIL
        for column in scenario.world.columns().keys() & mine.keys():
            is_, was = mine[column][here][late], other[column][there][late]
            assert is_.tobytes() == was.tobytes(), f"{column}: the world stays another one"


FAULT_CHECKS: tuple[Callable[[FaultTrial], None], ...] = (
    does_something,
    comes_after_its_cause,
    is_nothing_without_strength,
    is_repaired,
    leaves_its_parameters,
    repeats_itself,
    conserves_requests,
)
"""What holds for every kind of fault, besides `LANGUAGE_CHECKS`."""


def check_fault(
    kind: type[Fault],
    host: str | None = None,
    suited: Mapping[str, Any] | None = None,
    nothing: Mapping[str, Any] | None = None,
) -> None:
    """Try out all that a kind of fault must do; raises AssertionError for what it doesn't.

    host, suited, nothing: as of a FaultTrial. A kind without a `share` and without `nothing` is all
    or nothing.

    >>> from mlsim.faults.sign_flip import SignFlip
    >>> check_fault(SignFlip)
    """
    for check in LANGUAGE_CHECKS:
        check(kind)
    trial = FaultTrial(kind, host, suited, nothing)
    for one in FAULT_CHECKS:
        if one is not is_nothing_without_strength or trial.nothing is not None:
            one(trial)
