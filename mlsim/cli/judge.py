"""`mlsim judge RUN_DIR --monitoring FILE`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from mlsim.cli.options import RunFolder


def judge(
    folder: RunFolder,
    monitoring: Annotated[
        Path, typer.Option(metavar="FILE", help="The monitoring file to judge it by.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write the run as judged below this folder; else nothing is written.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON and nothing else.")
    ] = False,
) -> None:
    """Judge a run that is over by another monitoring file, without running it again."""
    from mlsim import api

    result = api.open_run(folder).judged_by(monitoring)
    written = None if out is None else result.write(out)
    if as_json:
        print(json.dumps(result.summary, indent=2))
    else:
        show(result.summary, written)


def show(summary: dict[str, object], folder: Path | None) -> None:
    """The answer on one screen, and where it was written, if it was."""
    from rich.console import Console

    from mlsim.report import terminal

    terminal.show(summary, Console(), folder)
