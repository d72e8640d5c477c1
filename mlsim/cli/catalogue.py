"""All kinds that a scenario or a monitoring file can name."""

from typing import get_args

from mlsim.scenario.kinds import Family, Spec, kinds


def catalogue() -> dict[str, dict[str, type[Spec]]]:
    """Kinds by family and name: our own, and those of other people's packages."""
    # Our own register as they are imported.
    import mlsim.faults
    import mlsim.monitoring.checks
    import mlsim.system  # noqa: F401

    return {family: kinds(family) for family in get_args(Family)}
