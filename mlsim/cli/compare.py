"""`mlsim compare FILE A B ...`."""

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
    Measures,
    Out,
    Quiet,
    Replications,
    carried_out,
    exit_status,
    plan_of,
)
from mlsim.studies import BELOW


def compare(
    file: ScenarioFile,
    variants: Annotated[
        list[str],
        typer.Argument(
            metavar="VARIANT",
            help="A monitoring file, a file of settings, or 'NAME: PATH=VALUE; PATH=VALUE'; "
            "a lone . is the scenario as it is. The others are held against the first.",
            show_default=False,
        ),
    ],
    replications: Replications = 20,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="SHARE",
            help="Run until each difference is as precise as this share of the mean, as in 5%.",
            show_default=False,
        ),
    ] = None,
    max_runs: Annotated[
        int, typer.Option(metavar="N", min=2, help="With --until, the most replications.")
    ] = 200,
    measure: Measures = None,
    horizon: Horizon = None,
    set_: Settings = None,
    monitoring: MonitoringFile = None,
    out: Out = BELOW,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare variants under the same seeds: what differs, by how much, and how surely."""
    from mlsim.studies.given import AS_IT_IS, parsed

    given = parsed(variants)
    if len(given) == 1:
        given = {AS_IT_IS: None, **given}
    if len(given) == 1:
        message = f"needs another variant than the scenario {AS_IT_IS}"
        raise typer.BadParameter(message, param_hint="VARIANT")
    plan = plan_of(
        "compare",
        file,
        monitoring,
        set=settings_of(set_ or ()) | shorthands(horizon=horizon),
        variants=given,
        replications=replications,
        until=share_of(until),
        max_runs=max_runs,
        measures=measure or [],
    )
    result = carried_out(plan, Path(), out, as_json=as_json, quiet=quiet)
    exit_status(result)


def share_of(text: str | None) -> str | None:
    """The text itself, if it is a share of more than 0 and less than 1, as in 5% or 0.05."""
    from mlsim.scenario.refusal import Refusal
    from mlsim.scenario.units import probability

    if text is None:
        return None
    try:
        if 0 < probability(text) < 1:
            return text
    except Refusal:
        pass
    raise typer.BadParameter(f"must be a share such as 5% (got '{text}')", param_hint="--until")
