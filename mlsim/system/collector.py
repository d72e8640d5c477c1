"""collector: the telemetry server, where rows arrive that somebody may look at later."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import field_validator

from mlsim.errors import nearest
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.spec import Scenario
from mlsim.system.base import component_kind
from mlsim.system.contract import Reader
from mlsim.system.delivery import Delivery
from mlsim.system.intake import Capacity

if TYPE_CHECKING:
    from mlsim.system.simulation import System


@component_kind("collector")
class Collector(Reader):
    """What reaches it can be seen by checks on data and by training; what it loses, nobody sees.

    Give it a `capacity`, and it loses rows when more come, without a word. Give it `workers`,
    `service_time` and a `queue_limit`, and it is a server that can be overloaded: it rejects rows,
    and its error rate says so.
    """

    example: ClassVar[str] = """
        kind: collector
        capacity: {rows: 6000, per: 1min, drop: random}
    """

    kind: Literal["collector"] = "collector"
    mode: Literal["push"] = "push"
    """`push`: the components send rows to it. Metrics are pulled, by a `scraper`."""

    capacity: Capacity | None = None
    """How much it can write; all that comes if not given."""

    @field_validator("mode", mode="before")
    @classmethod
    def _does_not_pull(cls, value: Any) -> Any:
        if value == "pull":
            raise Refusal("must be push: what pulls is a component of kind scraper")
        return value

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        yield from super().problems(scenario, name)
        sender, known = self.capacity and self.capacity.sender, scenario.world.columns()
        if sender and sender not in known:
            place = ("capacity", "sender")
            yield place, f"the world has no column '{sender}'", nearest(sender, known)

    def first_settings(self, system: "System", name: str) -> Delivery:
        return Delivery()
