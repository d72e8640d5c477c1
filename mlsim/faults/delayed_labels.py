"""delayed_labels: labels come later than they did, so models learn from an older world."""

from typing import ClassVar, Literal

from mlsim.engine.columns import Formula
from mlsim.engine.spread import Spread
from mlsim.faults.base import fault_kind
from mlsim.faults.families.labels import LabelFault
from mlsim.scenario.units import Duration
from mlsim.system.feedback import Disturbance


@fault_kind("delayed_labels")
class DelayedLabels(LabelFault):
    """Labels take `delay` longer on their way, as when a laboratory has a backlog.

    If some are later than others (`only`), those that are there in time are a biased choice.
    """

    example: ClassVar[str] = """
kind: delayed_labels
at: 5d
until: 12d
component: pcr_results
delay: 3d
"""

    kind: Literal["delayed_labels"] = "delayed_labels"
    delay: Duration
    """Time that is added to a label's own."""

    def title(self) -> str:
        return f"labels of {self.component} come late"

    def disturbance(self, spread: Spread, only: Formula) -> Disturbance:
        return Disturbance(spread, only, delay=self.delay)
