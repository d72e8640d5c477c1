"""Checks on data and models; each is one file, and its result is a metric."""

from mlsim.monitoring.checks import drift, range

__all__ = ["drift", "range"]
