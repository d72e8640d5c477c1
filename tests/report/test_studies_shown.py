"""Studies as people see them: figures, pages, and tables in notebooks."""

from pathlib import Path
from xml.etree import ElementTree as Tree

import pandas as pd
import pytest
from matplotlib.figure import Figure
from rich.console import Console

import mlsim
from mlsim.report import comparison_text
from mlsim.report.coverage import Coverage
from mlsim.report.study_page import page
from mlsim.report.study_text import show
from mlsim.studies.choosing import UnknownMeasure
from mlsim.studies.plan import read_plan
from tests.desk import written


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory):
    desk = written(tmp_path_factory.mktemp("desk"))
    variants = {"as it is": None, "busy": {"load.jobs.rate": "0.6/s"}}
    vary = {"load.jobs.rate": "0.3/s..0.6/s:2", "monitoring.rules.Down.for": ["1m", "5m"]}
    return {
        "comparison": mlsim.compare(desk, variants, replications=3),
        "coverage": mlsim.coverage(desk, replications=3),
        "sweep": mlsim.sweep(desk, vary, replications=2),
    }


@pytest.mark.parametrize("kind", ["comparison", "coverage", "sweep"])
def test_results_show_themselves(results, kind: str):
    result = results[kind]
    assert isinstance(result.plot(), Figure)
    assert result.plot()._repr_png_().startswith(b"\x89PNG")
    assert "<table" in result._repr_html_()


@pytest.mark.parametrize("kind", ["comparison", "coverage", "sweep"])
def test_the_page_has_the_figure_and_needs_no_network(results, kind: str):
    html = page(results[kind], "Who <notices>?", "mlsim study --resume asked")
    assert "<svg" in html
    assert "Who &lt;notices&gt;?" in html
    assert "mlsim study --resume asked" in html
    assert "http" not in html.replace("http://www.w3.org", "")
    assert page(results[kind], "Who <notices>?", "mlsim study --resume asked") == html
    Tree.fromstring("<svg" + html.split("<svg", 1)[1].split("</svg>")[0] + "</svg>")


def test_a_measure_of_a_sweep_is_plotted_by_name(results):
    assert isinstance(results["sweep"].plot("unnoticed.crash"), Figure)
    with pytest.raises(UnknownMeasure, match=r"did you mean 'unnoticed.crash'"):
        results["sweep"].plot("unnoticed.crsh")


def test_a_comparison_fits_a_screen_whatever_its_variants_are_called(tmp_path: Path):
    """And the legend of its figure covers none of the points."""
    name = "a variant with a name that takes half a screen"
    variants = {"as it is": None, name: {"load.jobs.rate": "0.6/s"}, "less": {"seed": 3}}
    comparison = mlsim.compare(written(tmp_path), variants, replications=3)
    console = Console(width=80, no_color=True)
    with console.capture() as captured:
        show(comparison, console)
    heads = [line for line in captured.get().splitlines() if line.startswith("Measure")]
    assert [head.split()[-1] for head in heads] == ["Sign", "Sign"]
    assert captured.get().split().count("Interval") == 2
    figure = comparison.plot()
    figure.canvas.draw()
    [axes] = figure.axes
    legend = axes.get_legend()
    assert legend is not None
    assert not legend.get_window_extent().overlaps(axes.bbox.shrunk(0.99, 0.99))


def test_a_coverage_says_intervals_and_who_meets_what(results):
    """A screen has 100 columns; Wilson's interval of 3 of 3 is 44% to 100%."""
    shown = Coverage(
        results["coverage"].replications, requirements=("detected > 0.9", "median < 1s")
    )
    console = Console(width=100)
    with console.capture() as captured:
        show(shown, console)
    text = captured.get()
    assert "100% (44 to 100%)" in text
    assert "Met: detected > 0.9 by crash" in text
    assert "Unmet: crash: median < 1s: median = 0." in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_study_writes_its_page_and_figure(tmp_path: Path):
    desk = written(tmp_path)
    file = tmp_path / "study.yaml"
    file.write_text(f"study: covered\nkind: coverage\nscenario: {desk.name}\nreplications: 2\n")
    mlsim.study(file, below=tmp_path / "studies")
    names = {path.name for path in (tmp_path / "studies" / "covered").iterdir()}
    assert names == {"study.json", "table.csv", "figure.png", "report.html"}
    html = (tmp_path / "studies" / "covered" / "report.html").read_text()
    asked = html.split("What was asked</h2>\n<pre>")[1].split("</pre>")[0]
    again = tmp_path / "again.yaml"
    again.write_text(asked)
    assert read_plan(again).model_dump() == read_plan(file).model_dump()


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        ([1.0, 0.98], "has saved no runs"),
        ([7.52, 7.48], "have to be 7.5 times as many"),
        ([0.5, 4.0], "have to be 0.5 to 4 times as many"),
        ([0.0, float("inf")], None),
    ],
)
def test_what_pairing_has_saved_is_said_in_as_few_numbers(gains: list[float], said: str | None):
    """0 and inf are of measures that don't vary, or don't differ."""
    text = comparison_text.pairing(pd.DataFrame({"variance_reduction": gains}))
    assert said in text if said else text == ""
