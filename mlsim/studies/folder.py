"""The folders of studies: what was asked, how far it has come, and what came out."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlsim.errors import MlsimError
from mlsim.studies.plan import Plan
from mlsim.studies.store import ReplicationStore

STUDY = "study.json"
STORE = "replications.sqlite"
"""Beside the folders: the finished replications of all studies."""


@dataclass(frozen=True)
class StudyFolder:
    """One study's folder, below one that holds many."""

    path: Path

    @property
    def state(self) -> dict[str, Any]:
        """plan, base (the folder its paths count from), began, ended (null: not yet), done, of."""
        try:
            state: dict[str, Any] = json.loads((self.path / STUDY).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise MlsimError(f"{self.path}: not the folder of a study ({error})") from error
        return state

    @property
    def plan(self) -> Plan:
        """What was asked."""
        return Plan.model_validate(self.state["plan"])

    @property
    def base(self) -> Path:
        """The folder from which the plan's paths count."""
        return Path(self.state["base"])

    def begin(self, plan: Plan, base: Path) -> None:
        """Write down what is asked. Raises MlsimError where that can't be written."""
        asked = plan.model_dump(mode="json", exclude_defaults=True)
        self._write({"plan": asked, "base": str(base.resolve()), **_fresh()})

    def tell(self, done: int, of: int) -> None:
        """Write down how many replications are done."""
        self._write({**self.state, "done": done, "of": of})

    def end(self) -> None:
        """Write down that it is over."""
        self._write({**self.state, "ended": _now()})

    def _write(self, state: Mapping[str, Any]) -> None:
        put(self.path / STUDY, json.dumps(state, indent=2, default=str) + "\n")


def put(path: Path, content: str | bytes) -> None:
    """Write a file as a whole or not at all; raises MlsimError where it can't be written."""
    data = content.encode() if isinstance(content, str) else content
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise MlsimError(f"{path}: can't be written ({error.strerror})") from error


def studies_below(folder: Path) -> Iterator[StudyFolder]:
    """The studies below a folder, the latest first."""
    found = [StudyFolder(path.parent) for path in folder.glob(f"*/{STUDY}")]
    yield from sorted(found, key=lambda study: study.state["began"], reverse=True)


def store_of(folder: Path) -> ReplicationStore:
    """What keeps the replications of the studies below a folder."""
    return ReplicationStore(folder / STORE)


def _fresh() -> dict[str, Any]:
    return {"began": _now(), "ended": None, "done": 0, "of": None}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
