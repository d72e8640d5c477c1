"""A package that names kinds in its entry points adds them to the language, and can check them."""

import os
import subprocess
import sys
from pathlib import Path

KINDS = '''
"""A package of somebody else's: a component, a fault and a check."""

from typing import Literal

import numpy as np

from mlsim.faults.base import fault_kind
from mlsim.faults.families.column import ColumnFault
from mlsim.monitoring.checks.base import ColumnCheck, check_kind
from mlsim.system.base import component_kind
from mlsim.system.server import Served


@component_kind("toll")
class Toll(Served):
    """A gate at which every request waits for a moment."""

    example = "{kind: toll, workers: 2, service_time: exponential(mean=1s)}"
    kind: Literal["toll"] = "toll"


@fault_kind("rounded")
class Rounded(ColumnFault):
    """A column is sent in whole numbers."""

    example = "{kind: rounded, at: 5d, component: phone, column: temperature}"
    kind: Literal["rounded"] = "rounded"

    def alteration(self, system):
        return lambda values, rows: np.round(values)


@check_kind("negative")
class Negative(ColumnCheck):
    """The share of values below 0."""

    width = 2
    example = "{kind: negative, column: change_since_yesterday}"
    kind: Literal["negative"] = "negative"

    def bins(self, values, reference):
        return np.where(np.isnan(values), -1, values < 0).astype(np.int64)

    def statistic(self, counts, reference):
        total = counts.sum(axis=1)
        return np.divide(counts[:, 1], total, out=np.full(len(counts), np.nan), where=total > 0)
'''

ENTRY_POINTS = """
[mlsim.components]
toll = others:Toll

[mlsim.faults]
rounded = others:Rounded

[mlsim.checks]
negative = others:Negative
"""

CONFORM = """
from mlsim.cli.catalogue import catalogue
from mlsim.testing import check_check, check_component, check_fault

kinds = catalogue()
check_component(kinds["component"]["toll"])
check_fault(kinds["fault"]["rounded"])
check_check(kinds["check"]["negative"])
print("conform")
"""


def test_kinds_of_an_installed_package_are_known_and_conform(tmp_path: Path):
    about = tmp_path / "others-1.0.dist-info"
    about.mkdir()
    (tmp_path / "others.py").write_text(KINDS)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", CONFORM],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "conform\n"
