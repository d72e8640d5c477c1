"""What the README shows is what happens."""

import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mlsim import api
from mlsim.report import terminal, wording

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "reports" / "example"
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
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_its_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """In another folder, as it writes a report."""
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.chdir(tmp_path)
    [code] = blocks("python")
    exec(code, {})
    assert (tmp_path / "report.html").exists()


def test_the_kept_example_is_a_run_of_the_scenario_as_it_stands():
    """`make example` makes it anew where it is not."""
    origin = json.loads((EXAMPLE / "run.json").read_text())
    scenario = api.load(ROOT / "scenarios" / "covid_app.yaml").spec
    assert (origin["hash"], origin["seed"], origin["settings"]) == (scenario.hash, 7, {})


def test_its_table_says_what_the_kept_example_says():
    summary = json.loads((EXAMPLE / "summary.json").read_text())
    assert table()["with_data_checks.yml"] == comparison(summary)
    first = summary["faults"][0]["cost"]["before_alert"]
    assert f"{wording.money(first, 'EUR')};" in README


@pytest.mark.long
@pytest.mark.parametrize("name", ["ops_only.yml", "with_data_checks.yml", "with_rollback.yml"])
def test_its_table_says_what_runs_say(name: str):
    """Words to the letter; numbers within 1%, as a learned model may differ between machines."""
    scenario = api.load(
        ROOT / "scenarios/covid_app.yaml", monitoring=ROOT / "scenarios/monitoring" / name
    )
    found, shown = " | ".join(comparison(scenario.run().summary)), " | ".join(table()[name])
    assert words(found) == words(shown)
    assert numbers(found) == pytest.approx(numbers(shown), rel=0.01)


def table() -> dict[str, list[str]]:
    """What the comparison says of each monitoring file."""
    rows = re.findall(r"^\| \[`(\w+\.yml)`\][^|]*\| (.*) \|$", README, flags=re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in rows}


def comparison(summary: Mapping[str, Any]) -> list[str]:
    """A row of that table: both faults noticed, pages, tickets, and what the faults cost."""
    noticed = [fault["detected"] for fault in summary["faults"]]
    cost = sum(outcome["cost_difference"] for outcome in summary["outcomes"])
    return [
        *(f"after {wording.duration(by['time_to_detect_s'])}" if by else "never" for by in noticed),
        str(summary["monitoring"]["pages"]),
        str(summary["monitoring"]["tickets"]),
        wording.about(cost, "EUR"),
    ]
