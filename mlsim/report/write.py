"""Writes a run's report beside its data."""

from pathlib import Path

from jinja2 import UndefinedError

from mlsim.report import folder as stored
from mlsim.report.figures import files
from mlsim.report.figures.catalogue import shown
from mlsim.report.html import page
from mlsim.report.stored_run import incomplete


def write_report(folder: Path) -> None:
    """Reads a run folder and writes `figures/` and `report.html` into it.

    The same run gives the same bytes. Raises MlsimError where the folder is incomplete.
    """
    run = stored.read(folder)
    pictures = shown(run)
    files.save(run, pictures, folder / "figures")
    (folder / "report.html").write_text(page(run, pictures), encoding="utf-8")


def write_report_again(folder: Path) -> None:
    """The same for a folder that another version of mlsim may have written.

    Raises MlsimError, too, where that didn't keep what this one tells.
    """
    try:
        write_report(folder)
    except (KeyError, UndefinedError) as error:
        reason = f"what it tells lacks {error}: was it written by another version of mlsim?"
        raise incomplete(folder, reason) from error
