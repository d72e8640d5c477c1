"""The studies below a folder on one screen."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlsim.report.plain import printed
from mlsim.studies.folder import StudyFolder, studies_below


def show(below: Path, console: Console) -> None:
    """Prints them, the latest first: what each is, how far it has come, and where it lies."""
    studies = list(studies_below(below))
    if not studies:
        console.print(Text(f"No study was begun below {below}/"))
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("Study", "Kind", "Scenario", "Replications", "Begun", "State"):
        table.add_column(heading, justify="right" if heading == "Replications" else "left")
    for study in studies:
        table.add_row(*_row(study))
    printed(table, console)


def _row(study: StudyFolder) -> list[str]:
    state = study.state
    plan = study.plan
    done = f"{state['done']} of {state['of'] if state['of'] is not None else '?'}"
    begun = state["began"].replace("T", " ").removesuffix("+00:00")
    how = "done" if state["ended"] else "unfinished: mlsim study --resume " + plan.study
    return [plan.study, plan.kind, Path(plan.scenario).name, done, begun, how]
