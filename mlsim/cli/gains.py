"""`mlsim gains FILE`."""

from typing import Annotated

import typer

from mlsim.cli.options import MonitoringFile, ScenarioFile, Settings, settings_of
from mlsim.cli.studying import AsJson, NoProgress, Pairs, Plot, draw, exit_status, show


def gains(
    file: ScenarioFile,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Whose quality goes up; every model's in turn if not given.",
            show_default=False,
        ),
    ] = None,
    step: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STEP",
            help="'NAME: PATH=VALUE; PATH=VALUE', or . for the scenario as it is, instead of the "
            "model's own dial; repeatable, from the first to the last.",
            show_default=False,
        ),
    ] = None,
    dial: Annotated[
        str, typer.Option(metavar="DIAL", help="What goes up: quality, or time.")
    ] = "quality",
    measure: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Of the whole; else what all outcomes cost.", show_default=False
        ),
    ] = "",
    replications: Pairs = 10,
    set_: Settings = None,
    monitoring: MonitoringFile = None,
    plot: Plot = None,
    as_json: AsJson = False,
    quiet: NoProgress = False,
) -> None:
    """Turn a model's quality up step by step, and see whether the whole gets better."""
    if dial not in ("quality", "time"):
        raise typer.BadParameter(f"must be quality or time (got '{dial}')", param_hint="--dial")
    if step and model is None:
        raise typer.BadParameter("needs --model NAME, whose steps they are", param_hint="--step")
    from mlsim import api
    from mlsim.cli.progress import replications_done
    from mlsim.studies.given import parsed

    scenario = api.load(file, settings_of(set_ or ()), monitoring)
    with replications_done(shown=not (quiet or as_json)) as tell:
        result = api.gains(
            scenario,
            model,
            steps=parsed(step) if step else None,
            dial="time" if dial == "time" else "quality",
            measure=measure,
            replications=replications,
            progress=tell,
        )
    if plot is not None:
        draw(result.plot(), plot)
    show(result, None, as_json=as_json, quiet=False)
    exit_status(result)
