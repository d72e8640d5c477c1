"""label_noise: some labels come in wrong."""

from typing import ClassVar, Literal

from mlsim.engine.columns import Formula
from mlsim.engine.spread import Spread
from mlsim.faults.base import fault_kind
from mlsim.faults.families.labels import LabelFault
from mlsim.system.feedback import Disturbance


@fault_kind("label_noise")
class LabelNoise(LabelFault):
    """Labels say the contrary of what is true, as those of a new annotator or a bad batch of tests.

    With the same share for true and false ones a ranking survives it, and probabilities do not;
    with `only` it is biased. Source: Frénay and Verleysen, Classification in the presence of label
    noise (2014).
    """

    example: ClassVar[str] = """
kind: label_noise
at: 5d
until: 12d
component: pcr_results
only: infected
share: 0.4
"""

    kind: Literal["label_noise"] = "label_noise"

    def title(self) -> str:
        return f"{self.component} gives wrong labels"

    def disturbance(self, spread: Spread, only: Formula) -> Disturbance:
        return Disturbance(spread, only, inverts=True)
