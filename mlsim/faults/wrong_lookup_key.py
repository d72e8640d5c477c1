"""wrong_lookup_key: a feature store is asked for another person than the one who is there."""

from dataclasses import replace
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.component import SettingsFault
from mlsim.scenario.units import Name
from mlsim.system.base import Component
from mlsim.system.simulation import System
from mlsim.system.store import Shelf, Store


@fault_kind("wrong_lookup_key")
class WrongLookupKey(SettingsFault):
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

    needs: ClassVar[str] = "a store"
    kind: Literal["wrong_lookup_key"] = "wrong_lookup_key"

    component: Name
    """The store."""

    @staticmethod
    def fits(spec: Component) -> bool:
        return isinstance(spec, Store)

    def title(self) -> str:
        return f"{self.component} is asked by a wrong key"

    def broken(self, settings: Shelf, system: System) -> Shelf:
        return replace(settings, wrong_key=self.stream(system, "key"))

    def repaired(self, settings: Shelf, system: System) -> Shelf:
        return replace(settings, wrong_key=None)
