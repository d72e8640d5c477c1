"""The engine: random draws that belong to somebody, arrivals, and a compiled kernel that moves.

`Clock` (a SimPy environment) drives a `Network` (the kernel's Python face); `draws` are its luck.
"""

from mlsim.engine.warming import compiled, warm

__all__ = ["compiled", "warm"]
