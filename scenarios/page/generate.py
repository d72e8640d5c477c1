"""Runs the scenarios of load and overload and writes README.md of them: `make load`.

Each has a file of its own here, whose STORY says what to run and what to show of it. To add one,
write that file and name it in `NAMES`.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path

from story import Runs, Story

import mlsim
from mlsim.report import style

NAMES = ("load_spike", "retry_storm", "fan_out", "cascade", "gpu_serving")
SCENARIOS = Path(__file__).parents[1]
PAGE, FIGURES = SCENARIOS / "README.md", SCENARIOS / "figures"
AS_IT_IS = "as it is"

HEAD = """\
# Load and overload

Generated from runs by `make load`; don't edit. Each scenario is run as it is, and with one thing
changed; `mlsim run scenarios/NAME.yaml --set PATH=VALUE` does the same. All runs of a scenario have
the same seed, so the same people with the same luck.

(`covid_app.yaml` is the scenario of the [README](../README.md), and [silent/](silent/README.md) has
a small one for every fault.)
"""


def stories() -> list[Story]:
    """All stories, in the order of the page."""
    return [importlib.import_module(name).STORY for name in NAMES]


def runs_of(story: Story, names: Sequence[str] | None = None) -> Runs:
    """The runs of a story's variants, or of some of them, by name."""
    scenario = mlsim.load(SCENARIOS / f"{story.name}.yaml")
    variants = {AS_IT_IS: {}, **story.variants}
    chosen = variants if names is None else {name: variants[name] for name in names}
    return {name: scenario.with_(settings).run() for name, settings in chosen.items()}


def row(story: Story, name: str, run: mlsim.Run) -> str:
    """A line of a story's table."""
    settings = story.variants.get(name, {})
    changed = "<br>".join(f"`{path}={_plain(value)}`" for path, value in settings.items())
    return _line([name, changed, *(say(run) for say in story.columns.values())])


def section(story: Story, rows: Sequence[str]) -> str:
    """A story's part of the page."""
    head = ["variant", "`--set`", *story.columns]
    table = "\n".join([_line(head), _line(["---"] * len(head)), *rows])
    picture = f"![{story.title}](figures/{story.name}.png)"
    title = f"## {story.title}: [{story.name}.yaml]({story.name}.yaml)"
    parts = [title, story.before, picture, table, story.after]
    return "\n" + "\n\n".join(part.strip() for part in parts) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def main() -> None:
    """Run them all, and write the page and its figures."""
    FIGURES.mkdir(exist_ok=True)
    parts = [HEAD]
    for story in stories():
        runs = runs_of(story)
        with style.applied():
            figure = story.draw(runs)
            target = FIGURES / f"{story.name}.png"
            figure.savefig(target, dpi=140, metadata={"Software": None})
        parts.append(section(story, [row(story, name, run) for name, run in runs.items()]))
    PAGE.write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
