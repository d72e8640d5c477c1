"""`mlsim init DIR`."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from mlsim.errors import MlsimError

STARTER = Path(__file__).parent / "starter"


class FileExists(MlsimError):
    """`mlsim init` overwrites nothing."""


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to write it.", show_default=False)
    ],
) -> None:
    """Write a small scenario to start from, and a monitoring file that watches it."""
    if folder.is_file():
        raise FileExists(f"{folder}: is a file, and no folder to write to")
    files = sorted(path.relative_to(STARTER) for path in STARTER.rglob("*.y*ml"))
    for file in files:
        if (folder / file).exists():
            raise FileExists(f"{folder / file}: exists already, and init overwrites nothing")
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(STARTER / file, folder / file)
        print(folder / file)
    print(f"\nnow try: mlsim run {folder / 'scenario.yaml'}")
