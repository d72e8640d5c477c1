"""Figures as bytes that depend on nothing but the run."""

import io
import re
from pathlib import Path

from matplotlib.figure import Figure

from mlsim.report import style
from mlsim.report.figures.picture import Picture
from mlsim.report.folder import RunFolder

_DOTS_PER_INCH = 160


def svg(figure: Figure, name: str) -> str:
    """A figure as an SVG document; ids begin with `name`, so several fit into one page."""
    text = io.StringIO()
    with style.applied(salt=name):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text.getvalue())


def inline(figure: Figure, name: str, label: str) -> str:
    """A figure as an `<svg>` element that follows the page's colours and says `label` aloud."""
    document = svg(figure, name)
    element = document[document.index("<svg") :]
    element = re.sub(r"\s*<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    # The page decides how large it is; viewBox keeps the proportions.
    element = re.sub(r' (width|height)="[\d.]+pt"', "", element, count=2)
    element = element.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)
    return style.themed(element)


def save(run: RunFolder, pictures: list[Picture], folder: Path) -> None:
    """Writes each picture as PNG and SVG into `folder`, wide and in the light colours."""
    folder.mkdir(exist_ok=True)
    for picture in pictures:
        figure = picture.draw(run, style.WIDE)
        (folder / f"{picture.name}.svg").write_text(svg(figure, picture.name), encoding="utf-8")
        with style.applied():
            target = folder / f"{picture.name}.png"
            figure.savefig(target, dpi=_DOTS_PER_INCH, metadata={"Software": None})
