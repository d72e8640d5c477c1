"""Runs every chain of this folder and writes README.md: `python scenarios/chains/generate.py`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from ruamel.yaml import YAML

import mlsim
from mlsim.report import style, wording
from mlsim.report.shown import png

FOLDER = Path(__file__).parent
CLAIMS: Mapping[str, Mapping[str, Any]] = YAML(typ="safe").load(FOLDER / "claims.yaml")
WORTH = {
    "meme_generator": "The errors of models in a row compound: a meme is as good as all of them.",
    "covid_chain": "A point of the cough model's quality is worth something, as far as it gets on.",
}
RUNS, LEVEL = 6, 0.99

HEAD = """\
# Chains of models: local gains, and what the whole makes of them

Generated from runs by `make chains`; don't edit. In each of the first five systems one part gets
better at its own job, and the whole gets worse. Nothing of that is written anywhere: it comes about
as people give up, as the other model goes on as it has learnt, or as frames are late. The settings
stand in [claims.yaml](claims.yaml), and the tests hold the runs to it.

Local quality is the area under the ROC curve of the model's own scores; cost is that of all
outcomes. Each row is held against the first one, or in the last row against the same without the
better part: {runs} paired runs, intervals at {level:.0%}.
"""


@dataclass(frozen=True)
class Chain:
    """One scenario, and what the lecture claims of it."""

    name: str
    claim: Mapping[str, Any]

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.yaml"

    def steps(self) -> dict[str, Any]:
        """Variants with the mechanism at work."""
        before, better = self.claim.get("before", {}), self.claim["better"]
        return {"as it was": before, "better part": better, "and remedy": self.claim["remedy"]}

    def without_mechanism(self) -> dict[str, Any]:
        """The same two with the mechanism turned off."""
        before, better, off = self.claim.get("before", {}), self.claim["better"], self.claim["off"]
        return {"off, as it was": {**before, **off}, "off, better part": {**better, **off}}

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Gains with the mechanism at work, and without it."""
        found = [
            mlsim.gains(
                self.file, self.claim["model"], steps=steps, replications=RUNS, level=LEVEL
            ).table
            for steps in (self.steps(), self.without_mechanism())
        ]
        return found[0], found[1]


def section(chain: Chain) -> str:
    """The claim, the command that shows it, its figure and its table."""
    at_work, off = chain.tables()
    title = mlsim.load(chain.file).spec.title
    picture = FOLDER / "figures" / f"{chain.name}.png"
    picture.parent.mkdir(exist_ok=True)
    picture.write_bytes(png(draw(at_work, off)))
    claim = chain.claim
    lines = [
        f"\n## {title}\n\n{claim['claim']}\n",
        f"    mlsim gains scenarios/chains/{chain.name}.yaml --model {claim['model']} \\",
        *(f"      {line}" for line in _steps(chain)),
        f"\n![Cost of all outcomes in each variant](figures/{chain.name}.png)\n",
        "| variant | local quality | cost, EUR | against as it was |\n| --- | --- | --- | --- |",
        *_rows(at_work, off, claim),
    ]
    return "\n".join(lines) + "\n"


def _steps(chain: Chain) -> Iterator[str]:
    steps = list(chain.steps().items())[:2]
    for number, (name, settings) in enumerate(steps):
        text = "; ".join(f"{path}={_plain(value)}" for path, value in settings.items()) or "."
        last = number == len(steps) - 1
        yield f'--step "{name}: {text}"{"" if last else " " + chr(92)}'


def _plain(value: object) -> str:
    return str(value).replace("'", "")


def _rows(at_work: pd.DataFrame, off: pd.DataFrame, claim: Mapping[str, Any]) -> Iterator[str]:
    names = {
        "and remedy": f"better part, and {claim['remedied_by']}",
        "off, better part": f"better part, where {claim['turned_off']}",
    }
    for table in (at_work, off.tail(1)):
        for row in table.to_dict("records"):
            against = "" if row["step"] == "as it was" else _difference(row)
            name = names.get(row["step"], row["step"])
            quality, cost = f"{row['quality']:.3f}", wording.number(row["outcome"])
            yield f"| {name} | {quality} | {cost} | {against} |"


def _difference(row: Mapping[str, Any]) -> str:
    ends = f"{wording.signed(row['low'])} to {wording.signed(row['high'])}"
    return f"{wording.signed(row['difference'])} ({ends})"


def draw(at_work: pd.DataFrame, off: pd.DataFrame) -> Figure:
    """The cost of each variant as a dot, the mechanism at work above, turned off below."""
    rows = pd.concat([at_work, off], ignore_index=True)
    places = np.arange(len(rows))[::-1].astype(float)
    places[: len(at_work)] += 0.5
    with style.applied():
        figure = Figure(figsize=(style.WIDE * 0.8, 2.5), layout="constrained")
        axes = figure.add_subplot()
        style.bare(axes)
        colours = [style.LIGHT["run"]] * len(at_work) + [style.LIGHT["twin"]] * len(off)
        axes.hlines(places, 0, rows["outcome"], color=style.LIGHT["hair"], linewidth=1)
        axes.scatter(rows["outcome"], places, color=colours, zorder=3)
        for place, cost in zip(places, rows["outcome"], strict=True):
            axes.annotate(
                wording.number(cost), (cost, place), xytext=(7, 0), textcoords="offset points",
                va="center", fontsize=8.5,
            )  # fmt: skip
        axes.set_yticks(places, rows["step"])
        axes.set_xlim(0, rows["outcome"].max() * 1.15)
        axes.set_xticks([])
        axes.set_title(
            "Cost of all outcomes, EUR (off: mechanism turned off)", loc="left", fontsize=9
        )
    return figure


def worth(name: str, claim: str) -> str:
    """What a point of each model's quality is worth."""
    found = mlsim.gains(FOLDER / f"{name}.yaml", replications=RUNS, level=LEVEL)
    title = mlsim.load(FOLDER / f"{name}.yaml").spec.title
    (FOLDER / "figures" / f"{name}.png").write_bytes(png(found.plot()))
    rows = [
        f"| {row['model']} | {row['quality']:.3f} | {wording.signed(row['per_point'])} "
        f"({wording.signed(row['low'])} to {wording.signed(row['high'])}) |"
        for row in found.table.to_dict("records")
    ]
    return (
        "\n".join(
            [
                f"\n## {title}\n\n{claim} Where is work worth most?\n",
                f"    mlsim gains scenarios/chains/{name}.yaml",
                f"\n![Change of the cost per point of quality](figures/{name}.png)\n",
                "| model | local quality | cost per point (0.01) of it, EUR |\n| --- | --- | --- |",
                *rows,
            ]
        )
        + "\n"
    )


if __name__ == "__main__":
    page = [HEAD.format(runs=RUNS, level=LEVEL)]
    page += [section(Chain(name, claim)) for name, claim in CLAIMS.items()]
    page += [worth(name, claim) for name, claim in WORTH.items()]
    (FOLDER / "README.md").write_text("".join(page), encoding="utf-8")
