"""What the commands for studies share: their options, and carrying a study out."""

import json
import re
import shlex
import sys
from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlsim.cli.options import settings_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from mlsim.report.study_text import Studied
    from mlsim.report.studying import Found, Result
    from mlsim.studies.paired import Done
    from mlsim.studies.plan import Plan

Replications = Annotated[int, typer.Option(metavar="N", min=1, help="Under how many seeds to run.")]
Pairs = Annotated[
    int, typer.Option("--replications", metavar="N", min=2, help="Under how many seeds to run.")
]
"""Where an interval of paired differences is all that is asked for, which one run can't give."""
Measures = Annotated[
    list[str] | None,
    typer.Option(
        "--measure",
        metavar="NAME",
        help="Look at this measure, or family of measures, alone; repeatable.",
        show_default=False,
    ),
]
Out = Annotated[
    Path, typer.Option(metavar="DIR", help="Keep studies and their runs below this folder.")
]


def picture(out: Path | None) -> Path | None:
    """The place of a picture, which is a PNG."""
    if out is not None and out.suffix != ".png":
        raise typer.BadParameter(f"must end in .png (got '{out}')", param_hint="--plot")
    return out


Plot = Annotated[
    Path | None,
    typer.Option(
        metavar="PICTURE", help="Write the figure as .png.", show_default=False, callback=picture
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the table as JSON and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print only the folder that was written.")]


def plan_of(kind: str, file: Path, monitoring: Path | None, **asked: Any) -> "Plan":
    """The study that a command line asks for; its name tells it from others of the scenario."""
    from mlsim.studies.plan import Plan

    given = {"kind": kind, "scenario": str(file), **asked}
    if monitoring is not None:
        given["monitoring"] = str(monitoring)
    given = {key: value for key, value in given.items() if value is not None}
    return Plan.model_validate({"study": study_name(file, kind, given), **given})


def study_name(file: Path, kind: str, asked: object) -> str:
    """The name of what was asked: of its scenario, its kind, and six digits of all of it."""
    digest = blake2b(json.dumps(asked, sort_keys=True).encode(), digest_size=3).hexdigest()
    return f"{named(file.stem)}_{kind}_{digest}"


def named(text: str) -> str:
    """A text as a name: letters, digits and _, not beginning with a digit, not too long.

    >>> named("covid-app"), named("20261125T03")
    ('covid_app', '_20261125T03')
    """
    name = re.sub(r"[^A-Za-z0-9_]", "_", text)[:40]
    return f"_{name}" if not name or name[0].isdigit() else name


def carried_out(plan: "Plan", base: Path, out: Path, *, as_json: bool, quiet: bool) -> "Result":
    """Run a study with a bar to watch, print its results, and say what failed."""
    from mlsim.report.studying import carry_out_in
    from mlsim.studies.folder import resuming

    return _shown(partial(carry_out_in, out, plan, base), resuming(plan.study, out), as_json, quiet)


def carried_out_as(
    kind: str,
    file: Path,
    asked: object,
    study: "Callable[[Done], Found]",
    out: Path,
    *,
    as_json: bool,
    quiet: bool,
) -> "Found":
    """The same for what no file can ask for; this command goes on with it.

    asked: all that its results depend on. study: is given whom to tell of progress.
    """
    from mlsim.report.studying import carry_out_as
    from mlsim.studies.folder import Asked

    again = shlex.join(["mlsim", *sys.argv[1:]])
    told = Asked(study_name(file, kind, asked), kind, str(file), again)
    return _shown(partial(carry_out_as, out, told, study), again, as_json, quiet)


def _shown(
    carry_out: "Callable[[Done | None], tuple[Found, Path]]", again: str, as_json: bool, quiet: bool
) -> "Found":
    from mlsim.cli.progress import replications_done

    try:
        with replications_done(shown=not (quiet or as_json)) as tell:
            result, folder = carry_out(tell)
    except KeyboardInterrupt:
        print(f"interrupted; to go on: {again}", file=sys.stderr)
        raise
    show(result, folder, as_json=as_json, quiet=quiet)
    return result


def show(result: "Studied", folder: Path | None, *, as_json: bool, quiet: bool) -> None:
    """Print results: for people, for a program, or only where they lie."""
    if as_json:
        print(json.dumps(for_programs(result), indent=2))
    elif quiet:
        print(folder)
    else:
        from rich.console import Console

        from mlsim.report import study_text

        study_text.show(result, Console(), folder)


def for_programs(result: "Studied") -> Any:
    """What `--json` prints: the table, a row each; of interactions all that was found."""
    from mlsim.report.interactions import Interactions

    if isinstance(result, Interactions):
        return result.summary
    return json.loads(result.table.to_json(orient="records"))


def exit_status(result: "Studied") -> None:
    """1 where a replication failed."""
    if result.failures:
        raise typer.Exit(1)


def draw(figure: "Figure", picture: Path) -> None:
    """Write a figure as a picture."""
    from mlsim.report.shown import png
    from mlsim.studies.folder import put

    put(picture, png(figure))


def varied(given: list[str]) -> dict[str, str]:
    """What `--vary` was given, by path.

    >>> varied(["load.jobs.rate=1/s,2/s"])
    {'load.jobs.rate': '1/s,2/s'}
    """
    return settings_of(given, "--vary")
