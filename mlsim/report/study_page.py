"""A study's results as one HTML page: what is said on a screen, the figure, and the table."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from rich.console import Console

from mlsim.report import style
from mlsim.report.figures.files import inline
from mlsim.report.study_text import Studied, show

_TEMPLATES = Path(__file__).parent / "templates"


def page(result: Studied, title: str, command: str, asked: str = "") -> str:
    """The page; a pure function of the results.

    command: what makes them again. asked: the study file that asks for them, if there is one.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    drawn = result.plot() if len(result.table) else None
    return environment.get_template("study.html.j2").render(
        asked=asked,
        command=command,
        title=title,
        text=_text(result),
        figures=[Markup(inline(drawn, "study", str(escape(title))))] if drawn is not None else [],
        table=_table(result),
        failures=result.failures,
        light=style.css(style.LIGHT),
        dark=style.css(style.DARK),
        sheet=Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
    )


def _table(result: Studied) -> Markup:
    """The table; long names may be broken where their words are joined."""
    table = result.table.to_html(index=False, border=0, float_format="{:,.6g}".format)
    return Markup(re.sub(r"(?<=[a-z])([._])(?=[a-z])", r"\1<wbr>", table))


def _text(result: Studied) -> str:
    console = Console(width=110, no_color=True, force_terminal=False)
    with console.capture() as captured:
        show(result, console)
    return captured.get()
