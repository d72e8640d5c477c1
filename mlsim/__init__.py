"""mlsim: simulate an ML production system, break it silently, and see who notices.

>>> import mlsim
>>> scenario = mlsim.load("scenarios/covid_app.yaml")  # doctest: +SKIP
>>> run = scenario.run(seed=7)  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlsim.errors import MlsimError, ScenarioError

if TYPE_CHECKING:
    from mlsim.api import (
        Run,
        Scenario,
        compare,
        coverage,
        factorial,
        gains,
        interactions,
        load,
        open_run,
        study,
        sweep,
    )

__all__ = [
    "MlsimError",
    "Run",
    "Scenario",
    "ScenarioError",
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


def __getattr__(name: str) -> Any:
    """Import the rest when somebody uses it: that takes two seconds, and `--help` needs none."""
    if name in __all__:
        return getattr(import_module("mlsim.api"), name)
    raise AttributeError(f"module 'mlsim' has no attribute {name!r}")
