"""client: where requests come from, how long they are waited for, and what is sent along."""

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mlsim.engine.columns import Column
from mlsim.engine.network import Client as ClientStation
from mlsim.scenario.kinds import Spec
from mlsim.scenario.units import Bound, Duration
from mlsim.system.base import Component, Inbox, component_kind
from mlsim.system.output import Output


class Retries(Spec):
    """What a client does when an attempt brings no answer."""

    max: int = Field(ge=0, le=100)
    """Attempts after the first one."""
    backoff: Duration = 0.0
    """Time between the failure of an attempt and the next one."""


@component_kind("client")
class Client(Component):
    """A phone app, a browser or another program in which requests begin and where answers arrive.

    An attempt that is not answered within `timeout` is given up, but the work that it caused goes
    on: nothing cancels it, and its late answer is thrown away. When attempts are used up, the
    request ends as timed_out, rejected or failed, after its last attempt; when the person leaves
    before, as abandoned.
    """

    starts_requests: ClassVar[bool] = True
    sends_columns: ClassVar[bool] = True
    example: ClassVar[str] = """
        kind: client
        timeout: 4s
        retries: {max: 2, backoff: 500ms}
    """

    kind: Literal["client"] = "client"
    timeout: Bound = np.inf
    """How long an attempt is waited for; without it, forever."""
    retries: Retries = Retries(max=0)
    """Further attempts after a timeout, a rejection or a failure."""

    patience: Bound = np.inf
    """Time from its first attempt after which the person leaves; without it, never."""

    def station(self, name: str) -> ClientStation:
        return ClientStation(
            name, self.timeout, self.retries.max, self.retries.backoff, self.patience
        )

    def first_settings(self, seed: int, name: str) -> Output:
        return Output(by_person=True)

    def touched(self, settings: Output, rows: Inbox, column: str) -> NDArray[np.bool_] | bool:
        return settings.changed(column, rows)

    def unreadable(self, settings: Output, rows: Inbox, column: str) -> NDArray[np.bool_] | bool:
        return settings.unreadable(column, rows)

    def compute(self, settings: Output, rows: Inbox, column: str) -> Column:
        return settings.send(column, rows[column], rows)
