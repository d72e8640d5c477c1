"""Models: which version was said to serve and which one did, and how good each was when trained."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mlsim.report import style
from mlsim.report.figures.panels import DAY, Panels, titled
from mlsim.report.figures.picture import Picture
from mlsim.report.folder import RunFolder

Model = Mapping[str, Any]


def draw(run: RunFolder, width: float = style.WIDE) -> Figure:
    """Two panels for each model that was trained again: its versions, and their quality."""
    models = trained_again(run)
    with style.applied():
        panels = Panels(run, width, [0.9] * 2 * len(models), named=run.faults)
        axes = iter(panels)
        for model in models:
            _versions(titled(next(axes), run, f"{model['name']}: version"), model, run)
            measure = _measure(model)
            _quality(
                titled(next(axes), run, f"{model['name']}: {measure} on its holdout"),
                model["versions"],
                measure,
            )
    return panels.figure


def trained_again(run: RunFolder) -> list[Model]:
    """The models of which there is more than one version."""
    return [model for model in run.summary["models"] if len(model["versions"]) > 1]


def _measure(model: Model) -> str:
    """The first measure of the model's quality, which is the area under the curve."""
    return next((str(name) for v in model["versions"] for name in v["quality"]), "quality")


def _versions(axes: Axes, model: Model, run: RunFolder) -> None:
    """What was reported over what serves; the distance is what nobody knew."""
    days = run.horizon_s / DAY
    reported = model["reported"] or model["served"]
    edges = [change["at_s"] / DAY for change in model["served"] + reported]
    grid = np.unique([*edges, days])
    served, said = (_in_force(changes, grid[:-1]) for changes in (model["served"], reported))
    # Before the first push nothing is reported, and nothing is wrong with that.
    said = np.maximum(said, np.where(said == 0, served, said))
    axes.stairs(said, grid, baseline=served, fill=True, color=style.LIGHT["gap"])
    axes.stairs(said, grid, baseline=None, color=style.LIGHT["twin"], linewidth=1.2)
    axes.stairs(served, grid, baseline=None, color=style.LIGHT["run"])
    axes.set_ylim(0, max(said.max(), served.max()) * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    _name_lines(axes, grid, said, served)


def _in_force(changes: list[Mapping[str, Any]], days: np.ndarray) -> np.ndarray:
    """The version after the last change up to each day; 0 before the first."""
    at = np.array([change["at_s"] / DAY for change in changes])
    numbers = np.array([0, *(change["version"] for change in changes)])
    return numbers[np.searchsorted(at, days, side="right")]


def _name_lines(axes: Axes, grid: np.ndarray, said: np.ndarray, served: np.ndarray) -> None:
    """Names the lines where they are furthest apart, else at their end."""
    apart = np.abs(said - served)
    if not apart.any():
        _say(axes, (grid[-1], served[-1]), "reported and serving", (-4, -14), "muted")
        return
    widest = int(np.argmax(apart))
    middle = (grid[widest] + grid[widest + 1]) / 2
    _say(axes, (middle, said[widest]), "reported", (-6, 3), "muted")
    _say(axes, (middle, served[widest]), "serving", (0, -13), "run")


def _say(
    axes: Axes, at: tuple[float, float], word: str, shift: tuple[float, float], role: str
) -> None:
    axes.annotate(
        word,
        at,
        xytext=shift,
        textcoords="offset points",
        ha="right",
        fontsize=8.5,
        color=style.LIGHT[role],
    )


def _quality(axes: Axes, versions: list[Mapping[str, Any]], measure: str) -> None:
    """A mark for each version, when it was trained; filled if it learned from touched rows."""
    known = [v for v in versions if v["quality"].get(measure) is not None]
    for version in known:
        touched = version["touched_rows"] > 0
        axes.plot(
            version["trained_at_s"] / DAY,
            version["quality"][measure],
            marker="o" if version["passed"] else "x",
            markersize=5,
            color=style.LIGHT["ink" if touched else "muted"],
            markerfacecolor=style.LIGHT["ink" if touched else "paper"],
            clip_on=False,
        )
    axes.margins(y=0.2)
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]))


def caption(run: RunFolder) -> str:
    """What to see in the figure of the models."""
    return (
        "Where the lines part, the deployer had reported a version that never served. Each mark "
        "below is a version at the time it was trained: filled if rows that a fault had touched "
        "were among those it learned from, a cross if it failed its gate. The holdout is a part of "
        "the same rows and as late and biased as their labels, so it can't tell how good the model "
        "is in production. In the run with all faults."
    )


MODELS = Picture(
    "models", "What the models learned", draw, lambda run: bool(trained_again(run)), caption
)
