"""Faults: each changes one mechanism of the system, and nothing else."""

from mlsim.faults import lost_push, unit_change

__all__ = ["lost_push", "unit_change"]
