"""The page on the silent scenarios says what their runs say."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SILENT = Path(__file__).parents[2] / "scenarios" / "silent"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """scenarios/silent/generate.py, which is no module of the package."""
    spec = importlib.util.spec_from_file_location("generate_silent", SILENT / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page() -> str:
    return (SILENT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["sign_flip", "crash"])
def test_a_line_is_what_a_run_gives(name: str, generator: ModuleType, page: str):
    """`make silent` writes it anew after a change."""
    cells = generator.line_of(SILENT / f"{name}.yaml").cells
    assert f"| {' | '.join(cells)} |" in page.splitlines()


def test_every_scenario_has_its_line_and_none_is_left_of_another(page: str):
    listed = [line.split("](")[1].partition(")")[0] for line in page.splitlines() if "| [" in line]
    assert sorted(listed) == sorted(path.name for path in SILENT.glob("*.yaml")), (
        "run `make silent`"
    )


def test_what_stands_around_the_table_is_the_generators(generator: ModuleType, page: str):
    assert page.startswith(generator.HEAD)
    assert [line[3:] for line in page.splitlines() if line[:3] == "## "] == [*generator.SECTIONS]
