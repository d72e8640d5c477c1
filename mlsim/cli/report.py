"""`mlsim report RUN_DIR`."""

from mlsim.cli.options import RunFolder


def report(folder: RunFolder) -> None:
    """Make the figures and the report of a run again, from what its folder holds."""
    from mlsim.report.write import write_report_again

    write_report_again(folder)
    print(folder / "report.html")
