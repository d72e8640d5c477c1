"""What `import mlsim` gives."""

from mlsim.api.running import Run, Scenario, load, open_run
from mlsim.api.studying import (
    compare,
    coverage,
    factorial,
    gains,
    interactions,
    study,
    sweep,
)

__all__ = [
    "Run",
    "Scenario",
    "compare",
    "coverage",
    "factorial",
    "gains",
    "interactions",
    "load",
    "open_run",
    "study",
    "sweep",
]
