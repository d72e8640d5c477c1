"""`mlsim interactions FILE`."""

import json
from typing import Annotated

import typer

from mlsim.cli.options import ScenarioFile, Settings, settings_of
from mlsim.cli.studying import BELOW, Out, Plot, Quiet, draw, show, study_name, written


def interactions(
    file: ScenarioFile,
    order: Annotated[
        int, typer.Option(metavar="N", min=1, help="Try up to N features together, and all.")
    ] = 2,
    set_: Settings = None,
    plot: Plot = None,
    out: Out = BELOW,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was found as JSON and nothing else.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Run features alone and together: which promises break in company, and why."""
    from mlsim import api

    settings = settings_of(set_ or ())
    result = api.interactions(api.load(file, settings), order)
    if plot is not None:
        draw(result.plot(), plot)
    folder = written(result, study_name(file, "interactions", [order, settings]), out)
    if as_json:
        print(json.dumps(result.summary, indent=2))
    else:
        show(result, folder, as_json=False, quiet=quiet)
