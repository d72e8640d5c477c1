"""Compiled code comes from the cache of exactly these sources."""

import shutil
from pathlib import Path

import pytest

from mlsim import engine
from mlsim.engine import jit


def test_after_warming_the_cache_is_warm():
    assert engine.warm() > 0.0
    assert engine.compiled()


@pytest.mark.parametrize("source", ["portable.py", "state.py"])
def test_a_changed_source_has_a_cache_of_its_own(source, tmp_path, monkeypatch):
    """numba itself would not notice a changed helper or constant in another file."""
    package = tmp_path / "mlsim"
    shutil.copytree(Path(jit.__file__).parent, package / "engine")
    monkeypatch.setattr(jit, "__file__", str(package / "engine" / "jit.py"))
    before = jit._fingerprint()
    changed = package / "engine" / source
    changed.write_text(changed.read_text() + "# changed\n")
    assert jit._fingerprint() != before


@pytest.mark.parametrize("home", ["", "elsewhere"])
def test_the_cache_lives_where_the_user_keeps_caches(home, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", home)
    assert jit._cache_home() == (Path(home) if home else Path.home() / ".cache")
