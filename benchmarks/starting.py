"""How long the first run has to wait for machine code, and every later one."""

import os
import subprocess
import sys
import tempfile

PROGRAM = """
from time import process_time
from mlsim.telemetry.warming import warm
began = process_time()
warm()
print(process_time() - began)
"""


def compiling() -> float:
    """CPU seconds to compile all, with an empty cache."""
    return with_cache(tempfile.mkdtemp())


def from_cache() -> float:
    """CPU seconds to read the machine code that an earlier process has left."""
    folder = tempfile.mkdtemp()
    with_cache(folder)
    return with_cache(folder)


def with_cache(folder: str) -> float:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "XDG_CACHE_HOME": folder},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(run.stdout)
