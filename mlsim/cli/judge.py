"""`mlsim judge RUN_DIR --monitoring FILE`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from mlsim.cli.options import RunFolder


def judge(
    folder: RunFolder,
    monitoring: Annotated[
        list[Path],
        typer.Option(metavar="FILE", help="The monitoring file to judge it by; repeatable."),
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

    run = api.open_run(folder)
    results = [run.judged_by(file) for file in monitoring]
    written = [None if out is None else result.write(out) for result in results]
    if as_json:
        summaries = [result.summary for result in results]
        print(json.dumps(summaries if len(summaries) > 1 else summaries[0], indent=2))
        return
    for result, place in zip(results, written, strict=True):
        show(result.summary, place)


def show(summary: dict[str, object], folder: Path | None) -> None:
    """The answer on one screen, and where it was written, if it was."""
    from rich.console import Console

    from mlsim.report import terminal

    terminal.show(summary, Console(), folder)
