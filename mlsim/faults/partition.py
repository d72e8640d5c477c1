"""partition: two components can't reach each other."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

from mlsim.engine.routes import Cut
from mlsim.errors import nearest
from mlsim.faults.base import Fault, fault_kind
from mlsim.scenario.flow_checks import is_connected
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.base import Component
from mlsim.system.simulation import System
from mlsim.system.wiring import callers


@fault_kind("partition")
class Partition(Fault):
    """The network between two components is gone, and with it every call of one to the other.

    A call that is lost keeps its caller waiting until the timeout of the component or of the
    client; without any, as with calls that are refused, the caller knows at once. What has arrived
    before goes on. Source: Bailis and Kingsbury, The Network is Reliable (2014).
    """

    example: ClassVar[str] = """
        kind: partition
        at: 5d
        until: 121h
        between: [gateway, weather]
    """

    kind: Literal["partition"] = "partition"
    between: tuple[Name, Name]
    """The two components, one of which calls the other in the flow."""
    calls: Literal["lost", "refused"] = "lost"
    """Whether calls get lost on the way, or are refused at once."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        known = [n for n, spec in scenario.system.items() if spec.in_flow]
        for k, one in enumerate(self.between):
            if one not in known:
                message = f"no component '{one}' in system that requests pass through"
                yield ("between", k), message, nearest(one, known)
        one, other = self.between
        if not ({one, other} <= set(known) and is_connected(scenario)):
            return
        if not (_calls(scenario, one, other) or _calls(scenario, other, one)):
            yield ("between",), f"neither of {one} and {other} calls the other in the flow", ""

    def where(self, system: Mapping[str, Component]) -> tuple[str, ...]:
        return self.between

    def title(self) -> str:
        return f"{self.between[0]} and {self.between[1]} can't reach each other"

    def sets(self) -> frozenset[str]:
        return frozenset({"/".join(sorted(self.between))})

    def begin(self, system: System) -> None:
        self._cut(system, Cut.GETS_LOST if self.calls == "lost" else Cut.IS_REFUSED)

    def end(self, system: System) -> None:
        self._cut(system, Cut.REACHES)

    def _cut(self, system: System, how: Cut) -> None:
        one, other = self.between
        system.network.cut(one, other, how)
        system.network.cut(other, one, how)


def _calls(scenario: Scenario, caller: str, called: str) -> bool:
    """Whether requests come to one straight from the other; the way to a client is a reply."""
    is_client = scenario.system[called].starts_requests
    return not is_client and caller in callers(scenario.flow).get(called, ())
