"""What every kind of component must do, tried out on its own example in a small system."""

from collections.abc import Callable
from functools import cached_property

from mlsim.scenario.spec import Scenario
from mlsim.system.base import Component
from mlsim.testing import running
from mlsim.testing.hosts import scenario_of, with_component, without_faults
from mlsim.testing.language import LANGUAGE_CHECKS, example_of
from mlsim.testing.observation import Observation, observe


class ComponentTrial:
    """A kind of component in a host, where it takes the place of another one of its kind.

    host: the text of a scenario into which it fits; a small clinic if not given. A kind that the
    host hasn't got stands before the last component of its first chain, or beside the flow.
    """

    def __init__(self, kind: type[Component], host: str | None = None):
        self.kind = kind
        self._content, self.name = with_component(
            without_faults(host), example_of(kind), kind.in_flow
        )

    def scenario(self) -> Scenario:
        """The host with the example."""
        return scenario_of(self._content)

    @cached_property
    def world(self) -> Observation:
        """The host with the example, after a run."""
        return observe(self.scenario())

    @cached_property
    def again(self) -> Observation:
        """The same once more, in other pieces."""
        return running.again(self.scenario())


def works_in_a_system(trial: ComponentTrial) -> None:
    """Requests pass through it, if it is in their way, and leave with all its columns."""
    system = trial.world.system
    if trial.kind.in_flow and trial.name in system.replicas:
        assert system.network.counters(trial.name).served > 0, f"{trial.name}: serves nobody"
    rows = [table for name, table in trial.world.tables.items() if name.startswith("requests")]
    for column in system[trial.name].spec.outputs(trial.name):
        made = [table[f"{trial.name}: {column}"] for table in rows]
        assert all(values.ndim == 1 for values in made), f"{column}: must have a value per row"


def numbers_its_settings(trial: ComponentTrial) -> None:
    """What is in force changes by new settings, in order of time; it is never changed itself."""
    deployed = trial.world.system[trial.name]
    times, numbers = zip(*[(-float("inf"), 0), *deployed.history], strict=True)
    assert list(times) == sorted(times)
    changes = range(1 + len(deployed.spec.stamps), len(deployed.settings))
    assert list(numbers) == [0, *changes]
    system = trial.world.system
    first = deployed.spec.first_settings(system, trial.name)
    same = type(first) is type(deployed.settings[0])
    assert same, f"{trial.name}: its first settings have become {deployed.settings[0]!r}"


def is_not_touched(trial: ComponentTrial) -> None:
    """Without a fault, lineage has nothing to mark."""
    marked = [
        f"{table}: {name}"
        for table, columns in trial.world.tables.items()
        for name, values in columns.items()
        if "touched" in name and values.any()
    ]
    assert not marked, f"nothing is broken, and yet marked: {marked}"


def leaves_its_parameters(trial: ComponentTrial) -> None:
    """A run changes nothing in what the scenario says."""
    spec, fresh = trial.world.system[trial.name].spec, trial.scenario().system[trial.name]
    assert spec == fresh, f"the run has changed it: {spec} (was {fresh})"


def repeats_itself(trial: ComponentTrial) -> None:
    """The same seed gives the same bytes, with idle ticks between, in blocks of another size."""
    running.repeats_itself(trial.world, trial.again)


def conserves_requests(trial: ComponentTrial) -> None:
    """Every request that arrives ends once; every visit ends, and is counted once."""
    running.conserves_requests(trial.again)


COMPONENT_CHECKS: tuple[Callable[[ComponentTrial], None], ...] = (
    works_in_a_system,
    numbers_its_settings,
    is_not_touched,
    leaves_its_parameters,
    repeats_itself,
    conserves_requests,
)
"""What holds for every kind of component, besides `LANGUAGE_CHECKS`."""


def check_component(kind: type[Component], host: str | None = None) -> None:
    """Try out all that a kind of component must do; raises AssertionError for what it doesn't.

    host: the text of a scenario into which its example fits, if the clinic of the docs is none.

    >>> from mlsim.system.server import Server
    >>> check_component(Server)
    """
    for check in LANGUAGE_CHECKS:
        check(kind)
    trial = ComponentTrial(kind, host)
    for one in COMPONENT_CHECKS:
        one(trial)
