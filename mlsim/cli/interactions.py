"""`mlsim interactions FILE`."""

import json
from typing import Annotated

import typer

from mlsim.cli.options import ScenarioFile, Settings, settings_of
from mlsim.cli.studying import Plot, draw


def interactions(
    file: ScenarioFile,
    order: Annotated[
        int, typer.Option(metavar="N", min=1, help="Try up to N features together, and all.")
    ] = 2,
    set_: Settings = None,
    plot: Plot = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was found as JSON and nothing else.")
    ] = False,
) -> None:
    """Run a product's features alone and together: which promises break in company, and why."""
    from mlsim import api

    result = api.interactions(api.load(file, settings_of(set_ or ())), order)
    if plot is not None:
        draw(result.plot(), plot)
    if as_json:
        print(json.dumps(result.summary, indent=2))
    else:
        from rich.console import Console

        from mlsim.report import interactions_text

        interactions_text.show(result, Console())
