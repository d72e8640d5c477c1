"""Checks on data and models; each is one file, and its result is a metric."""

from mlsim.monitoring.checks import distribution, drift, quality, range

__all__ = ["distribution", "drift", "quality", "range"]
