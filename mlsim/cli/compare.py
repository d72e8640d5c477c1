"""`mlsim compare FILE A B ...`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mlsim.cli.options import MonitoringFile, ScenarioFile, Settings, settings_of

if TYPE_CHECKING:
    from mlsim.report.comparison import Comparison


def compare(
    file: ScenarioFile,
    variants: Annotated[
        list[str],
        typer.Argument(
            metavar="VARIANT...",
            help="A monitoring file, a file of settings, or 'NAME: PATH=VALUE; PATH=VALUE'; "
            "a lone . is the scenario as it is. The others are held against the first.",
            show_default=False,
        ),
    ],
    replications: Annotated[
        int, typer.Option(metavar="N", min=2, help="How many seeds each variant is run under.")
    ] = 20,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Look at this measure, or family of measures, alone; repeatable.",
            show_default=False,
        ),
    ] = None,
    set_: Settings = None,
    monitoring: MonitoringFile = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the table as JSON and nothing else.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Compare variants under the same seeds: what differs, by how much, and is it decided."""
    from mlsim import api
    from mlsim.cli.progress import replications_done
    from mlsim.studies.given import AS_IT_IS, parsed

    given = parsed(variants)
    if len(given) == 1:
        given = {AS_IT_IS: None, **given}
    scenario = api.load(file, settings_of(set_ or ()), monitoring)
    with replications_done(shown=not (quiet or as_json)) as tell:
        result = api.compare(
            scenario,
            given,
            replications=replications,
            measures=measure or (),
            store=STORE,
            progress=tell,
        )
    show(result, as_json)
    if result.failures:
        raise typer.Exit(1)


STORE = Path("reports") / "studies" / "replications.sqlite"
"""Where finished replications are kept."""


def show(result: "Comparison", as_json: bool) -> None:
    """The comparison on one screen, or for a program."""
    if as_json:
        print(json.dumps(json.loads(result.table.to_json(orient="records")), indent=2))
        return
    from rich.console import Console

    from mlsim.report import comparison_text

    comparison_text.show(result, Console())
