"""What CONTRIBUTING shows is what works."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

TRY = """
import numpy as np
import lost_decimals
from tests.faults.senders import sent_and_read, with_fault

true, read = sent_and_read(with_fault("lost_decimals", column="temperature"), "temperature")
np.testing.assert_array_equal(read, np.trunc(true))
"""


def test_its_fault_works_as_it_stands(tmp_path: Path):
    """In a process of its own, as every test after it would know the kind, too."""
    [code] = re.findall(r"^```python\n(.*?)^```$", CONTRIBUTING, flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "lost_decimals.py").write_text(code)
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}){TRY}"]
    subprocess.run(command, cwd=ROOT, check=True)


def test_the_files_that_it_names_exist():
    named = re.findall(r"`((?:mlsim|tests|docs|scenarios|\.ci)/[\w./]*)`", CONTRIBUTING)
    made_up = re.compile(r"lost_decimals|experiment|null_share")
    assert [n for n in named if not made_up.search(n) and not (ROOT / n).exists()] == []
    assert len(named) > 20
