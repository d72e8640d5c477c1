"""`mlsim explain RUN_DIR`."""

from mlsim.cli.options import RunFolder


def explain(folder: RunFolder) -> None:
    """Tell the path of each fault, from its first wrong row to whoever noticed."""
    from mlsim import api
    from mlsim.report.explanation import told

    for line in told(api.open_run(folder).findings):
        print(line)
