"""The report as one HTML page: no network, light and dark, for phone, screen and paper."""

import shlex
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from mlsim.report import style, wording
from mlsim.report.answer import (
    after_repair,
    answer,
    anyway,
    false_alarms,
    has_damage,
    has_twin,
    overloaded_anyway,
)
from mlsim.report.figures.files import inline
from mlsim.report.figures.picture import Picture
from mlsim.report.folder import RunFolder
from mlsim.report.model_table import model_row
from mlsim.report.overload import overloaded
from mlsim.report.serving import client_rows, component_rows, ends, losses, told

_TEMPLATES = Path(__file__).parent / "templates"


class Shown(NamedTuple):
    """A figure on the page: for a screen or paper, and for a phone."""

    name: str
    title: str
    caption: str
    wide: Markup
    narrow: Markup


def page(run: RunFolder, pictures: list[Picture]) -> str:
    """The whole page; a pure function of the run."""
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            summary=run.summary,
            run=run.run,
            answer=answer(run.summary),
            after_repair=after_repair(run.summary),
            anyway=anyway(run.summary),
            false_alarms=false_alarms(run.summary) if has_damage(run.summary) else None,
            overloaded_anyway=overloaded_anyway(run.summary),
            overloaded=overloaded(run.summary),
            serving=told(run.summary),
            clients=client_rows(run.summary),
            ends=ends(client_rows(run.summary)),
            components=component_rows(run.summary),
            losses=losses(component_rows(run.summary)),
            compared=has_damage(run.summary),
            figures={picture.name: _shown(run, picture) for picture in pictures},
            models=[model_row(model, run.horizon_s) for model in run.summary["models"]],
            repeat=command(run),
            is_seed_hashed=run.run.get("scenario_seed") in (None, run.run["seed"]),
            light=style.css(style.LIGHT),
            dark=style.css(style.DARK),
            sheet=Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
        )
    )


def command(run: RunFolder) -> str:
    """The command line that makes the same run again, in the run's own folder.

    A seed that the scenario has stays unsaid: whatever is set enters the hash. Older runs don't
    tell which it has.
    """
    origin, settings = run.run, dict(run.run["settings"])
    parts = ["mlsim", "run", origin["scenario_file"]]
    if "seed" in settings or origin["seed"] != origin.get("scenario_seed"):
        parts += ["--seed", str(origin["seed"])]
    settings.pop("seed", None)
    for path, value in settings.items():
        parts += ["--set", f"{path}={value}"]
    if origin["monitoring_file"]:
        parts += ["--monitoring", origin["monitoring_file"]]
    if not has_twin(run.summary):
        parts.append("--no-twin")
    return shlex.join(parts)


def _shown(run: RunFolder, picture: Picture) -> Shown:
    wide, narrow = (
        Markup(
            inline(picture.draw(run, width), f"{picture.name}-{size}", str(escape(picture.title)))
        )
        for size, width in (("wide", style.WIDE), ("narrow", style.NARROW))
    )
    return Shown(picture.name, picture.title, picture.caption(run), wide, narrow)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        duration=wording.duration,
        number=wording.number,
        signed=wording.signed,
        large=wording.large,
        money=wording.money,
        counted=wording.counted,
        capital=wording.capital,
        percent=wording.percent,
    )
    return environment
