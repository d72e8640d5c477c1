"""wrong_lookup_key: a feature store is asked for another person than the one who is there."""

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.engine import draws
from mlsim.errors import nearest
from mlsim.faults.base import Fault, fault_kind
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.simulation import System
from mlsim.system.store import Store


@fault_kind("wrong_lookup_key")
class WrongLookupKey(Fault):
    """Each request takes along what the store says of somebody else, always of the same person.

    Every lookup finds an entry, of the newest snapshot, and all columns are distributed as before:
    only together with the rest of the row are they wrong. Source: Kaestner, "wrong feature
    extraction".
    """

    example: ClassVar[str] = """
        kind: wrong_lookup_key
        at: 5d
        until: 8d
        component: habits
    """

    kind: Literal["wrong_lookup_key"] = "wrong_lookup_key"
    component: Name
    """The store."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        stores = [n for n, spec in scenario.system.items() if isinstance(spec, Store)]
        if self.component not in stores:
            message = f"no store '{self.component}' in system"
            yield ("component",), message, nearest(self.component, stores)

    def title(self) -> str:
        return f"{self.component} is asked by a wrong key"

    def begin(self, system: System) -> None:
        store, key = system[self.component], draws.stream(system.seed, f"fault/{self.called}/key")
        store.change(replace(store.current, wrong_key=key))

    def end(self, system: System) -> None:
        store = system[self.component]
        store.change(replace(store.current, wrong_key=None))
