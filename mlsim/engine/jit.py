"""Where compiled code is kept: one decorator, one cache folder named by the sources.

numba notices a changed function, but not a changed helper in another file, and then runs stale
code without a word. So the cache folder carries a hash of every source of the package that has
compiled code, or constants for it: change one, and everything is compiled again.
"""

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np

from mlsim.engine.linking import Compiled, PartCompiler, WholeCompiler

Function = TypeVar("Function", bound=Callable[..., Any])


def _sources() -> list[Path]:
    """All of the engine, whose constants are frozen into the code, and who else compiles."""
    engine, mark = Path(__file__).parent, b"mlsim.engine.jit import"
    others = (path for path in engine.parent.rglob("*.py") if mark in path.read_bytes())
    return sorted({*engine.glob("*.py"), *others})


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

_config: Any = numba.config
_config.CACHE_DIR = str(CACHE_FOLDER)

COMPILES = not _config.DISABLE_JIT
"""Else all runs as plain Python, to be looked at in a debugger."""

if not COMPILES:
    # Hashes of draws wrap around on purpose; as plain Python, NumPy would warn of each.
    np.seterr(over="ignore")


_FAITHFUL = {"nopython": True, "error_model": "numpy"}
"""IEEE arithmetic as written: nothing is reordered, and a division by zero gives inf or nan."""

_UNCOUNTED = {**_FAITHFUL, "_nrt": False}
"""Arrays are counted at every touch, which made the kernel ten times slower; code that allocates
nothing can do without the counts."""

_INNER = {**_UNCOUNTED, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Not to be called from Python, and a part of what is: saves half of the time to compile."""


def compiled(function: Function) -> Function:
    """Compile a function on arrays and numbers."""
    return _kept(function, _FAITHFUL)


def kernel_entry(function: Function) -> Function:
    """Compile a function of the kernel that Python calls; it must not allocate."""
    return _kept(function, _UNCOUNTED)


def kernel_step(function: Function) -> Function:
    """Compile a step of the kernel into whoever calls it; it must not allocate.

    For what is short, or on the way that every request takes.
    """
    return _part(function, {**_INNER, "forceinline": True})


def kernel_call(function: Function) -> Function:
    """Compile a step that is rare, long, or called from many places: copies cost the compiler.

    Said expressly, since numba would inline what is first called from a step that is inlined.
    """
    return _part(function, {**_INNER, "forceinline": False})


def _kept(function: Function, how: dict[str, Any]) -> Function:
    if COMPILES:
        jitted: Any = Compiled(function, targetoptions=how, pipeline_class=WholeCompiler)
        jitted.enable_caching()
        function = jitted
    return function


def _part(function: Function, how: dict[str, Any]) -> Function:
    if COMPILES:
        part: Any = Compiled(function, targetoptions=how, pipeline_class=PartCompiler)
        function = part
    return function
