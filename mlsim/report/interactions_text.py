"""A study of interactions on one screen."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mlsim.report.interactions import Interactions
from mlsim.report.plain import plain_table
from mlsim.studies.interactions import Features, Interaction


def lines(result: Interactions) -> Iterator[RenderableType]:
    """The answer, what led to each broken promise, the warnings, and what resolves them."""
    study = result.study
    yield Text(study.scenario.title or study.scenario.scenario, style="bold")
    yield Text(result.headline)
    for owner, number in study.unkept:
        promise = result.promise(owner, number)
        yield Text(f"{result.title((owner,))} breaks a promise all alone: {promise}")
    for count, features in enumerate(dict.fromkeys(one.features for one in study.found), 1):
        yield from _together(count, features, result)
    yield Text(f"\n{result.forewarned}")
    if study.warnings:
        yield _warnings(result)
    if study.resolved:
        yield Text("\nWays to resolve it, judged by the same promises")
        yield _resolutions(result)
    if study.scenario.outcomes:
        yield Text("\nOutcomes of each product")
        yield _outcomes(result)


def _together(count: int, features: Features, result: Interactions) -> Iterator[Text]:
    """All promises that these features break together."""
    found = [one for one in result.study.found if one.features == features]
    how = dict.fromkeys(f"{one.kind}, through {', '.join(one.via)}" for one in found)
    head = (f"\n{count}. {result.title(features)}", "bold")
    yield Text.assemble(head, f": {'; '.join(how)}")
    for one in found:
        yield from _promise(one, result)


def _promise(one: Interaction, result: Interactions) -> Iterator[Text]:
    owner = result.title((one.owner,))
    yield Text(f"   {owner} keeps it alone, and breaks it here: {one.promise}")
    if one.order:
        first = " before ".join(result.title((name,)) for name in one.order)
        yield Text(f"   in one order only: {first}")
    yield from (Text(f"   {line}") for line in result.trace(one))


def _table(*columns: str) -> Table:
    table = plain_table()
    for column in columns:
        table.add_column(Text(column))
    return table


def _warnings(result: Interactions) -> Table:
    table = _table("features", "kind", "through", "runs")
    for one in result.study.warnings:
        runs = "confirm it" if result.study.confirmed(one) else "show no harm"
        cells = (result.title(one.features), one.kind, ", ".join(one.via), runs)
        table.add_row(*map(Text, cells))
    return table


def _resolutions(result: Interactions) -> Table:
    table = _table("resolution", "", "left", "newly broken")
    for one in result.study.resolved:
        left = len({interaction.features for interaction in one.left})
        newly = dict.fromkeys(result.promise(*key) for _, key in one.new)
        verdict = "resolves it" if one.resolves else "does not"
        cells = (one.title, verdict, str(left), "; ".join(newly) or "nothing")
        table.add_row(*map(Text, cells))
    return table


def _outcomes(result: Interactions) -> Table:
    frame, known = result.outcomes, result.study.scenario.outcomes
    table = _table("product", *(one.title or name for name, one in known.items()))
    for product, row in zip(frame.index, frame.to_numpy(), strict=True):
        table.add_row(Text(str(product)), *(f"{value:,.0f}" for value in row))
    return table
