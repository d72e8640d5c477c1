"""What faults of training have in common: the job still runs, on other rows or with other code."""

from collections.abc import Iterable
from typing import ClassVar

from mlsim.errors import nearest
from mlsim.faults.families.component import SettingsFault
from mlsim.scenario.expressions import Expression, names
from mlsim.scenario.kinds import Mistake
from mlsim.scenario.spec import Scenario
from mlsim.scenario.units import Name
from mlsim.system.base import Component
from mlsim.system.sample import Edit, TrainingJob
from mlsim.system.simulation import System
from mlsim.system.trainer import Trainer, visible_in_training


class TrainerFault(SettingsFault):
    """Something is wrong with a training job; what it has made outlives the repair."""

    needs: ClassVar[str] = "a trainer"

    component: Name
    """The trainer."""

    @staticmethod
    def fits(spec: Component) -> bool:
        return isinstance(spec, Trainer)

    def broken(self, job: TrainingJob, system: System) -> TrainingJob:
        """The job with the fault."""
        raise NotImplementedError

    def repaired(self, job: TrainingJob, system: System) -> TrainingJob:
        """The job without it."""
        raise NotImplementedError


class TrainingRowsFault(TrainerFault):
    """The job reads other rows than it should."""

    def edit(self, system: System) -> Edit:
        """What becomes of the rows."""
        raise NotImplementedError

    def sets(self) -> frozenset[str]:
        return frozenset()

    def broken(self, job: TrainingJob, system: System) -> TrainingJob:
        return job.with_edit(self.called, self.edit(system))

    def repaired(self, job: TrainingJob, system: System) -> TrainingJob:
        return job.without_edit(self.called)


def model_of(scenario: Scenario, trainer: str) -> str:
    """The model that a trainer trains; "" if there is no such trainer."""
    spec = scenario.system.get(trainer)
    return spec.model if isinstance(spec, Trainer) else ""


def unseen_in_training(
    scenario: Scenario, trainer: str, key: str, expression: Expression
) -> Iterable[Mistake]:
    """Names in an expression over training rows that these don't have."""
    known = visible_in_training(scenario, model_of(scenario, trainer))
    for used in names(expression):
        if used not in known:
            yield (key,), f"no column '{used}' in the training rows", nearest(used, known)
