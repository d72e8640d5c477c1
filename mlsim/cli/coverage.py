"""`mlsim coverage FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from mlsim.cli.options import (
    Horizon,
    MonitoringFile,
    ScenarioFile,
    Settings,
    settings_of,
    shorthands,
)
from mlsim.cli.studying import (
    AsJson,
    Out,
    Quiet,
    Replications,
    carried_out,
    exit_status,
    plan_of,
)
from mlsim.studies import BELOW


def coverage(
    file: ScenarioFile,
    replications: Replications = 20,
    require: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION",
            help="What each fault has to fulfil, as in 'detected >= 0.9' or 'median < 2h', else "
            "the exit status is 1; repeatable.",
            show_default=False,
        ),
    ] = None,
    junit: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a test report in JUnit's XML: a test case for each fault.",
            show_default=False,
        ),
    ] = None,
    horizon: Horizon = None,
    set_: Settings = None,
    monitoring: MonitoringFile = None,
    out: Out = BELOW,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Hold faults against rules and checks: who notices what, how surely and how soon."""
    from mlsim.report.coverage import Coverage
    from mlsim.report.junit import junit_xml
    from mlsim.studies.folder import put

    plan = plan_of(
        "coverage",
        file,
        monitoring,
        set=settings_of(set_ or ()) | shorthands(horizon=horizon),
        replications=replications,
        require=require or [],
    )
    result = carried_out(plan, Path(), out, as_json=as_json, quiet=quiet)
    assert isinstance(result, Coverage)
    if junit is not None:
        put(junit, junit_xml(result, file.stem))
    if result.unmet:
        raise typer.Exit(1)
    exit_status(result)
