"""The report as one HTML page: no network, light and dark, for phone, screen and paper."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from mlsim.report import style, wording
from mlsim.report.answer import answer, has_twin
from mlsim.report.figures.files import inline
from mlsim.report.figures.picture import Picture
from mlsim.report.folder import RunFolder

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
            compared=has_twin(run.summary),
            figures={picture.name: _shown(run, picture) for picture in pictures},
            repeat=command(run),
            light=style.css(style.LIGHT),
            dark=style.css(style.DARK),
            sheet=Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
        )
    )


def command(run: RunFolder) -> str:
    """The command line that makes the same run again, but for settings given beside the file."""
    scenario, monitoring = run.summary["scenario"], run.summary["monitoring"]
    parts = [f"mlsim run {scenario['file']} --seed {scenario['seed']}"]
    if monitoring and monitoring["file"]:
        parts.append(f"--monitoring {monitoring['file']}")
    if not has_twin(run.summary):
        parts.append("--no-twin")
    return " ".join(parts)


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
        percent=percent,
        model_facts=model_facts,
    )
    return environment


def percent(share: float) -> str:
    """A share in whole percent, or to three digits where it is small.

    >>> percent(0.41), percent(0.0021)
    ('41%', '0.21%')
    """
    return f"{share * 100:.0f}%" if share >= 0.1 else f"{share * 100:.3g}%"


def model_facts(model: Mapping[str, Any], start: str | None = None) -> str:
    """What is known of a model beside its name and version, as words.

    >>> model_facts({"name": "risk", "version": 1, "trained_at_s": 0.0, "auc": 0.9512})
    'trained at: day 0; auc: 0.951'
    """
    facts = {key: value for key, value in model.items() if key not in ("name", "version")}
    return "; ".join(
        f"{key.removesuffix('_s').replace('_', ' ')}: {_fact(key, value, start)}"
        for key, value in facts.items()
        if value is not None
    )


def _fact(key: str, value: object, start: str | None) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return str(value)
    return wording.moment(value, start) if key.endswith("_at_s") else wording.number(value)
