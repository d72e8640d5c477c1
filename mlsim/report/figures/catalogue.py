"""All pictures of a report, in the order in which it shows them."""

from mlsim.report.figures.cost import COST
from mlsim.report.figures.graph import GRAPH
from mlsim.report.figures.load import LOAD
from mlsim.report.figures.models import MODELS
from mlsim.report.figures.picture import Picture
from mlsim.report.figures.scorecard import SCORECARD
from mlsim.report.figures.timeline import TIMELINE
from mlsim.report.folder import RunFolder

PICTURES = (TIMELINE, LOAD, COST, SCORECARD, GRAPH, MODELS)


def shown(run: RunFolder) -> list[Picture]:
    """The pictures that have something to show of this run."""
    return [picture for picture in PICTURES if picture.shows(run)]
