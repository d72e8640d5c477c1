"""Where compiled code is kept: one decorator, one cache folder named by the sources.

numba notices a changed function, but not a changed helper in another file, and then runs stale
code without a word. So the cache folder carries a hash of every source of the package that has
compiled code: change one of them, and everything is compiled again.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])


def _sources() -> list[Path]:
    package = Path(__file__).parent.parent
    return [path for path in sorted(package.rglob("*.py")) if b"@compiled" in path.read_bytes()]


def _fingerprint() -> str:
    digest = hashlib.blake2b(digest_size=8)
    digest.update(f"{sys.version_info[:3]} {numba.__version__} {np.__version__}".encode())
    for path in _sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _cache_home() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return Path(home) if home else Path.home() / ".cache"


CACHE_FOLDER = _cache_home() / "mlsim" / _fingerprint()
"""Machine code of exactly these sources lives here; safe to delete."""

numba.config.CACHE_DIR = str(CACHE_FOLDER)

if numba.config.DISABLE_JIT:
    # Hashes of draws wrap around on purpose; as plain Python, NumPy would warn of each.
    np.seterr(over="ignore")


def compiled(function: Function) -> Function:
    """Compile `function` with numba, keeping IEEE arithmetic as written (no fastmath)."""
    jitted: Function = numba.njit(cache=True)(function)
    return jitted
