"""What every kind of component is: parameters from the scenario, a way to move, a way to compute.

A component's class holds what the scenario says of it and never changes. What does change while the
system runs - the model in force, the format that is sent - is its *settings*: immutable values,
numbered in the order in which they came into force. A request is stamped with the number in force
when its service starts, so its columns can be computed at any later time.
"""

from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

import numpy as np
import simpy
from numpy.typing import NDArray

from mlsim.engine.columns import Column, Rows
from mlsim.engine.network import Client as ClientStation
from mlsim.engine.network import Station
from mlsim.scenario.kinds import Mistake, Spec, register

if TYPE_CHECKING:
    from mlsim.scenario.spec import Scenario
    from mlsim.system.simulation import System

C = TypeVar("C", bound="type[Component]")


def component_kind(name: str) -> Callable[[C], C]:
    """Make a class of component known to the scenario language as `kind: <name>`."""
    return register("component", name)


class Link(NamedTuple):
    """A way beside the flow: along it go training rows, labels or versions of a `model`, or what is
    done to the replicas of one that serves.
    """

    sender: str
    receiver: str
    model: str


class Component(Spec):
    """One component of the system, as the scenario describes it."""

    kind: str
    """Its name in the language."""

    in_flow: ClassVar[bool] = True
    """Whether requests pass through it; a trainer, say, works beside the flow."""

    starts_requests: ClassVar[bool] = False
    """Whether requests begin here, and answers end here."""

    has_versions: ClassVar[bool] = False
    """Whether its settings are versions that operators number, as those of a model are."""

    sends_columns: ClassVar[bool] = False
    """Whether its settings have an `output`: columns that it sends in a format of its own."""

    stamps: ClassVar[tuple[Any, ...]] = ()
    """Settings with the numbers 1, 2 ... that requests are stamped with by what happens here."""

    knows_truth: ClassVar[bool] = False
    """Whether it reads the world itself, and not what reaches it with a request."""

    def station(self, name: str) -> Station | ClientStation | None:
        """How requests move through it; None for a component beside the flow."""
        return None

    def outputs(self, name: str) -> Iterable[str]:
        """The columns that it adds to a request, as its consumers name them."""
        return ()

    def needs(self) -> Iterable[str]:
        """The columns that it reads."""
        return ()

    def labels(self) -> Iterable[str]:
        """The true columns that it tries to find out, and that nobody can simply read."""
        return ()

    def links(self, name: str, system: "Mapping[str, Component]") -> Iterable[Link]:
        """What goes to it, and on from it, beside the flow of requests."""
        return ()

    def first_settings(self, system: "System", name: str) -> Any:
        """What is in force at the beginning; None for a component that computes nothing.

        system: gives formulas their luck and their calendar, and columns their unit.
        """
        return None

    def touched(self, settings: Any, rows: "Inbox", column: str) -> NDArray[np.bool_] | bool:
        """In which rows a fault has had its hand in what this component itself does to a column."""
        return False

    def put_in_place(self, settings: Any, before: Any) -> Any:
        """New settings as they are in force where those `before` were: what stays, stays."""
        return settings

    def missed(self, settings: Any) -> bool:
        """Whether it is the work of a fault if a request brings nothing back from here."""
        return False

    def unreadable(
        self, settings: Any, rows: "Inbox", column: str, known: Collection[str]
    ) -> NDArray[np.bool_] | bool:
        """In which rows it sends a column in a format that a careful consumer can't parse.

        known: the versions of an app whose formats the consumer knows, by name.
        """
        return False

    def needs_for(self, column: str) -> Iterable[str]:
        """The columns that it reads to compute one of its outputs."""
        return self.needs()

    def process(self, system: "System", name: str) -> Generator[simpy.Event, None, None] | None:
        """What it does by itself in simulated time; None if it only handles requests."""
        return None

    def doubts(self, scenario: "Scenario", name: str) -> Iterable[Mistake]:
        """What is no mistake, and hardly meant, as far as it can be told before a run."""
        return ()

    def warnings(self, system: "System", name: str) -> Iterable[str]:
        """What somebody who looks at the results should know first of it, when the run is over."""
        return ()

    def compute(self, settings: Any, rows: "Inbox", column: str) -> Column:
        """One of its output columns, shape (n,), for rows whose service began under `settings`."""
        raise NotImplementedError(f"{type(self).__name__} has no column {column!r}")


class Inbox(Mapping[str, Column]):
    """The rows that one component works on: a mapping from input names to columns of n values.

    ids, people, attempts: int64[n], whose rows they are. sent: float64[n], when they were sent.
    attempts, sent: looked up when needed, since what is computed without holds for all attempts.
    ask: gives an input by name, as it reached the component.
    """

    def __init__(
        self,
        ids: NDArray[np.int64],
        people: NDArray[np.int64],
        attempts: Callable[[], NDArray[np.int64]],
        sent: Callable[[], NDArray[np.float64]],
        names: Iterable[str],
        ask: Callable[[str], Column],
    ):
        self.ids, self.people, self._attempts, self._sent = ids, people, attempts, sent
        self._names, self._ask = tuple(names), ask

    def __getitem__(self, name: str) -> Column:
        return self._ask(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def attempts(self) -> NDArray[np.int64]:
        """The number of each attempt, int64[n]."""
        return self._attempts()

    @property
    def sent(self) -> NDArray[np.float64]:
        """When each was sent, float64[n], in seconds since day 0."""
        return self._sent()

    def visible(self) -> Rows:
        """These rows as a formula sees them."""
        return Rows(self.ids, self._sent, self, self._attempts)


@dataclass
class Deployed:
    """A component at work: its parameters, and its settings in the order of their numbers.

    history: (time in seconds, number) of every change.
    """

    name: str
    spec: Component
    settings: list[Any]
    announce: Callable[[int], None]
    now: Callable[[], float]
    history: list[tuple[float, int]] = field(default_factory=list)

    @property
    def current(self) -> Any:
        """The settings in force."""
        return self.settings[-1]

    def in_force(self, time: NDArray[np.float64]) -> NDArray[np.int64]:
        """The number of the settings in force at each time, for what is not stamped by a visit."""
        changes = [when for when, _ in self.history]
        return np.searchsorted(changes, time, side="right").astype(np.int64)

    def change(self, settings: Any) -> int:
        """Bring new settings into force, from this instant on; gives their number."""
        self.settings.append(self.spec.put_in_place(settings, self.current))
        number = len(self.settings) - 1
        self.history.append((self.now(), number))
        self.announce(number)
        return number
