"""`mlsim run FILE`."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlsim.cli.options import (
    Horizon,
    MonitoringFile,
    ScenarioFile,
    Settings,
    settings_of,
    shorthands,
)

if TYPE_CHECKING:
    from mlsim.api import Run, Scenario


def run(
    file: ScenarioFile,
    seed: Annotated[
        str | None, typer.Option(metavar="N", help="Short for --set seed=N.", show_default=False)
    ] = None,
    horizon: Horizon = None,
    set_: Settings = None,
    monitoring: MonitoringFile = None,
    twin: Annotated[
        bool, typer.Option("--twin/--no-twin", help="Run the same world without faults as well.")
    ] = True,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write here instead of reports/<scenario>.", show_default=False
        ),
    ] = None,
    record: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Keep all requests, visits or rows (what checks see); repeatable.",
            show_default=False,
        ),
    ] = None,
    max_memory: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Refuse a run that needs more, as in 4GiB; else 4/5 of this machine's memory.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON and nothing else.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print only the folder that was written.")
    ] = False,
) -> None:
    """Run a scenario: what broke, who noticed and when, and what it cost by then."""
    from mlsim import api

    settings = settings_of(set_ or ()) | shorthands(seed=seed, horizon=horizon)
    scenario = api.load(file, settings, monitoring)
    result = simulate(
        scenario, twin=twin, quiet=quiet, record=record or (), max_memory=memory_of(max_memory)
    )
    folder = result.write(out or Path("reports") / scenario.spec.scenario)
    if as_json:
        print(json.dumps(result.summary, indent=2))
    elif quiet:
        print(folder)
    else:
        show(result, folder)


def simulate(
    scenario: "Scenario",
    *,
    twin: bool,
    quiet: bool,
    record: Collection[str] = (),
    max_memory: float | None = None,
) -> "Run":
    """Run it, with a bar to watch; say so if the kernel has to be compiled first."""
    from mlsim.cli.progress import say_if_compiling, simulated_time

    if not quiet:
        say_if_compiling()
    spec = scenario.spec
    with simulated_time(spec.history, spec.horizon, shown=not quiet) as tell:
        return scenario.run(twin=twin, progress=tell, record=record, max_memory=max_memory)


def memory_of(text: str | None) -> float | None:
    """Bytes of what `--max-memory` was given."""
    from mlsim.studies.memory import size

    try:
        return None if text is None else size(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--max-memory") from None


def show(result: "Run", folder: Path) -> None:
    """The answer on one screen, and where the rest of it lies."""
    from rich.console import Console

    from mlsim.report import terminal

    terminal.show(result.summary, Console(), folder)
