"""The registry: every version of every model, with its lineage, and which one is meant to serve."""

from collections import defaultdict

from mlsim.system.learning import ModelVersion


class Registry:
    """Versions by model in the order of their numbers, and what deployers have reported.

    deployed: for each model (time in seconds, version number) of every push that reported success.
    """

    def __init__(self) -> None:
        self._versions: dict[str, list[ModelVersion]] = defaultdict(list)
        self.deployed: dict[str, list[tuple[float, int]]] = defaultdict(list)

    def add(self, model: str, version: ModelVersion) -> None:
        """Keep a version that has been trained, whether or not it passed its gate."""
        self._versions[model].append(version)

    def next_number(self, model: str) -> int:
        """The number of the version to come, from 1."""
        return len(self._versions[model]) + 1

    def versions(self, model: str) -> tuple[ModelVersion, ...]:
        """All versions of a model."""
        return tuple(self._versions[model])

    def version(self, model: str, number: int) -> ModelVersion:
        """One version of a model."""
        return self._versions[model][number - 1]
