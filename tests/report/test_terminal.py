"""The answer on one screen."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from mlsim.report.terminal import show
from tests.report import runs


def printed(summary: dict[str, Any], *, terminal: bool = False, width: int = 80) -> str:
    text = io.StringIO()
    console = Console(file=text, width=width, height=24, force_terminal=terminal)
    show(summary, console, Path("reports/covid_app/20201130T000000Z-3f9c2ab1"))
    return text.getvalue()


@pytest.mark.parametrize(
    "faults", [(), (runs.UNIT_CHANGE,), (runs.UNIT_CHANGE, runs.STALE_MODEL), (runs.TOO_LATE,)]
)
def test_fits_a_screen_of_80_by_24(tmp_path: Path, faults: tuple[runs.Broken, ...]):
    """One line is left for the prompt."""
    lines = printed(runs.summary(tmp_path, *faults), terminal=False).splitlines()
    assert len(lines) <= 23
    assert max(map(len, lines)) <= 80


def test_answers_in_order(tmp_path: Path):
    text = printed(runs.summary(tmp_path, runs.UNIT_CHANGE))
    order = ("What broke", "Who noticed", "What it cost", "Outcome", "Written to")
    places = [text.index(words) for words in order]
    assert places == sorted(places)


@pytest.mark.parametrize(("title", "lines"), [("Short", 1), ("The health app of a town" * 2, 2)])
def test_what_was_run_stands_in_a_line_of_its_own_if_there_is_no_room_beside_the_title(
    tmp_path: Path, title: str, lines: int
):
    summary = runs.summary(tmp_path, runs.UNIT_CHANGE)
    summary["scenario"]["title"] = title
    facts = "28 d, 3.63 million requests, seed 7"
    assert printed(summary).splitlines()[:lines] == (
        [f"{title}  {facts}"] if lines == 1 else [title, facts]
    )


def test_plain_when_piped(tmp_path: Path):
    text = printed(runs.summary(tmp_path, runs.UNIT_CHANGE))
    assert text.isascii()
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_coloured_on_a_terminal(tmp_path: Path):
    assert "\x1b[1m" in printed(runs.summary(tmp_path, runs.UNIT_CHANGE), terminal=True)


def test_brackets_in_a_title_are_text(tmp_path: Path):
    """Rich would take them for markup and drop them."""
    summary = runs.summary(tmp_path, runs.UNIT_CHANGE)
    summary["faults"][0]["title"] = "phone sends [bold] in [fahrenheit]"
    assert "Phone sends [bold] in [fahrenheit]" in printed(summary)


def test_an_outcome_without_a_unit_has_no_empty_brackets(tmp_path: Path):
    summary = runs.summary(tmp_path, runs.UNIT_CHANGE)
    summary["outcomes"][0]["unit"] = ""
    assert "()" not in printed(summary)


def test_without_a_twin_only_the_run_is_shown(tmp_path: Path):
    text = printed(runs.summary(tmp_path, runs.UNIT_CHANGE, twin=False))
    assert "Difference" not in text
    assert "7,836" in text


@pytest.mark.parametrize("faults", [(), (replace(runs.UNIT_CHANGE, at_s=99 * runs.DAY),)])
def test_where_nothing_broke_there_is_no_other_world_to_show(
    tmp_path: Path, faults: tuple[runs.Broken, ...]
):
    text = printed(runs.summary(tmp_path, *faults))
    assert "Twin" not in text
    assert text.split("Outcome")[1].split()[0] == "Run"


def test_path_is_never_broken(tmp_path: Path):
    text = printed(runs.summary(tmp_path, runs.UNIT_CHANGE), width=40)
    assert "reports/covid_app/20201130T000000Z-3f9c2ab1/" in text


def test_says_who_watched_and_how_often_people_were_called(tmp_path: Path):
    summary = runs.summary(tmp_path, runs.UNIT_CHANGE)
    summary["monitoring"] |= {
        "file": "ops_only.yml",
        "rules": 4,
        "checks": 1,
        "pages": 0,
        "tickets": 0,
    }
    words = "ops_only.yml: 4 rules, 1 check; 0 pages, 0 tickets; 3 false alarms in the twin"
    assert words in " ".join(printed(summary, width=120).split())


def test_an_alert_of_a_world_that_load_alone_overloads_is_not_called_false(tmp_path: Path):
    found = runs.summary(tmp_path, runs.UNIT_CHANGE)
    assert "false alarms in the twin" in " ".join(printed(found).split())
    found["overloaded_twin"] = ["gateway"]
    words = " ".join(printed(found).split())
    assert "3 alerts in the twin" in words
    assert "false" not in words


def test_without_a_fault_nothing_is_called_a_false_alarm(tmp_path: Path):
    assert "false" not in printed(runs.summary(tmp_path)).lower()
