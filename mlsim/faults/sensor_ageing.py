"""sensor_ageing: a sensor drifts and gets noisy with age."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mlsim.engine import draws
from mlsim.engine.columns import DAY, Column
from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.system.base import Inbox
from mlsim.system.output import Alter
from mlsim.system.simulation import System


@fault_kind("sensor_ageing")
class SensorAgeing(ColumnFault):
    """The sensor behind a column ages from `at` on: `drift` a day, and noise that grows by `noise`.

    No single day looks different from the one before. The repair is a new sensor, or a
    calibration. Source: Kaestner, on sensors that degrade; JCGM 200:2012, 4.21 (instrumental
    drift).
    """

    example: ClassVar[str] = """
        kind: sensor_ageing
        at: 2d
        component: phone
        column: temperature
        drift: 0.1
        noise: 0.02
    """

    kind: Literal["sensor_ageing"] = "sensor_ageing"
    drift: float = Field(0.0, allow_inf_nan=False)
    """What is added to the values per day of age, in the column's unit."""
    noise: float = Field(0.0, ge=0, allow_inf_nan=False)
    """Standard deviation of the noise per day of age, in the column's unit."""

    def title(self) -> str:
        return f"the sensor of {self.column} at {self.component} ages"

    def alteration(self, system: System) -> Alter:
        began, stream = float(system.clock.now), self.stream(system, "noise")

        def aged(values: Column, rows: Inbox) -> Column:
            days = (rows.sent - began) / DAY
            normal = draws.Distribution.NORMAL
            noise = draws.sample(stream, rows.ids, normal, 0.0, 1.0, rows.attempts)
            return np.asarray(values + days * (self.drift + self.noise * noise))

        return aged
