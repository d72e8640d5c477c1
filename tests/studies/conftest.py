"""Scenarios that take a tenth of a second."""

from pathlib import Path

import pytest

from tests.desk import written


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A desk that is closed for ten minutes, watched by watch.yml; slow.yml looks away longer."""
    return written(tmp_path)
