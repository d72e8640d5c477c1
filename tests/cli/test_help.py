"""What a stranger reads first: the help of every command, and the version."""

import re
import tomllib
from pathlib import Path

import pytest

from mlsim.cli.app import COMMANDS
from mlsim.cli.exercise import exercise

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))


def words_of(command) -> list[str]:
    return ["exercise", command.name or command.callback.__name__]


@pytest.mark.parametrize(
    "words",
    [
        [],
        *([c.__name__] for c in COMMANDS),
        ["exercise"],
        *map(words_of, exercise.registered_commands),
    ],
    ids=" ".join,
)
def test_help_shows_no_types_and_no_braces(mlsim, words):
    """Typer's own `--help <bool>`, `FILE <path>` and `{FILE}` tell a reader nothing."""
    shown = mlsim(*words, "--help")
    assert shown.returncode == 0
    assert " ".join(["Usage: mlsim", *words]) in shown.stdout
    assert re.findall(r"<(?!scenario>)\S+>|[{}]", shown.stdout) == []


def test_an_argument_that_is_missing_is_called_as_in_the_help(mlsim):
    shown = mlsim("compare", "shop.yaml")
    assert shown.returncode == 2
    assert "Usage: mlsim compare [OPTIONS] FILE VARIANT..." in shown.stderr
    assert "Missing argument 'VARIANT'" in shown.stderr


def test_the_version_is_that_of_the_project(mlsim):
    shown = mlsim("--version")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == f"mlsim {PROJECT['project']['version']}\n"
