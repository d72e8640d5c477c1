"""`mlsim exercise ...`: for students and their teachers."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mlsim.cli.help import Command, Group

exercise = typer.Typer(
    cls=Group,
    help="Defend a system against faults that you don't know, within a budget.",
    no_args_is_help=True,
)

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="One that `list` names, or a folder with one.")
]


@exercise.command(name="list", cls=Command)
def list_() -> None:
    """List the exercises, and what one learns by them."""
    from rich.console import Console

    from mlsim.exercises.handing_out import catalogue
    from mlsim.report.plain import plain_table

    table = plain_table()
    table.add_column("Name", no_wrap=True)
    table.add_column("Lesson")
    for name, one in catalogue().items():
        table.add_row(name, one.spec.lesson)
    Console().print(table)


@exercise.command(cls=Command)
def start(
    name: Name, folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to work.")]
) -> None:
    """Write an exercise into a folder: the handout, the system, and monitoring to start from."""
    from mlsim.exercises.handing_out import hand_out, known

    for path in hand_out(known(name), folder):
        print(path)
    print(f"\nread {folder / 'handout.md'}, then try: mlsim exercise check {folder}")


@exercise.command(cls=Command)
def check(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where you work on it.")] = Path(),
) -> None:
    """Try your monitoring against practice faults: what it noticed, what it missed, and why."""
    from rich.console import Console
    from rich.markdown import Markdown

    from mlsim.cli.progress import share_done
    from mlsim.exercises.feedback import feedback
    from mlsim.exercises.handing_out import handed_out
    from mlsim.exercises.scoring import score
    from mlsim.exercises.trials import judged, run_trial, submitted

    with handed_out(folder) as given:
        monitoring = submitted(folder, given)
        with share_done("running the system") as tell:
            runs = run_trial(given, "practice", tell)
        result = score(given, list(judged(runs, monitoring)))
        page = feedback(given, result)
    console = Console()
    if console.is_terminal:
        console.print(Markdown(page))
    else:
        print(page)
    raise typer.Exit(0 if result.passed else 1)


@exercise.command(cls=Command)
def solution(name: Name) -> None:
    """Show the reference solution of an exercise, and why it is one."""
    from mlsim.exercises.handing_out import known
    from mlsim.exercises.sealing import texts_below
    from mlsim.exercises.spec import SOLUTION

    for file, text in texts_below(known(name).folder / SOLUTION).items():
        print(text if file.endswith(".md") else f"--- {file}\n{text}")


@exercise.command(cls=Command)
def new(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it.")],
    like: Annotated[
        str, typer.Option(metavar="NAME", help="The exercise to start from.")
    ] = "fahrenheit",
) -> None:
    """For teachers: write a whole exercise into a folder, as something to change."""
    from mlsim.exercises.handing_out import copy, known

    for path in copy(known(like), folder):
        print(path)
    print(f"\nchange it, then try: mlsim exercise start {folder} somewhere")


@exercise.command(cls=Command)
def seal(
    name: Name,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write both parts.")],
) -> None:
    """For teachers: split an exercise into what students get and the key that you keep."""
    from mlsim.exercises.handing_out import catalogue, hand_out, keep, known

    one = known(name)
    for trial in ("practice", "hidden"):
        one.broken(trial)
    hand_out(one, out / "student")
    keep(one, out / "teacher")
    print(f"{out / 'student'}  for your students: practice faults only")
    print(f"{out / 'teacher'}  for you: hidden faults, seeds and the solution")
    if any(one.spec.hidden == known_one.spec.hidden for known_one in catalogue().values()):
        print("its hidden faults come with mlsim, where students can read them: change them first")


@exercise.command(cls=Command)
def grade(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="One folder in it for each submission.")
    ],
    key: Annotated[
        Path, typer.Option(metavar="KEY", help="The teacher's key, or the exercise's folder.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the table and the pages go.")
    ] = Path("grades"),
) -> None:
    """For teachers: grade a class by the hidden faults, into a table and a page for each."""
    from mlsim.cli.progress import share_done
    from mlsim.exercises.grading import grade as graded
    from mlsim.exercises.grading import pages, submissions, table
    from mlsim.exercises.handing_out import FolderInUse, keyed

    with keyed(key) as one, share_done("running the system") as tell:
        if (out / "grades.csv").exists():
            raise FolderInUse(f"{out}: holds grades already; name another folder with --out")
        _, stray = submissions(folder)
        grades = graded(one, folder, tell)
        out.mkdir(parents=True, exist_ok=True)
        table(grades).to_csv(out / "grades.csv", index=False)
        for name, page in pages(one, grades):
            (out / f"{name}.md").write_text(page, "utf-8")
    for path in stray:
        print(f"{path} was left out: a submission is a folder", file=sys.stderr)
    passed = sum(g.score is not None and g.score.passed for g in grades)
    print(f"{passed} of {len(grades)} passed; {out / 'grades.csv'} and a page for each in {out}")
