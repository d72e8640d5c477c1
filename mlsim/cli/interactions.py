"""`mlsim interactions FILE`."""

from typing import Annotated

import typer

from mlsim.cli.options import ScenarioFile, Settings, settings_of
from mlsim.cli.studying import Out, Plot, Quiet, carried_out_as, draw
from mlsim.studies import BELOW


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
    scenario = api.load(file, settings)
    result = carried_out_as(
        "interactions",
        file,
        [order, settings],
        lambda _: api.interactions(scenario, order),
        out,
        as_json=as_json,
        quiet=quiet,
    )
    if plot is not None:
        draw(result.plot(), plot)
