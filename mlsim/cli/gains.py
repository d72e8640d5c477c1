"""`mlsim gains FILE`."""

from typing import Annotated

import typer

from mlsim.cli.options import MonitoringFile, ScenarioFile, Settings, settings_of
from mlsim.cli.studying import (
    AsJson,
    Out,
    Pairs,
    Plot,
    Quiet,
    carried_out_as,
    draw,
    exit_status,
)
from mlsim.studies import BELOW


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
    dial: Annotated[str, typer.Option(metavar="quality|time", help="What goes up.")] = "quality",
    measure: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="How good the whole is; else what all outcomes cost.",
            show_default=False,
        ),
    ] = "",
    replications: Pairs = 10,
    set_: Settings = None,
    monitoring: MonitoringFile = None,
    plot: Plot = None,
    out: Out = BELOW,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Turn a model's quality up step by step, and see whether the whole gets better."""
    if dial not in ("quality", "time"):
        raise typer.BadParameter(f"must be quality or time (got '{dial}')", param_hint="--dial")
    if step and model is None:
        raise typer.BadParameter("needs --model NAME, whose steps they are", param_hint="--step")
    from mlsim import api
    from mlsim.studies.folder import STORE
    from mlsim.studies.given import parsed

    settings = settings_of(set_ or ())
    scenario = api.load(file, settings, monitoring)
    steps = parsed(step) if step else None
    result = carried_out_as(
        "gains",
        file,
        [model, step, dial, measure, replications, settings, str(monitoring)],
        lambda tell: api.gains(
            scenario,
            model,
            steps=steps,
            dial="time" if dial == "time" else "quality",
            measure=measure,
            replications=replications,
            store=out / STORE,
            progress=tell,
        ),
        out,
        as_json=as_json,
        quiet=quiet,
    )
    if plot is not None:
        draw(result.plot(), plot)
    exit_status(result)
