"""What the README shows is what happens."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from mlsim import api
from mlsim.report import terminal

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"\d[\d,]*")


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)
    return [text for marked, text in fenced if marked == language]


def test_its_scenario_is_the_file_that_it_names():
    comment, _, scenario = (ROOT / "scenarios/fever.yaml").read_text().partition("\n")
    assert comment.startswith("#")
    assert blocks("yaml") == [scenario]


def test_its_output_is_what_the_scenario_prints():
    """Words to the letter; numbers within 1%, as a learned model may differ between machines."""
    [shown] = [block for block in blocks("") if block.startswith("fever")]
    printed = screen(api.load(ROOT / "scenarios" / "fever.yaml").run())
    assert words(printed) == words(shown)
    assert numbers(printed) == pytest.approx(numbers(shown), rel=0.01)


def screen(run: api.Run) -> str:
    console = Console(file=io.StringIO(), width=80)
    terminal.show(run.summary, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def words(text: str) -> list[str]:
    return NUMBER.sub("#", text).split()


def numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


def test_its_links_lead_somewhere():
    """The picture's folder is made by the run that is kept as the example."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    missing = [link for link in links if not (ROOT / link).exists()]
    assert [link for link in missing if not link.startswith("reports/example/")] == []
