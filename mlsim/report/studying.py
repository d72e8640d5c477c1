"""Carries a study out, and gives its results in the form in which people look at them."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from mlsim.report.comparison import Comparison
from mlsim.report.coverage import Coverage
from mlsim.report.interactions import Interactions
from mlsim.report.shown import png
from mlsim.report.study_text import Studied
from mlsim.report.sweep import Sweep
from mlsim.studies.folder import Asked, Begun, put, resuming, store_of
from mlsim.studies.paired import Done, Replications
from mlsim.studies.places import Place
from mlsim.studies.plan import Plan
from mlsim.studies.prepared import Prepared, prepare
from mlsim.studies.store import ReplicationStore

Found = TypeVar("Found", bound=Studied)
Result = Comparison | Coverage | Sweep


def result_of(prepared: Prepared, found: Replications) -> Result:
    """What came out of a study."""
    plan = prepared.plan
    if plan.kind == "coverage":
        return Coverage(found, plan.level, plan.require)
    if plan.kind == "sweep":
        return Sweep(found, prepared.points, prepared.measures, plan.level)
    return Comparison(found, prepared.measures, plan.level, prepared.precision)


def carry_out(
    plan: Plan,
    base: Path = Path(),
    store: ReplicationStore | None = None,
    place: Place | None = None,
    progress: Done | None = None,
) -> Result:
    """Run a study; its paths count from `base`. store: keeps what is finished, and what it has."""
    prepared = prepare(plan, base)
    return result_of(prepared, prepared.carry_out(store, place, progress))


def carry_out_in(
    below: Path, plan: Plan, base: Path = Path(), progress: Done | None = None
) -> tuple[Result, Path]:
    """The same with a folder of its own below `below`, where its results are written.

    A study that was interrupted goes on: what is finished is kept in a store that all studies below
    that folder share. Raises MlsimError before the first run where nothing can be written there.
    """
    prepared = prepare(plan, base)
    again = resuming(plan.study, below)
    with closing(store_of(below)) as store:
        return carry_out_as(
            below,
            Asked(plan.study, plan.kind, plan.scenario, again, plan, base),
            lambda tell: result_of(prepared, prepared.carry_out(store, None, tell)),
            progress,
        )


def carry_out_as(
    below: Path, asked: Asked, study: Callable[[Done], Found], progress: Done | None = None
) -> tuple[Found, Path]:
    """Carry out any study in a folder of its own, and write its results there.

    study: is given whom to tell (done, all); before the first run too, where it has replications.
    """
    folder = below / asked.study
    begun = Begun(folder, asked)
    if asked.plan is not None:  # all that it names has been read, and nothing will be refused
        begun.begin()

    def tell(done: int, of: int) -> None:
        begun.tell(done, of)
        if progress is not None:
            progress(done, of)

    result = study(tell)
    write(result, folder, asked.title, asked.again, asked.file)
    begun.end()
    return result, folder


def write(result: Studied, folder: Path, title: str, command: str, asked: str = "") -> None:
    """Write table.csv, figure.png, report.html, and runs.parquet where there are tidy runs.

    title: of the page. command: what makes all of it again. asked: the study file, if there is one.
    """
    from mlsim.report.study_page import page

    put(folder / "table.csv", result.table.to_csv(index=False))
    if not isinstance(result, Coverage | Interactions):
        put(folder / "runs.parquet", result.runs.to_parquet(index=False))
    if len(result.table):
        put(folder / "figure.png", png(result.plot()))
    put(folder / "report.html", page(result, title, command, asked))
