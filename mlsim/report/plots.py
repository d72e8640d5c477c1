"""The report's figures, one at a time, for a notebook or a program."""

from dataclasses import dataclass

from matplotlib.figure import Figure

from mlsim.errors import MlsimError
from mlsim.report import style, wording
from mlsim.report.figures.catalogue import PICTURES
from mlsim.report.folder import RunFolder
from mlsim.report.shown import with_png


@dataclass(frozen=True)
class Plots:
    """Figures of one run; each is a matplotlib figure that shows itself in a notebook."""

    run: RunFolder

    def timeline(self) -> Figure:
        """Faults as bands, alerts as marks, outcomes against the twin."""
        return self._drawn("timeline")

    def load(self) -> Figure:
        """What clients sent and got, and where it piled up."""
        return self._drawn("load")

    def cost(self) -> Figure:
        """What each fault has cost so far."""
        return self._drawn("cost")

    def scorecard(self) -> Figure:
        """Fault by rule: who noticed, and how soon."""
        return self._drawn("scorecard")

    def graph(self) -> Figure:
        """The system in layers, and what is broken in it."""
        return self._drawn("graph")

    def models(self) -> Figure:
        """What each training learned, and which version serves."""
        return self._drawn("models")

    def _drawn(self, name: str) -> Figure:
        picture = next(picture for picture in PICTURES if picture.name == name)
        if not picture.shows(self.run):
            shows = wording.listed([one.name for one in PICTURES if one.shows(self.run)])
            raise MlsimError(f"plot.{name}: this run has nothing for it to show, but for {shows}")
        return with_png(picture.draw(self.run, style.WIDE))
