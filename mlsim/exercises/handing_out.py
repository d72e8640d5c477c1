"""From an exercise to what a student gets, what a teacher keeps, and back."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mlsim.errors import MlsimError, nearest
from mlsim.exercises.sealing import seal, texts_below, unseal, write_below
from mlsim.exercises.spec import FILE, HANDED_OUT, Exercise, for_students, load_exercise

PRACTICE = "practice.sealed"
KEY = "key.sealed"
CATALOGUE = Path(__file__).parent / "catalogue"


class UnknownExercise(MlsimError):
    """There is no exercise of this name."""


class FolderInUse(MlsimError):
    """Something would be overwritten."""


class NoExercise(MlsimError):
    """A folder isn't one that an exercise was started in."""


def catalogue() -> dict[str, Exercise]:
    """The exercises that come with mlsim, by name."""
    folders = sorted(file.parent for file in CATALOGUE.glob(f"*/{FILE}"))
    return {folder.name: load_exercise(folder) for folder in folders}


def known(name: str) -> Exercise:
    """An exercise of the catalogue, or one in a folder; raises UnknownExercise."""
    if (Path(name) / FILE).is_file():
        return load_exercise(name)
    if not (CATALOGUE / name / FILE).is_file():
        names = [path.parent.name for path in CATALOGUE.glob(f"*/{FILE}")]
        near = nearest(name, names)
        hint = f" (did you mean '{near}'?)" if near else ""
        raise UnknownExercise(f"{name}: no such exercise; `mlsim exercise list` names all{hint}")
    return load_exercise(CATALOGUE / name)


def hand_out(exercise: Exercise, folder: Path) -> list[Path]:
    """Write what a student gets into a folder; raises FolderInUse where files stand in the way."""
    texts = texts_below(exercise.folder / HANDED_OUT)
    practice = {f"{HANDED_OUT}/{name}": text for name, text in texts.items()}
    practice[FILE] = json.dumps(for_students(exercise))
    return _write_new(folder, {**texts, PRACTICE: seal(practice)})


def keep(exercise: Exercise, folder: Path) -> list[Path]:
    """Write the teacher's key into a folder: the whole exercise in one file."""
    return _write_new(folder, {KEY: seal(texts_below(exercise.folder))})


def copy(exercise: Exercise, folder: Path) -> list[Path]:
    """Write the whole exercise into a folder, open, as something to change."""
    return _write_new(folder, texts_below(exercise.folder))


def _write_new(folder: Path, texts: dict[str, str]) -> list[Path]:
    for name in texts:
        if (folder / name).exists():
            raise FolderInUse(f"{folder / name}: exists already, and nothing is overwritten")
    write_below(folder, texts)
    return [folder / name for name in texts]


@contextmanager
def handed_out(folder: Path) -> Iterator[Exercise]:
    """The exercise that was started in a folder, with its practice faults; raises NoExercise."""
    file = folder / PRACTICE
    if not file.is_file():
        raise NoExercise(f"{folder}: no exercise was started here: it has no {PRACTICE}")
    with opened(file) as exercise:
        yield exercise


@contextmanager
def opened(file: Path) -> Iterator[Exercise]:
    """The exercise in a sealed file; raises NotSealed."""
    texts = unseal(file.read_text("utf-8"), str(file))
    with TemporaryDirectory(prefix="mlsim-exercise-") as temporary:
        write_below(Path(temporary), texts)
        yield load_exercise(temporary)


@contextmanager
def keyed(key: Path) -> Iterator[Exercise]:
    """The whole exercise behind a teacher's key: the sealed file, its folder, or an open one."""
    sealed = key / KEY if key.is_dir() else key
    if (key / FILE).is_file() or not sealed.is_file():
        yield known(str(key))
        return
    with opened(sealed) as exercise:
        yield exercise
