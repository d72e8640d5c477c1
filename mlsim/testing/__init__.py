"""Conformance: what every kind of component, fault and check must do, ours or other people's.

In a test of a package that adds kinds:

>>> from mlsim.faults.wrong_scale import WrongScale
>>> from mlsim.testing import check_fault
>>> check_fault(WrongScale)

It reads the kind's own example, runs it in a small system, and raises AssertionError for the first
thing that doesn't hold; docs/conformance.md lists them all.
"""

from mlsim import faults as _faults  # noqa: F401  (makes its kinds known)
from mlsim import system as _system  # noqa: F401  (makes its kinds known)
from mlsim.testing.checks import CHECK_CHECKS, CheckTrial, check_check
from mlsim.testing.components import COMPONENT_CHECKS, ComponentTrial, check_component
from mlsim.testing.faults import FAULT_CHECKS, FaultTrial, check_fault
from mlsim.testing.language import LANGUAGE_CHECKS

__all__ = [
    "CHECK_CHECKS",
    "COMPONENT_CHECKS",
    "FAULT_CHECKS",
    "LANGUAGE_CHECKS",
    "CheckTrial",
    "ComponentTrial",
    "FaultTrial",
    "check_check",
    "check_component",
    "check_fault",
]
