"""latency: a component takes longer for everything."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from mlsim.faults.base import fault_kind
from mlsim.faults.families.slowness import Slowness
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.base import Component
from mlsim.system.server import Served
from mlsim.system.topic import Topic


@fault_kind("latency")
class Latency(Slowness):
    """Every service takes `factor` times as long: a noisy neighbour, a cold cache, a slow disk.

    Loud as soon as somebody waits for it; queues before the component grow far more than by the
    factor once it can't keep up. On a collector it loses rows where its queue is limited. The
    consumers of a topic only fall behind: rows come late, or never where its retention is short.
    Source: Nygard, Release It! (2018), "slow responses".
    """

    example: ClassVar[str] = """
        kind: latency
        at: 5d
        until: 6d
        component: gateway
        factor: 10
    """

    needs: ClassVar[str] = "a component that serves requests, or a topic"
    kind: Literal["latency"] = "latency"

    @staticmethod
    def fits(spec: Component) -> bool:
        return isinstance(spec, Served | Topic)

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        spec = scenario.system.get(self.component)
        if spec is not None and getattr(spec, "service_time", self) is None:
            yield ("component",), f"{self.component} has no service_time to take longer", ""

    def title(self) -> str:
        return f"{self.component} takes {self.factor:g} times as long"
