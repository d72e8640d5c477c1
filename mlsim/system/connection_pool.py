"""connection_pool: so many calls at a time get through to what is behind it."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from mlsim.engine.network import Station
from mlsim.scenario.checks import scenario_check
from mlsim.scenario.flow_steps import stands_alone
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.system.base import Component, component_kind
from mlsim.system.patience import Patience, patience_of


@component_kind("connection_pool")
class ConnectionPool(Component):
    """A pool of connections to a database or service: each call holds one until it is answered.

    What is called stands in brackets behind it in the flow, as in `pool(database)`. When all
    connections are in use, calls wait for one, so a slow database fills up the pool, and the pool
    the workers before it. Source: Nygard, Release It! (2018), on blocked threads.
    """

    example: ClassVar[str] = """
        kind: connection_pool
        connections: 10
        patience: 2s
    """

    kind: Literal["connection_pool"] = "connection_pool"
    connections: int = Field(ge=1, le=100_000)
    """Calls that are under way at the same time."""
    queue_limit: int | None = Field(None, ge=0)
    """Calls that may wait for a connection; one more is rejected. Unlimited if not given."""
    patience: Patience | None = None
    """Time after which a call that waits for a connection fails, as rejected; without it, never.
    Where it is a distribution, each call draws its own."""

    def station(self, name: str) -> Station:
        return Station(
            name,
            workers=self.connections,
            queue_limit=self.queue_limit,
            patience=patience_of(self.patience),
        )


@scenario_check
def holds_nothing(scenario: Scenario) -> Iterator[Mistake]:
    """Pools whose connections nobody needs."""
    for name, spec in scenario.system.items() if scenario.is_read("flow") else ():
        if isinstance(spec, ConnectionPool):
            for number, meant in stands_alone(scenario.flow, name):
                message = f"{name} is a connection pool: whom it calls stands in brackets behind it"
                yield ("flow", number), message, meant
