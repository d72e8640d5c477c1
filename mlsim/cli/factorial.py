"""`mlsim factorial FILE --factor PATH=A,B ...`."""

from pathlib import Path
from typing import Annotated

import typer

from mlsim.cli.options import MonitoringFile, ScenarioFile, Settings, settings_of
from mlsim.cli.studying import (
    AsJson,
    Measures,
    Out,
    Pairs,
    Quiet,
    carried_out_as,
    draw,
    exit_status,
    picture,
)
from mlsim.studies import BELOW


def factorial(
    file: ScenarioFile,
    factor: Annotated[
        list[str],
        typer.Option(
            metavar="PATH=A,B,...",
            help="A setting and its levels, the first one to begin with; repeatable.",
            show_default=False,
        ),
    ],
    replications: Pairs = 10,
    measure: Measures = None,
    set_: Settings = None,
    monitoring: MonitoringFile = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="PICTURE",
            help="Write interaction plots as .png, and a heat map beside them.",
            show_default=False,
            callback=picture,
        ),
    ] = None,
    out: Out = BELOW,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run all combinations of some settings: which effects add up, and which interact."""
    from mlsim import api
    from mlsim.studies.folder import STORE

    settings, factors = settings_of(set_ or ()), factors_of(factor)
    scenario = api.load(file, settings, monitoring)
    result = carried_out_as(
        "factorial",
        file,
        [factors, replications, measure, settings, str(monitoring)],
        lambda tell: api.factorial(
            scenario,
            factors,
            replications=replications,
            measures=measure or (),
            store=out / STORE,
            progress=tell,
        ),
        out,
        as_json=as_json,
        quiet=quiet,
    )
    if plot is not None:
        draw(result.plot(), plot)
        draw(result.heat_map(), plot.with_stem(f"{plot.stem}_heat_map"))
    exit_status(result)


def factors_of(texts: list[str]) -> dict[str, list[str]]:
    """What `--factor` was given, as path to levels; commas inside of brackets don't part them.

    >>> factors_of(["load.jobs.rate=2/s,3/s", "system.desk.service_time=exponential(1s)"])
    {'load.jobs.rate': ['2/s', '3/s'], 'system.desk.service_time': ['exponential(1s)']}
    """
    from mlsim.studies.designs import listed

    found = {}
    for text in texts:
        path, equals, levels = text.partition("=")
        if not (path.strip() and equals):
            raise typer.BadParameter(f"needs PATH=A,B (got '{text}')", param_hint="--factor")
        found[path.strip()] = listed(levels)
    return found
