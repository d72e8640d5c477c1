"""Every kind has an example that is valid, and a page that says what its class says."""

import importlib.util
from pathlib import Path

import pytest

from mlsim.cli.catalogue import catalogue
from mlsim.scenario.kinds import Spec, describe
from mlsim.scenario.nodes import read_nodes

DOCS = Path(__file__).parents[2] / "docs"
KINDS = [(name, cls) for known in catalogue().values() for name, cls in known.items()]


def generator():
    """docs/generate.py, which is no module of the package."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "cls"), KINDS, ids=[name for name, _ in KINDS])
def test_a_kind_is_read_from_its_example(name: str, cls: type[Spec]):
    node, flaws = read_nodes(cls.example)
    assert not flaws
    assert cls.model_validate(node.plain()).kind == name


@pytest.mark.parametrize(("name", "cls"), KINDS, ids=[name for name, _ in KINDS])
def test_a_kind_explains_itself_and_its_keys(name: str, cls: type[Spec]):
    assert cls.__doc__
    assert [field.key for field in describe(cls) if not field.doc] == []


def test_pages_are_up_to_date():
    """After a change of a kind, `make docs` writes them anew."""
    stale = [
        str(path.relative_to(DOCS))
        for path, text in generator().pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run `make docs`"


def test_no_page_is_left_of_a_kind_that_is_no_more():
    written = set(DOCS.glob("kinds/*/*.md"))
    assert written <= set(generator().pages())
