"""Every mistake has a file, named after it, whose first lines say what must be told of it."""

from pathlib import Path

import pytest

from mlsim.errors import ScenarioError
from mlsim.scenario.load import load

MISTAKES = sorted((Path(__file__).parent / "mistakes").glob("*.yaml"))


@pytest.mark.parametrize("file", MISTAKES, ids=lambda file: file.stem)
def test_mistake_is_told_with_its_line_its_place_and_what_was_expected(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(file.parent)
    expected = [line[2:] for line in file.read_text().splitlines() if line.startswith("# ")]
    with pytest.raises(ScenarioError) as caught:
        load(file.name)
    assert [str(p).removeprefix(f"{file.name}:") for p in caught.value.problems] == expected


def test_there_are_as_many_mistakes_as_were_thought_of():
    """A file that isn't found would silently test nothing."""
    assert len(MISTAKES) == 126
