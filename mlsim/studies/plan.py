"""A study as a YAML file: what is compared, covered or swept, how often, and what is looked at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr

from mlsim.scenario.document import Document, near_file, no_file, read
from mlsim.scenario.kinds import Mistake, Spec
from mlsim.scenario.refusal import got
from mlsim.scenario.units import Name, Probability
from mlsim.scenario.validation import examine
from mlsim.studies import requirements
from mlsim.studies.designs import DesignError, axis

Kind = Literal["compare", "coverage", "sweep"]
Share = Annotated[Probability, Field(gt=0, lt=1)]


class Plan(Spec):
    """A study. Paths of files in it are relative to its own file."""

    study: Name
    """Its name, which is also that of the folder of its results."""
    title: str = ""
    """What it asks, in a line."""
    kind: Kind = "compare"
    """Whether variants are compared, faults held against rules, or settings varied."""
    scenario: str
    """The scenario's file."""
    monitoring: str | None = None
    """A monitoring file instead of the scenario's own."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Other values for all of its runs, by path, as `--set` takes them."""
    variants: dict[str, Any] = Field(default_factory=dict)
    """What is compared, by name: settings, a monitoring file, a file of settings, or nothing."""
    vary: dict[str, Any] = Field(default_factory=dict)
    """What a sweep varies, by path: a list of values, or a range such as 0.5/s..2/s."""
    method: Literal["grid", "random", "sobol"] = "grid"
    """How a sweep chooses its points."""
    samples: int = Field(64, ge=1, le=100_000)
    """How many points a random or Sobol sweep has."""
    replications: int = Field(20, ge=1, le=100_000)
    """Under how many seeds each variant is run, beginning with the scenario's."""
    until: Share | None = None
    """Instead of a fixed number: run until differences are so precise, as a share of the mean."""
    max_runs: int = Field(200, ge=2, le=100_000)
    """With `until`, the most replications."""
    measures: tuple[str, ...] = ()
    """Names or families of headline measures; all if none are named."""
    level: Share = 0.95
    """Of the confidence intervals."""
    require: tuple[str, ...] = ()
    """What each fault has to fulfil in a coverage, as in detected >= 0.9."""
    _document: Document | None = PrivateAttr(None)

    @property
    def document(self) -> Document | None:
        """The file that it was read from; None for one that was asked for otherwise."""
        return self._document


def read_plan(path: str | Path) -> Plan:
    """Read a study; raises ScenarioError with all mistakes of its file."""
    document = read(path)
    return plan_of(document)


def plan_of(document: Document) -> Plan:
    """The study of a document; raises ScenarioError."""
    checked = examine(document, Plan)
    plan = checked.value
    if plan is None:
        return checked.whole()
    plan._document = document
    return checked.with_mistakes(
        [*_mistakes(plan), *_no_files(plan, document.path.parent), *_no_designs(plan)]
    ).whole()


def _no_files(plan: Plan, folder: Path) -> Iterator[Mistake]:
    """What should be a file and isn't one."""
    for key, name in (("scenario", plan.scenario), ("monitoring", plan.monitoring)):
        if name is not None and not (folder / name).is_file():
            yield (key,), f"{no_file(folder / name)}: {name}", near_file(name, folder)
    for variant, change in plan.variants.items():
        if change is None or isinstance(change, dict):
            continue
        must = "must be a file, or settings such as {load.jobs.rate: 3/s}"
        if not isinstance(change, str):
            yield ("variants", variant), f"{must} {got(change)}", ""
        elif change != "." and not (folder / change).is_file():
            message = f"{must}, and there is no file {change}"
            yield ("variants", variant), message, near_file(change, folder)


def _no_designs(plan: Plan) -> Iterator[Mistake]:
    for path, given in plan.vary.items():
        try:
            axis(path, given)
        except DesignError as error:
            yield ("vary", path), error.message, ""


def _mistakes(plan: Plan) -> Iterator[Mistake]:
    if plan.kind == "compare" and len(plan.variants) < 2:
        yield ("variants",) if plan.variants else (), "needs at least two variants", ""
    if plan.kind == "sweep" and not plan.vary:
        yield (), "needs `vary`: what the sweep changes", ""
    for number, requirement in enumerate(plan.require):
        for message, near in requirements.mistakes(requirement):
            yield ("require", number), message, near
    for key, kind in (("variants", "compare"), ("vary", "sweep"), ("require", "coverage")):
        if getattr(plan, key) and plan.kind != kind:
            yield (key,), f"is for `kind: {kind}` alone (got '{plan.kind}')", ""
