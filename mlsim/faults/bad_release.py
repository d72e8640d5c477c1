"""bad_release: a version of the app is published that sends the wrong thing."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.component import SettingsFault
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.base import Component
from mlsim.system.client import Client
from mlsim.system.release import Content
from mlsim.system.simulation import System


@fault_kind("bad_release")
class BadRelease(SettingsFault, Content):
    """A release whose code or formats are wrong, installed when people please.

    Several columns may be wrong at once, and only for those who have it: a share of all rows that
    grows by the law of adoption, so that nothing jumps anywhere. People leave it for a later
    release of the app; the repair withdraws it, and all who have it are back at the one before.
    Source: Kaestner on app versions that live side by side.
    """

    needs: ClassVar[str] = "a client with releases"
    example: ClassVar[str] = """
        kind: bad_release
        at: 5d
        until: 9d
        component: phone
        version: v2
        adoption: exponential(mean=2d)
        units: {temperature: fahrenheit}
        sends: {age: 0}
    """

    kind: Literal["bad_release"] = "bad_release"
    version: Name
    """What it is called, in the metrics of the app."""

    @staticmethod
    def fits(spec: Component) -> bool:
        return isinstance(spec, Client) and bool(spec.releases)

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        yield from self.misfits(scenario)
        if not (self.sends or self.units or self.formats):
            yield (), "needs something that is wrong with it: sends, units or formats", ""
        client = scenario.system.get(self.component)
        if isinstance(client, Client) and self.version in client.releases:
            message = f"must be another one: {self.component} has a release '{self.version}'"
            yield ("version",), message, ""

    def title(self) -> str:
        wrong = list(dict.fromkeys([*self.sends, *self.units, *self.formats]))
        return f"{self.version} of {self.component} sends {' and '.join(wrong)} wrongly"

    def sets(self) -> frozenset[str]:
        return frozenset()

    def broken(self, settings: Any, system: System) -> Any:
        version = self.published(
            system,
            self.version,
            self._number(system),
            float(system.clock.now),
            f"fault/{self.called}",
        )
        return settings.with_release(replace(version, at_fault=True))

    def repaired(self, settings: Any, system: System) -> Any:
        return settings.without_release(self._number(system))

    def _number(self, system: System) -> int:
        """Its own for good, after those of the app's releases."""
        client, faults = system[self.component].spec, system.scenario.faults
        assert isinstance(client, Client), "`fits` has looked"
        return len(client.releases) + [fault.called for fault in faults].index(self.called)
