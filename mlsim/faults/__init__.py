"""Faults: each changes one mechanism of the system, and nothing else.

One file per kind; importing the package makes all of them known to the language.
"""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)
