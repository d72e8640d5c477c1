"""`mlsim sweep FILE --vary PATH=VALUES`."""

from pathlib import Path
from typing import Annotated

import typer

from mlsim.cli.options import Horizon, MonitoringFile, Settings, settings_of, shorthands
from mlsim.cli.studying import (
    AsJson,
    Measures,
    Out,
    Quiet,
    Replications,
    carried_out,
    carried_out_as,
    exit_status,
    plan_of,
    varied,
)
from mlsim.studies import BELOW


def sweep(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The scenario; or the folder of a run, which is then judged anew and not run.",
            show_default=False,
        ),
    ],
    vary: Annotated[
        list[str],
        typer.Option(
            metavar="PATH=VALUES",
            help="Values as in load.jobs.rate=1/s,2/s, or a range as in 1/s..3/s:5; repeatable. "
            "Paths that begin with monitoring. vary who watches, which runs nothing again.",
            show_default=False,
        ),
    ],
    method: Annotated[
        str, typer.Option(metavar="grid|random|sobol", help="How points are chosen.")
    ] = "grid",
    samples: Annotated[
        int, typer.Option(metavar="N", min=1, help="Points of a random or Sobol sweep.")
    ] = 64,
    replications: Replications = 5,
    measure: Measures = None,
    horizon: Horizon = None,
    set_: Settings = None,
    monitoring: MonitoringFile = None,
    out: Out = BELOW,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run a scenario at many points of some settings, or judge a run by many rules."""
    from mlsim.studies.designs import designed

    design = varied(vary)
    designed(design, method, samples)
    if file.is_dir():
        _judge(file, design, method, samples, measure or [], out, as_json, quiet)
        return
    plan = plan_of(
        "sweep",
        file,
        monitoring,
        set=settings_of(set_ or ()) | shorthands(horizon=horizon),
        vary=design,
        method=method,
        samples=samples,
        replications=replications,
        measures=measure or [],
    )
    result = carried_out(plan, Path(), out, as_json=as_json, quiet=quiet)
    exit_status(result)


def _judge(
    folder: Path,
    design: dict[str, str],
    method: str,
    samples: int,
    measures: list[str],
    out: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    from mlsim import api

    run = api.open_run(folder)
    carried_out_as(
        "judged",
        folder.resolve(),
        [design, method, samples, measures],
        lambda tell: api.sweep(
            run, design, method=method, samples=samples, measures=measures, progress=tell
        ),
        out,
        as_json=as_json,
        quiet=quiet,
    )
