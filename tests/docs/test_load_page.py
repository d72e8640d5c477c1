"""The page on load and overload says what its runs say."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="module")
def generator() -> Iterator[ModuleType]:
    """scenarios/page/generate.py, which is no module of the package."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCENARIOS / "page")
        yield importlib.import_module("generate")


@pytest.fixture(scope="module")
def page() -> str:
    return (SCENARIOS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("load_spike", "start in 15 s"),
        ("retry_storm", "retry budget 10%"),
        ("fan_out", "10 shards"),
        ("cascade", "0.3 to 0.7"),
        ("gpu_serving", "no wait"),
    ],
)
def test_a_line_is_what_a_run_gives(name: str, variant: str, generator: ModuleType, page: str):
    """`make load` writes it anew after a change."""
    [story] = [story for story in generator.stories() if story.name == name]
    [run] = generator.runs_of(story, [variant]).values()
    assert generator.row(story, variant, run) in page.splitlines()


def test_the_page_is_made_of_the_stories(generator: ModuleType, page: str):
    """What stands around the rows, and the picture of each."""
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    bare = [line for line in page.splitlines() if line not in rows]
    for story in generator.stories():
        expected = generator.section(story, []).splitlines()
        assert [line for line in expected if line and not line.startswith("| ")] == [
            line for line in bare if line and line in expected
        ]
        assert (SCENARIOS / "figures" / f"{story.name}.png").stat().st_size > 10_000
    assert page.startswith(generator.HEAD)
