"""A package, not only a folder: Ciw, which benchmarks compare with, installs one of this name."""
