"""The studies below a folder on one screen."""

from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from mlsim.report.plain import plain_table, printed
from mlsim.studies.folder import StudyFolder, studies_below


def show(below: Path, console: Console) -> None:
    """Prints them, the latest first: what each is, how far it has come, and how to go on."""
    studies = list(studies_below(below))
    if not studies:
        console.print(Text(f"No study was begun below {below}/"))
        return
    table = plain_table()
    for heading in ("Study", "Kind", "Scenario", "Begun (UTC)", "State"):
        table.add_column(heading, no_wrap=heading != "Scenario", overflow="fold")
    for study in studies:
        table.add_row(*_row(study))
    printed(table, console)
    for study in studies:
        if not study.state["ended"]:
            # A command is there to be copied: never broken over two lines.
            console.print(Text(f"To go on: {study.asked.again}"), soft_wrap=True)


def _row(study: StudyFolder) -> list[str]:
    state = study.state
    begun = datetime.fromisoformat(state["began"]).strftime("%Y-%m-%d %H:%M")
    how = "done" if state["ended"] else f"unfinished: {state['done']} of {state['of'] or '?'}"
    return [state["study"], state["kind"], Path(state["scenario"]).name, begun, how]
