"""The commands under one roof."""

from importlib.metadata import version
from typing import Annotated

import typer

from mlsim.cli.compare import compare
from mlsim.cli.coverage import coverage
from mlsim.cli.exercise import exercise
from mlsim.cli.explain import explain
from mlsim.cli.factorial import factorial
from mlsim.cli.gains import gains
from mlsim.cli.graph import graph
from mlsim.cli.help import Command, Group
from mlsim.cli.init import init
from mlsim.cli.interactions import interactions
from mlsim.cli.judge import judge
from mlsim.cli.kinds import kinds
from mlsim.cli.report import report
from mlsim.cli.run import run
from mlsim.cli.schema import schema
from mlsim.cli.study import study
from mlsim.cli.sweep import sweep
from mlsim.cli.validate import validate

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMMANDS = (
    *(run, compare, coverage, sweep, study, gains, factorial, interactions, judge, explain, report),
    *(validate, graph, kinds, schema, init),
)
for command in COMMANDS:
    app.command(cls=Command)(command)
app.add_typer(exercise, name="exercise")


def print_version(asked: bool) -> None:
    """What `mlsim --version` prints, and nothing else."""
    if asked:
        print(f"mlsim {version('mlsim')}")
        raise typer.Exit


@app.callback()
def mlsim(
    asked: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=print_version, is_eager=True),
    ] = False,
) -> None:
    """Simulate an ML production system, break it silently, and see who notices."""
