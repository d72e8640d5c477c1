"""A study of interactions: its tables, its figure, and how it shows itself in a notebook."""

import math
from dataclasses import dataclass
from html import escape
from typing import Any, ClassVar

import pandas as pd
from matplotlib.figure import Figure

from mlsim.report import wording
from mlsim.report.figures import interactions as figure
from mlsim.report.shown import with_png
from mlsim.studies.interactions import Features, Interaction, Study
from mlsim.studies.paired import Failure


@dataclass(frozen=True)
class Interactions:
    """The features of a scenario alone and together (see `mlsim.studies.interactions.Study`)."""

    study: Study
    failures: ClassVar[tuple[Failure, ...]] = ()
    """None ever: nothing of it is drawn by chance, so nothing is replicated."""

    @property
    def table(self) -> pd.DataFrame:
        """What was found, a row for each promise that is broken in company only.

        features, kind, through (drivers or states), promise, of (its feature), order (in which they
        have to react, where the other one does no harm), broken_at_s (seconds since day 0), warned
        (before any run).
        """
        columns = ["features", "kind", "through", "promise", "of", "order", "broken_at_s", "warned"]
        rows = [
            (
                " + ".join(one.features),
                one.kind,
                ", ".join(one.via),
                one.promise,
                one.owner,
                " before ".join(one.order),
                one.at,
                one.warned,
            )
            for one in self.study.found
        ]
        return pd.DataFrame(rows, columns=columns)

    @property
    def warnings(self) -> pd.DataFrame:
        """What was said before any run: features, kind, through, confirmed (by runs)."""
        rows = [
            (" + ".join(one.features), one.kind, ", ".join(one.via), self.study.confirmed(one))
            for one in self.study.warnings
        ]
        return pd.DataFrame(rows, columns=["features", "kind", "through", "confirmed"])

    @property
    def resolutions(self) -> pd.DataFrame:
        """Each resolution: what it leaves broken of what was found, and what it breaks itself."""
        rows = [
            (one.name, one.title, one.resolves, len(one.left), len({key for _, key in one.new}))
            for one in self.study.resolved
        ]
        columns = ["resolution", "title", "resolves", "left", "newly_broken"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def outcomes(self) -> pd.DataFrame:
        """The outcomes of each product that was run, one a row, where there is a machine."""
        rows = {
            " + ".join(features) or "none": runs[0].outcomes
            for features, runs in self.study.runs.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("product")

    @property
    def headline(self) -> str:
        """The answer in one sentence."""
        features = len(self.study.scenario.world.features)
        found = {one.features for one in self.study.found}
        pairs = sum(len(one) == 2 for one in found)
        said = wording.capital(wording.counted(features, "feature"))
        if features > 2:
            said += f", {math.comb(features, 2)} pairs"
        parts = [f"{wording.counted(pairs, 'pair')} {'interacts' if pairs == 1 else 'interact'}"]
        if more := len(found) - pairs:
            parts.append(wording.counted(more, "larger set") + " without a bad pair")
        return f"{said}: {' and '.join(parts)}"

    @property
    def forewarned(self) -> str:
        """What the warnings were worth, in a sentence."""
        known = self.study.warnings
        confirmed = sum(map(self.study.confirmed, known))
        return (
            f"Before any run: {wording.counted(len(known), 'warning')} from what features read and "
            f"write; runs confirm {confirmed}"
        )

    @property
    def summary(self) -> dict[str, Any]:
        """All of it, for programs; times in seconds since day 0."""
        found = [
            {**row, "trace": [{"time_s": d.time, "who": d.who, "what": d.what} for d in one.trace]}
            for row, one in zip(self.table.to_dict("records"), self.study.found, strict=True)
        ]
        return {
            "scenario": self.study.scenario.scenario,
            "features": list(self.study.scenario.world.features),
            "products_run": len(self.study.runs),
            "interactions": found,
            "warnings": self.warnings.to_dict("records"),
            "broken_alone": [
                {"of": owner, "promise": str(self.promise(owner, number))}
                for owner, number in self.study.unkept
            ],
            "resolutions": self.resolutions.to_dict("records"),
            "outcomes": self.outcomes.to_dict("index"),
        }

    def promise(self, owner: str, number: int) -> str:
        """What a feature promises, as the scenario has it."""
        return str(self.study.scenario.world.features[owner].requires[number])

    def title(self, features: Features) -> str:
        """Features as one names them in a sentence."""
        known = self.study.scenario.world.features
        return " + ".join(known[one].title or one for one in features)

    def trace(self, one: Interaction) -> list[str]:
        """What led to a broken promise, a line each."""
        lines = [f"{wording.duration(d.time)}  {d.who}: {d.what}" for d in one.trace]
        return [*lines, f"{wording.duration(one.at)}  broken: {one.promise}"]

    def plot(self) -> Figure:
        """Who interacts with whom, and each interaction over time, alone and together."""
        return with_png(figure.draw(self.study))

    def _repr_html_(self) -> str:
        title = self.study.scenario.title or self.study.scenario.scenario
        parts = [f"<b>{escape(title)}</b>"]
        parts += [f"<p>{escape(self.headline)}. {escape(self.forewarned)}.</p>"]
        frames = (self.table, self.warnings, self.resolutions)
        parts += [frame.to_html(index=False) for frame in frames if len(frame)]
        return "".join(parts)
