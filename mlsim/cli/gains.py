"""`mlsim gains FILE`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlsim.cli.options import MonitoringFile, ScenarioFile, Settings, settings_of

if TYPE_CHECKING:
    from mlsim.report.gains import Gains, Worth


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
    replications: Annotated[
        int, typer.Option(metavar="N", min=2, help="How many seeds each step is run under.")
    ] = 10,
    set_: Settings = None,
    monitoring: MonitoringFile = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="PICTURE", help="Write the figure as .png.", show_default=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the table as JSON and nothing else.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
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
        from mlsim.report.shown import png

        plot.write_bytes(png(result.plot()))
    show(result, as_json)
    if result.failures:
        raise typer.Exit(1)


def show(result: "Gains | Worth", as_json: bool) -> None:
    """Gains on one screen, or for a program."""
    if as_json:
        print(json.dumps(json.loads(result.table.to_json(orient="records")), indent=2))
        return
    from rich.console import Console

    from mlsim.report import gains_text

    gains_text.show(result, Console())
