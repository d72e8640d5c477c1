"""collector: the telemetry server, where rows arrive that somebody may look at later."""

from typing import ClassVar, Literal

from mlsim.system.base import component_kind
from mlsim.system.contract import Reader
from mlsim.system.delivery import Delivery


@component_kind("collector")
class Collector(Reader):
    """What reaches it can be seen by checks on data and by training; what it loses, nobody sees.

    Give it `workers`, `service_time` and a `queue_limit`, and it is a server that can be
    overloaded.
    """

    example: ClassVar[str] = """
        kind: collector
        workers: 1
        service_time: 20ms
        queue_limit: 100
    """

    kind: Literal["collector"] = "collector"
    mode: Literal["push"] = "push"
    """`push`: the components send to it."""

    def first_settings(self, seed: int, name: str) -> Delivery:
        return Delivery()
