"""Finished replications, each kept under the hash of all that determines it."""

import inspect
import json
import platform
import sqlite3
from collections.abc import Callable, Collection, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mlsim.errors import MlsimError
from mlsim.monitoring.spec import Monitoring
from mlsim.scenario.digests import digest
from mlsim.scenario.spec import Scenario
from mlsim.studies.variant import Variant

PACKAGE = Path(__file__).parents[1]
DECIDING = (
    *("scenario", "engine", "world", "system", "faults"),
    *("telemetry", "monitoring", "measures", "studies"),
)
"""The parts of mlsim that a result depends on."""
LIBRARIES = ("numpy", "scipy", "scikit-learn", "numba", "simpy")


class ReplicationStore:
    """Measures of finished replications in one SQLite file, which is made if it isn't there.

    What is put is there as a whole or not at all, whatever ends the process; several studies may
    use one file at a time. Raises MlsimError where the file can't be made or written.
    """

    def __init__(self, path: Path):
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=60)
            with self._connection as connection:
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS replications (key TEXT PRIMARY KEY, content TEXT)"
                )
        except (OSError, sqlite3.Error) as error:
            raise MlsimError(f"{path}: can't keep replications there ({error})") from error

    def get(self, key: str) -> dict[str, Any] | None:
        """The measures kept under a key; None if there are none."""
        row = self._connection.execute(
            "SELECT content FROM replications WHERE key = ?", (key,)
        ).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def put(self, kept: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep measures by key, all of them or, where that fails, none."""
        rows = [(key, json.dumps(dict(measures))) for key, measures in kept.items()]
        try:
            with self._connection as connection:
                connection.executemany("INSERT OR REPLACE INTO replications VALUES (?, ?)", rows)
        except sqlite3.Error as error:
            raise MlsimError(f"{self.path}: can't write a replication ({error})") from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def fingerprint(
    variant: Variant, measuring: Callable[..., Any], worlds: Collection[str] | None
) -> Callable[[int], str]:
    """Gives the key of a variant's replication under a seed.

    It is another one if anything is other that could change the replication: the scenario and the
    files that it names, how it is watched, what is measured in which worlds, mlsim's own code, the
    libraries and the machine it runs on.
    """
    parts = (
        _code(),
        _deciding(variant.scenario),
        variant.scenario.traces,
        _monitoring(variant.monitoring),
        _name(measuring),
        sorted(worlds) if worlds is not None else None,
    )
    base = digest(json.dumps(parts, sort_keys=True, default=str))
    return lambda seed: digest(f"{base} {seed}")


def _deciding(scenario: Scenario) -> dict[str, Any]:
    """What a scenario says, but for the seed and for who watches it."""
    data = scenario.document.data
    assert isinstance(data, dict), "a scenario is a mapping"
    return {key: value for key, value in data.items() if key not in ("seed", "monitoring")}


def _monitoring(monitoring: Monitoring | None) -> object:
    """How a system is watched, without where the files lie and how they are laid out."""
    if monitoring is None:
        return None
    rules = [{**vars(rule), "file": "", "line": 0} for rule in monitoring.rules]
    checks = {name: check.model_dump_json() for name, check in monitoring.checks.items()}
    actions = [action.model_dump_json() for action in monitoring.actions]
    return [monitoring.scrape_interval, monitoring.evaluation_interval, checks, rules, actions]


def _name(measuring: Callable[..., Any]) -> str:
    function = getattr(measuring, "func", measuring)
    owner = function if hasattr(function, "__qualname__") else type(function)
    try:
        source = inspect.getsource(owner)
    except (OSError, TypeError):  # typed at a prompt
        source = ""
    return f"{owner.__module__}.{owner.__qualname__} {getattr(measuring, 'args', ())} {source}"


@cache
def _code() -> str:
    """Names the code that computes: mlsim's own, that of libraries, and the machine."""
    files = [f for part in DECIDING for f in sorted((PACKAGE / part).rglob("*.py"))]
    own = [digest(file.read_bytes()) for file in files]
    others = [f"{name} {version(name)}" for name in LIBRARIES]
    return digest(json.dumps([own, others, platform.machine(), platform.python_version()]))
