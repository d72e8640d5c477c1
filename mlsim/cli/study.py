"""`mlsim study FILE | --resume [NAME] | ls`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlsim.cli.studying import AsJson, Out, Quiet, carried_out, exit_status
from mlsim.studies import BELOW

if TYPE_CHECKING:
    from mlsim.studies.plan import Plan


def study(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|ls",
            help="A study, a YAML file; `ls` lists those that were begun.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with the study of that name, or the last unfinished one."
        ),
    ] = False,
    out: Out = BELOW,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Carry out a study that stands in a file; one that was interrupted goes on."""
    from mlsim.report.coverage import Coverage
    from mlsim.studies.plan import read_plan

    if file == "ls":
        listed(out)
        return
    if resume:
        plan, base = _unfinished(out, file)
    elif file is None:
        raise typer.BadParameter("needs a file, ls, or --resume", param_hint="FILE")
    else:
        plan, base = read_plan(file), Path(file).parent
    result = carried_out(plan, base, out, as_json=as_json, quiet=quiet)
    if isinstance(result, Coverage) and result.unmet:
        raise typer.Exit(1)
    exit_status(result)


def _unfinished(out: Path, name: str | None) -> "tuple[Plan, Path]":
    from mlsim.errors import MlsimError, nearest
    from mlsim.studies.folder import studies_below

    known = list(studies_below(out))
    chosen = [one for one in known if (one.path.name == name if name else not one.state["ended"])]
    if chosen:
        asked = chosen[0].asked
        if asked.plan is None:
            raise MlsimError(f"{chosen[0].path}: goes on with its own command: {asked.again}")
        return asked.plan, asked.base
    if name is None:
        raise MlsimError(f"{out}: no study there is unfinished")
    near = nearest(name, [one.path.name for one in known])
    hint = f" (did you mean '{near}'?)" if near else ""
    raise MlsimError(f"{out}: no study is called '{name}'{hint}")


def listed(out: Path) -> None:
    """All studies that were begun, the latest first: how far each has come."""
    from rich.console import Console

    from mlsim.report import study_list

    study_list.show(out, Console())
