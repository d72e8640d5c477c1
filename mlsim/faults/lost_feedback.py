"""lost_feedback: some labels no longer come, and those that do are a biased choice."""

from typing import ClassVar, Literal

from mlsim.engine.columns import Formula
from mlsim.engine.spread import Spread
from mlsim.faults.base import fault_kind
from mlsim.faults.families.labels import LabelFault
from mlsim.system.feedback import Disturbance


@fault_kind("lost_feedback")
class LostFeedback(LabelFault):
    """Labels for which `only` holds are not sent any more, as negative feedback after an update.

    No request fails and no row is missing. Models that are trained on the labels that are left
    take the world for another one. Source: Kaestner, "negative feedback that the app no longer
    sends".
    """

    example: ClassVar[str] = """
kind: lost_feedback
at: 5d
until: 12d
ramp: 2d
component: pcr_results
only: not infected
share: 0.9
"""

    kind: Literal["lost_feedback"] = "lost_feedback"

    def title(self) -> str:
        return f"{self.component} no longer sends some of the labels"

    def disturbance(self, spread: Spread, only: Formula) -> Disturbance:
        return Disturbance(spread, only, loses=True)
