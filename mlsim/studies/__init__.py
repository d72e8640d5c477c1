"""Running: one world, or many at the same time."""

from pathlib import Path

BELOW = Path("reports") / "studies"
"""Where the folders of studies are, if nobody names another place."""
