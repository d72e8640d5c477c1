"""Figures that show themselves in a notebook."""

import io

from matplotlib.figure import Figure

from mlsim.report import style

DOTS_PER_INCH = 120


def with_png(figure: Figure) -> Figure:
    """The same figure; no pyplot is involved, so IPython has to be told how it looks."""
    setattr(figure, "_repr_png_", lambda: png(figure))  # noqa: B010
    return figure


def png(figure: Figure, dots_per_inch: int = DOTS_PER_INCH) -> bytes:
    """A figure as a PNG."""
    target = io.BytesIO()
    with style.applied():
        figure.savefig(target, format="png", dpi=dots_per_inch, metadata={"Software": None})
    return target.getvalue()
