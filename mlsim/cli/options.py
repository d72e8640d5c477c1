"""Arguments and options that several commands share."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

ScenarioFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="The scenario, a YAML file.", show_default=False)
]
RunFolder = Annotated[
    Path,
    typer.Argument(
        metavar="RUN_DIR", help="The folder that `mlsim run` wrote.", show_default=False
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change one value of the scenario, as in load.check_ups.rate=3/s; repeatable.",
        show_default=False,
    ),
]
Horizon = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="Short for --set horizon=DURATION.", show_default=False),
]
MonitoringFile = Annotated[
    Path | None,
    typer.Option(
        "--monitoring",
        metavar="FILE",
        help="Watch with this monitoring file instead of the scenario's own.",
        show_default=False,
    ),
]


def settings_of(assignments: Iterable[str], option: str = "--set") -> dict[str, str]:
    """What `--set` was given, as path to value; a later assignment of a path wins.

    >>> settings_of(["load.jobs.rate=3/s", "outcomes.late.count=sojourn_time >= 2s"])
    {'load.jobs.rate': '3/s', 'outcomes.late.count': 'sojourn_time >= 2s'}
    """
    settings = {}
    for assignment in assignments:
        path, equals, value = assignment.partition("=")
        if not (path.strip() and equals):
            raise typer.BadParameter(f"needs PATH=VALUE (got '{assignment}')", param_hint=option)
        settings[path.strip()] = value.strip()
    return settings


def shorthands(**given: str | None) -> dict[str, str]:
    """`--seed` and `--horizon` as the settings that they stand for.

    >>> shorthands(seed="3", horizon=None)
    {'seed': '3'}
    """
    return {path: value for path, value in given.items() if value is not None}
