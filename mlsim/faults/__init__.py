"""Faults: each changes one mechanism of the system, and nothing else."""

from mlsim.faults import unit_change

__all__ = ["unit_change"]
