"""Writes a run's report beside its data."""

from pathlib import Path

from mlsim.report import folder as stored
from mlsim.report.figures import files
from mlsim.report.figures.catalogue import shown
from mlsim.report.html import page


def write_report(folder: Path) -> None:
    """Reads a run folder and writes `figures/` and `report.html` into it.

    The same run gives the same bytes. Raises MlsimError where the folder is incomplete.
    """
    run = stored.read(folder)
    pictures = shown(run)
    files.save(run, pictures, folder / "figures")
    (folder / "report.html").write_text(page(run, pictures), encoding="utf-8")
