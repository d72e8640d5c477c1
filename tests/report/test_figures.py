"""The figures: everything on the paper, legible in both lights, the same every time."""

import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from mlsim.report import folder, style
from mlsim.report.figures import catalogue, cost, files, timeline
from mlsim.report.figures.graph import picture
from mlsim.report.figures.panels import Panels
from tests.report import runs

QUEUES = tuple(
    runs.Broken(
        f"queue_shrinks_{n}",
        f"the gateway's queue limit falls to a tenth of what it was, number {n}",
        "gateway",
        (3 + 7 * n) * runs.DAY,
        (5 + 7 * n) * runs.DAY if n < 3 else None,
        None,
        (10.0, 20.0, 30.0, 4.0),
        {"HighLatency": 2 * runs.HOUR * (n + 1), runs.LONG_RULES[n][0]: 4.5 * runs.DAY},
    )
    for n in range(4)
)
VARIANTS = {
    "one": {"faults": (runs.UNIT_CHANGE,)},
    "two": {"faults": (runs.UNIT_CHANGE, runs.STALE_MODEL)},
    "late": {"faults": (runs.TOO_LATE,)},
    "none": {"faults": ()},
    "crowded": {
        "faults": (runs.UNIT_CHANGE, *QUEUES),
        "rules": (*runs.RULES, *runs.LONG_RULES),
    },
}


