"""`mlsim graph FILE`."""

import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mlsim.cli.options import ScenarioFile, Settings, settings_of

if TYPE_CHECKING:
    from mlsim.scenario.spec import Scenario

DOTS_PER_INCH = 160


def graph(
    file: ScenarioFile,
    set_: Settings = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PICTURE", help="Write a picture, .svg or .png, instead.", show_default=False
        ),
    ] = None,
) -> None:
    """Draw the system in layers, with the faults of the scenario where they will sit."""
    from mlsim import api
    from mlsim.system.graph import graph_of

    if out is not None and out.suffix not in (".svg", ".png"):
        raise typer.BadParameter(f"must end in .svg or .png (got '{out}')", param_hint="--out")
    scenario = api.load(file, settings_of(set_ or ())).spec
    system = graph_of(scenario.system, scenario.flow)
    if out is None:
        show(system, marks_of(scenario))
    else:
        save(system, marks_of(scenario), out)
        print(out)


def marks_of(scenario: "Scenario") -> dict[str, list[str]]:
    """What is written on components as broken: the kinds of the faults that sit there."""
    marks: dict[str, list[str]] = defaultdict(list)
    for fault in scenario.faults:
        for component in fault.where(scenario.system):
            marks[component].append(fault.kind)
    return marks


def show(graph: dict[str, Any], marks: dict[str, list[str]]) -> None:
    """The graph in characters; plain ones where the terminal has no lines."""
    from mlsim.report.graph_text import draw

    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(draw(graph, marks, ascii_only=not unicode))
    if marks:
        print("!! marks where a fault of the scenario sits")


def save(graph: dict[str, Any], marks: dict[str, list[str]], out: Path) -> None:
    """The graph as a picture for a page or a slide."""
    from mlsim.report.figures.files import svg
    from mlsim.report.figures.graph import picture
    from mlsim.report.shown import png
    from mlsim.studies.folder import put

    figure = picture(graph, marks=marks)
    put(out, svg(figure, "graph") if out.suffix == ".svg" else png(figure, DOTS_PER_INCH))
