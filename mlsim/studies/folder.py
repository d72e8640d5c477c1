"""The folders of studies: what was asked, how far it has come, and what came out."""

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from mlsim.errors import MlsimError
from mlsim.studies import BELOW
from mlsim.studies.plan import Plan
from mlsim.studies.store import ReplicationStore

STUDY = "study.json"
STORE = "replications.sqlite"
"""Beside the folders: the finished replications of all studies."""


@dataclass(frozen=True)
class Asked:
    """What a study was asked for.

    scenario: its file, or the folder of a run. again: the command that goes on with it. plan: None
    for what no file can ask for. base: the folder from which the plan's paths count.
    """

    study: str
    kind: str
    scenario: str
    again: str
    plan: Plan | None = None
    base: Path = Path()

    @property
    def title(self) -> str:
        """What its page is called."""
        return (self.plan.title if self.plan else "") or self.study

    @property
    def file(self) -> str:
        """The study file that asks for the same; "" for what no file can ask for."""
        if self.plan is None:
            return ""
        text = StringIO()
        yaml = YAML()
        yaml.width = 100
        yaml.dump(self.plan.model_dump(mode="json", exclude_defaults=True), text)
        return text.getvalue()


@dataclass(frozen=True)
class StudyFolder:
    """One study's folder, below one that holds many."""

    path: Path

    @property
    def state(self) -> dict[str, Any]:
        """What was asked, as in `Asked`; began, ended (null: not yet), done and of how many."""
        try:
            state: dict[str, Any] = json.loads((self.path / STUDY).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise MlsimError(f"{self.path}: not the folder of a study ({error})") from error
        return state

    @property
    def asked(self) -> Asked:
        """What was asked."""
        told = {field.name: self.state[field.name] for field in fields(Asked)}
        plan = None if told["plan"] is None else Plan.model_validate(told["plan"])
        return Asked(**told | {"plan": plan, "base": Path(told["base"])})


class Begun:
    """Writes down in a study's folder what was asked and how far it has come.

    The folder is made when the first is written, so that what is refused before leaves none. Raises
    MlsimError where that can't be.
    """

    def __init__(self, folder: Path, asked: Asked) -> None:
        self._file = folder / STUDY
        plan = asked.plan and asked.plan.model_dump(mode="json", exclude_defaults=True)
        told = vars(asked) | {"plan": plan, "base": str(asked.base.resolve())}
        self._state = {**told, "began": _now(), "ended": None, "done": 0, "of": None}

    def begin(self) -> None:
        """It can be gone on with from now on."""
        self._write()

    def tell(self, done: int, of: int) -> None:
        """How many replications are done."""
        self._write(done=done, of=of)

    def end(self) -> None:
        """It is over."""
        self._write(ended=_now())

    def _write(self, **news: Any) -> None:
        self._state |= news
        put(self._file, json.dumps(self._state, indent=2, default=str) + "\n")


def put(path: Path, content: str | bytes) -> None:
    """Write a file as a whole or not at all; raises MlsimError where it can't be written."""
    data = content.encode() if isinstance(content, str) else content
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):  # where there is no folder, there is no draft
            draft.unlink()
        raise MlsimError(f"{path}: can't be written ({error.strerror})") from error


def studies_below(folder: Path) -> Iterator[StudyFolder]:
    """The studies below a folder, the latest first."""
    found = [StudyFolder(path.parent) for path in folder.glob(f"*/{STUDY}")]
    yield from sorted(found, key=lambda study: study.state["began"], reverse=True)


def resuming(study: str, below: Path) -> str:
    """The command that goes on with a study that has a plan."""
    elsewhere = "" if below == BELOW else f" --out {shlex.quote(str(below))}"
    return f"mlsim study --resume {study}{elsewhere}"


def store_of(folder: Path) -> ReplicationStore:
    """What keeps the replications of the studies below a folder."""
    return ReplicationStore(folder / STORE)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