@pytest.fixture(scope="module", params=VARIANTS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    return folder.read(runs.write(tmp_path_factory.mktemp("run"), **VARIANTS[request.param]))


@pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
def test_no_word_leaves_the_paper_or_covers_another(run: folder.RunFolder, width: float):
    """Measured by matplotlib's own renderer, not by the estimate that places the words."""
    for shown in catalogue.shown(run):
        assert_words_have_room(shown.draw(run, width), shown.name)


def assert_words_have_room(figure: Figure, name: str) -> None:
    boxes = extents(figure)
    for text, box in boxes:
        assert inside(figure, box), (name, text)
    for (text, box), (other, its) in combinations(boxes, 2):
        assert not box.padded(-1.0).overlaps(its.padded(-1.0)), (name, text, other)


def extents(figure: Figure) -> list[tuple[str, Bbox]]:
    """What is written on a figure and where; a tick outside the axes exists but is not drawn."""
    written: list[Text] = []
    draw = Text.draw

    def record(text: Text, renderer: RendererBase) -> None:
        written.append(text)
        draw(text, renderer)

    canvas = FigureCanvasAgg(figure)
    with mock.patch.object(Text, "draw", record):
        canvas.draw()
    # Of an annotation only the words, not the line that leads from them.
    renderer = canvas.get_renderer()
    return [
        (t.get_text(), Text.get_window_extent(t, renderer))
        for t in written
        if t.get_visible() and t.get_text()
    ]


def inside(figure: Figure, box: Bbox) -> bool:
    paper = figure.bbox.padded(1.0)
    return bool(
        paper.x0 <= box.x0 and box.x1 <= paper.x1 and paper.y0 <= box.y0 and box.y1 <= paper.y1
    )


def test_every_colour_has_a_role(run: folder.RunFolder):
    """Else it would not change in the dark."""
    for shown in catalogue.shown(run):
        svg = files.inline(shown.draw(run, style.WIDE), shown.name, shown.title)
        assert not re.findall(r"#[0-9a-f]{6}", svg), shown.name


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.1 defines it."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [style.LIGHT, style.DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("words", "ground"),
    [
        ("ink", "paper"),
        *((words, f"band-{n}") for words in ("ink", "muted") for n in (1, 2, 3, 4)),
        ("ink", "node"),
        ("ink", "gap"),
        ("muted", "paper"),
        ("muted", "node"),
        *((f"fault-{n}", "paper") for n in (2, 3, 4)),
        ("run", "paper"),
        ("caught-ink", "caught"),
    ],
)
def test_words_stand_out(palette: dict[str, str], words: str, ground: str):
    """Contrast of at least 4.5 to 1, as WCAG AA asks; 3 to 1 for the coloured words and marks."""
    light, dark = sorted((luminance(palette[words]), luminance(palette[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= (3.0 if words[:5] in ("fault", "run") else 4.5)


def test_both_palettes_have_the_same_roles_and_no_colour_twice():
    assert style.LIGHT.keys() == style.DARK.keys()
    assert len(set(style.LIGHT.values())) == len(style.LIGHT)


def test_style_leaves_matplotlib_as_it_was(run: folder.RunFolder):
    before = dict(mpl.rcParams)
    for shown in catalogue.shown(run):
        files.svg(shown.draw(run, style.WIDE), shown.name)
    assert dict(mpl.rcParams) == before


def test_files_are_the_same_every_time(tmp_path: Path):
    run = folder.read(runs.write(tmp_path, (runs.UNIT_CHANGE, runs.STALE_MODEL)))
    for place in ("a", "b"):
        files.save(run, catalogue.shown(run), tmp_path / place)
    first = sorted((tmp_path / "a").iterdir())
    assert {path.suffix for path in first} == {".png", ".svg"}
    for path in first:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_nothing_to_show_is_not_shown(tmp_path: Path):
    bare = folder.read(runs.write(tmp_path, (), monitored=False))
    assert [shown.name for shown in catalogue.shown(bare)] == ["timeline", "graph", "models"]


def test_without_a_twin_no_scorecard_and_no_cost(tmp_path: Path):
    alone = folder.read(runs.write(tmp_path, twin=False))
    assert [shown.name for shown in catalogue.shown(alone)] == ["timeline", "graph", "models"]


def test_what_a_fault_saves_is_told_as_saved(tmp_path: Path):
    lucky = replace(runs.UNIT_CHANGE, daily=(-170.0, 0.0, 0.0, 0.0))
    words = [text for text, _ in extents(cost.draw(folder.read(runs.write(tmp_path, (lucky,)))))]
    assert "unit_change: cost so far, EUR (below 0: saved)" in words
    [by_then] = [text for text in words if "by then" in text]
    assert by_then.endswith("EUR saved by then")
    assert "-" not in by_then


@pytest.mark.parametrize("minutes", [5, 30, 100, 24 * 60, 3 * 365 * 24 * 60])
@pytest.mark.parametrize(("width", "most"), [(style.WIDE, 16), (style.NARROW, 8)])
def test_time_has_ticks_however_short_a_run_is(minutes: int, width: float, most: int):
    run: Any = SimpleNamespace(horizon_s=60.0 * minutes, start=None)
    [axes] = Panels(run, width, [1.0], named=[])
    assert 3 <= len(axes.get_xticks()) <= most


def test_ticks_of_a_run_that_begins_at_no_midnight_tell_the_time():
    run: Any = SimpleNamespace(horizon_s=2700.0, start="2024-11-29T17:00:00Z")
    [axes] = Panels(run, style.WIDE, [1.0], named=[])
    first, *_, last = (label.get_text() for label in axes.get_xticklabels())
    assert (first, last, axes.get_xlabel()) == ("17:00\n29 Nov", "17:45", "time and date (UTC)")


def test_wide_layer_is_squeezed_onto_a_phone():
    nodes = [{"name": f"model_{i}", "kind": "model"} for i in range(8)]
    edges = [{"from": "model_0", "to": f"model_{i}", "aside": False} for i in range(1, 8)]
    figure = picture({"nodes": nodes, "edges": edges}, style.NARROW)
    assert all(inside(figure, box) for _, box in extents(figure))


def test_alerts_of_several_series_at_once_are_not_told_as_times(tmp_path: Path):
    """Two models that are too old at the same time are two series, each fired once."""
    run = folder.read(runs.write(tmp_path))
    found = run.alerts[(run.alerts["rule"] == "InputDrift") & (run.alerts["world"] != "twin")]
    first = found.iloc[[0]]
    others = run.alerts[run.alerts["rule"] != "InputDrift"]
    both = pd.concat([others, first, first.assign(labels='{model="another"}')], ignore_index=True)
    figure = timeline.draw(replace(run, alerts=both))
    assert "InputDrift (ticket, 2 series)" in [text for text, _ in extents(figure)]
