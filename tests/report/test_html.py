"""The page: complete by itself, the same bytes every time, and without errors in a browser."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

import mlsim
from mlsim.cli.app import app
from mlsim.report import folder
from mlsim.report.figures.catalogue import shown
from mlsim.report.html import page
from mlsim.report.shown_run import as_folder
from mlsim.report.write import write_report
from tests import desk
from tests.report import runs

CHROMIUM = shutil.which("chromium")
BROWSER = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--allow-file-access-from-files",
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = runs.write(tmp_path_factory.mktemp("run"), (runs.UNIT_CHANGE, runs.STALE_MODEL))
    write_report(run)
    return run / "report.html"


def test_same_run_same_bytes_in_another_process_and_folder(report: Path, tmp_path: Path):
    """Neither the folder's name, nor the order of Python's sets, nor the time may leave a trace."""
    other = runs.write(tmp_path / "elsewhere", (runs.UNIT_CHANGE, runs.STALE_MODEL))
    code = "import sys, pathlib, mlsim.report.write as w; w.write_report(pathlib.Path(sys.argv[1]))"
    environment = os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-c", code, str(other)], check=True, env=environment)
    for path in (report, *sorted((report.parent / "figures").iterdir())):
        assert path.read_bytes() == (other / path.relative_to(report.parent)).read_bytes()


def test_says_that_the_twin_keeps_the_series_that_are_others(report: Path, tmp_path: Path):
    assert "worlds/twin/telemetry.parquet" in report.read_text(encoding="utf-8")
    alone = runs.write(tmp_path, (runs.UNIT_CHANGE,), twin=False)
    write_report(alone)
    text = (alone / "report.html").read_text(encoding="utf-8")
    assert "<code>telemetry.parquet</code>" in text
    assert "worlds/" not in text


def test_needs_no_network(report: Path):
    """The only addresses are the names of XML's vocabularies."""
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", report.read_text(encoding="utf-8"))
    assert not re.findall(r"(?:https?:)?//[\w.]+", text)
    assert not re.findall(r"<(?:script|link(?! rel=\"icon\")|img|iframe)\b", text)


def test_is_small_enough_to_forward(report: Path):
    assert report.stat().st_size < 600_000


def test_ids_are_unique(report: Path):
    """Figures are drawn apart and share a page: none may take another's clip path for its own."""
    ids = re.findall(r'\bid="([^"]+)"', report.read_text(encoding="utf-8"))
    assert len(ids) == len(set(ids))


def test_every_reference_has_its_target(report: Path):
    text = report.read_text(encoding="utf-8")
    ids = set(re.findall(r'\bid="([^"]+)"', text))
    assert set(re.findall(r'(?:url\(#|href="#)([^)"]+)', text)) <= ids


def test_elements_are_closed_in_order(report: Path):
    open_now: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in ("meta", "link"):
                open_now.append(tag)

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert open_now.pop() == tag

    Reader().feed(report.read_text(encoding="utf-8"))
    assert not open_now


def test_titles_are_text_not_markup(tmp_path: Path):
    run = runs.write(tmp_path)
    summary = run / "summary.json"
    summary.write_text(summary.read_text().replace("in fahrenheit", "<script>alert(1)</script>"))
    told = folder.read(run)
    text = page(told, shown(told))
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_says_how_to_repeat_it_but_not_how_long_it_took(report: Path):
    text = report.read_text(encoding="utf-8")
    repeat = "mlsim run inputs/scenario/covid_app.yaml --seed 7 --set load.check_ups.rate=3/s"
    assert repeat in text
    assert "3f9c2ab1d0e4" in text
    assert "4711.25" not in text


@pytest.mark.parametrize("settings", [{}, {"seed": "3"}, {"load.jobs.rate": "0.4/s"}])
def test_the_command_makes_the_same_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
):
    """Under the same hash, though watched by another file than the scenario's own."""
    file = desk.written(tmp_path)
    file.write_text(file.read_text().replace("seed: 11\n", ""))
    scenario = mlsim.load(file, settings, tmp_path / "slow.yml")
    first = scenario.run().write(tmp_path / "reports")
    told = (first / "report.html").read_text(encoding="utf-8")
    command = shlex.split(re.search(r"<pre>mlsim (.*?)</pre>", told)[1])
    monkeypatch.chdir(first)
    assert CliRunner().invoke(app, [*command, "--out", "again"]).exit_code == 0
    again = first / "again" / "latest"
    for name in ("summary.json", "outcomes.csv", "alerts.csv", "report.html"):
        assert (again / name).read_bytes() == (first / name).read_bytes()


def test_says_if_the_hash_does_not_cover_the_seed(tmp_path: Path):
    scenario = mlsim.load(desk.written(tmp_path))
    for run, is_covered in ((scenario.run(), True), (scenario.run(seed=5), False)):
        text = page(as_folder(run.findings, 0.0), [])
        assert ("another seed was given from Python" not in text) == is_covered
        assert ("--seed" in text) != is_covered


@pytest.mark.parametrize(
    "variant",
    [
        {"faults": ()},
        {"faults": (runs.UNNOTICED,), "monitored": False},
        {"twin": False},
        {"priced": False},
        {"start": None},
        {"days": 2},
        {"faults": (runs.TOO_LATE,)},
    ],
    ids=str,
)
def test_every_outcome_of_a_run_makes_a_page(tmp_path: Path, variant: dict):
    run = folder.read(runs.write(tmp_path, **variant))
    text = page(run, shown(run))
    assert "What broke" in text
    assert not re.search(r">[^<]*\b(None|nan|NaN|Undefined)\b[^<]*<", text)


FRAMES = """
<body style="margin: 0; background: red">
<iframe width=1200 height=700 style="color-scheme: light; border: 0; display: block"
  src="{page}"></iframe>
<iframe width=1200 height=700 style="color-scheme: dark; border: 0; display: block"
  src="{page}"></iframe>
<iframe width=390 height=700 style="border: 0; display: block" src="{page}"
  onload="if (this.contentDocument.documentElement.scrollWidth == 390)
    document.body.style.background = 'lime'"></iframe>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_browser_shows_the_page_in_both_lights_and_on_a_phone_without_an_error(
    report: Path, tmp_path: Path
):
    """In three frames of one page, as a browser takes long to start; lime: nothing is too wide."""
    frames, picture = tmp_path / "frames.html", tmp_path / "frames.png"
    frames.write_text(FRAMES.format(page=report.as_uri()))
    options = [f"--user-data-dir={tmp_path}", f"--screenshot={picture}", "--window-size=1200,2100"]
    command = [str(CHROMIUM), *BROWSER, *options, frames.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert "CONSOLE" not in done.stderr
    pixels = Image.open(picture).convert("RGB")
    assert pixels.size == (1200, 2100)
    assert pixels.getpixel((5, 5)) > (200, 200, 200)
    assert pixels.getpixel((5, 705)) < (60, 60, 60)
    assert pixels.getpixel((800, 1750)) == (0, 255, 0)
    assert len(pixels.convert("L").getcolors()) > 100
