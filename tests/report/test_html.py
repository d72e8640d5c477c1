"""The page: complete by itself, the same bytes every time, and without errors in a browser."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from mlsim.report.write import write_report
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
    write_report(run)
    text = (run / "report.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_says_how_to_repeat_it_but_not_how_long_it_took(report: Path):
    text = report.read_text(encoding="utf-8")
    repeat = "mlsim run scenarios/covid_app.yaml --seed 7 --monitoring scenarios/monitoring/"
    assert repeat in text
    assert "3f9c2ab1d0e4" in text
    assert "11.3" not in text


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
    write_report(runs.write(tmp_path, **variant))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What broke" in text
    assert not re.search(r">[^<]*\b(None|nan|NaN|Undefined)\b[^<]*<", text)


def browse(page: Path, profile: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(CHROMIUM), *BROWSER, f"--user-data-dir={profile}", *options, page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_browser_shows_the_page_without_an_error(report: Path, tmp_path: Path, scheme: str):
    picture = tmp_path / "page.png"
    done = browse(
        report,
        tmp_path / "profile",
        f"--screenshot={picture}",
        "--window-size=1200,1600",
        f"--blink-settings=preferredColorScheme={['dark', 'light'].index(scheme)}",
    )
    assert "CONSOLE" not in done.stderr
    pixels = Image.open(picture).convert("L")
    assert pixels.size == (1200, 1600)
    assert (pixels.getpixel((5, 5)) > 128) == (scheme == "light")
    assert len(pixels.getcolors()) > 100


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_nothing_is_wider_than_a_phone(report: Path, tmp_path: Path):
    """Headless windows are never narrower than 500 pixels: a frame is."""
    frame = tmp_path / "phone.html"
    measure = "document.title = 'wide: ' + this.contentDocument.documentElement.scrollWidth"
    frame.write_text(f'<iframe width=390 height=800 src="{report.as_uri()}" onload="{measure}">')
    dom = browse(frame, tmp_path / "profile", "--dump-dom").stdout
    assert re.search(r"<title>wide: (\d+)", dom).group(1) == "390"
