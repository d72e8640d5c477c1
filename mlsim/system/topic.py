"""topic: a queue between two steps of a pipeline, from which consumers take messages in order."""

from collections.abc import Iterable
from typing import ClassVar, Literal

from pydantic import Field

from mlsim.engine.network import Station
from mlsim.scenario.expressions import DurationExpression
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.refusal import Refusal
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Bound
from mlsim.system.base import Component, component_kind
from mlsim.system.service_time import service_of


@component_kind("topic")
class Topic(Component):
    """Messages wait here until one of the consumers has time; those that wait too long are deleted.

    In a chain that goes aside (`advice ~> events -> telemetry`) nobody waits for them: consumers
    that are too slow make rows late, and beyond the retention they get lost, while every request is
    answered in time. Their lag, in messages, is `queue_length`; what was deleted has the outcome
    `expired` in `requests_total`. Source: Apache Kafka, retention.ms, whose default is seven days.
    """

    example: ClassVar[str] = """
        kind: topic
        consumers: 2
        service_time: exponential(mean=100ms)
        retention: 12h
    """

    kind: Literal["topic"] = "topic"
    consumers: int = Field(1, ge=1, le=100_000)
    """Messages that are worked on at the same time."""
    service_time: DurationExpression | None = None
    """Time that a consumer spends on a message; none if not given."""
    retention: Bound = 7 * 86400.0
    """How long a message may wait."""

    def problems(self, scenario: Scenario, name: str) -> Iterable[Mistake]:
        try:
            service_of(self.service_time)
        except Refusal as refusal:
            yield ("service_time",), refusal.message, refusal.suggestion

    def station(self, name: str) -> Station:
        return Station(
            name,
            workers=self.consumers,
            service=service_of(self.service_time),
            patience=self.retention,
        )
