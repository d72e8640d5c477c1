"""Parts of what a scenario says of a component that serves requests."""

from pydantic import Field

from mlsim.scenario.expressions import RateExpression
from mlsim.scenario.kinds import Spec
from mlsim.scenario.units import Duration


class Batch(Spec):
    """Several requests that a worker serves at once, as model servers on GPUs do."""

    size: int = Field(ge=2, le=1_024)
    """Requests in a batch, at most."""
    wait: Duration = 0.0
    """Time for which the first request waits at most for the others."""
    per_item: Duration = 0.0
    """What each request after the first adds to the service time of its batch."""


class RateLimit(Spec):
    """A token bucket: so many requests are let in over time, and some at once after a pause."""

    rate: RateExpression
    """Requests per time that are let in, in the long run; a constant."""
    burst: int = Field(1, ge=1)
    """Requests that are let in at once, if there were none for long."""


class ColdStart(Spec):
    """A replica that has just started is slow at first: caches are empty, code isn't compiled."""

    requests: int = Field(ge=1)
    """Requests after its start that take longer."""
    factor: float = Field(gt=1, allow_inf_nan=False)
    """How many times as long they take."""
