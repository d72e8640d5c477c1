"""A study of interactions on a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mlsim.report.interactions import Interactions
from mlsim.report.plain import plain_table
from mlsim.studies.interactions import Interaction


def show(result: Interactions, console: Console) -> None:
    """The answer, what led to each interaction, the warnings, and what resolves them."""
    study = result.study
    console.print(f"[bold]{escape(study.scenario.title or study.scenario.scenario)}[/bold]")
    console.print(escape(result.headline))
    for owner, number in study.unkept:
        promise = result.promise(owner, number)
        console.print(escape(f"{result.title((owner,))} breaks a promise all alone: {promise}"))
    for count, one in enumerate(study.found, 1):
        console.print()
        _interaction(count, one, result, console)
    console.print()
    console.print(escape(result.forewarned))
    if study.warnings:
        console.print(_warnings(result))
    if study.resolved:
        console.print("\nWays to resolve it, judged by the same promises")
        console.print(_resolutions(result))
    if study.scenario.outcomes:
        console.print("\nOutcomes of each product")
        console.print(_outcomes(result))


def _interaction(count: int, one: Interaction, result: Interactions, console: Console) -> None:
    names, via = escape(result.title(one.features)), escape(", ".join(one.via))
    console.print(f"[bold]{count}. {names}[/bold]: {one.kind}, through {via}")
    owner = result.title((one.owner,))
    console.print(escape(f"   {owner} keeps it alone, and breaks it here: {one.promise}"))
    if one.order:
        first = " before ".join(result.title((name,)) for name in one.order)
        console.print(escape(f"   in one order only: {first}"))
    for line in result.trace(one):
        console.print(escape(f"   {line}"), highlight=False)


def _table(*columns: str) -> Table:
    table = plain_table()
    for column in columns:
        table.add_column(column)
    return table


def _warnings(result: Interactions) -> Table:
    table = _table("features", "kind", "through", "runs")
    for one in result.study.warnings:
        table.add_row(
            escape(result.title(one.features)),
            one.kind,
            escape(", ".join(one.via)),
            "confirm it" if result.study.confirmed(one) else "show no harm",
        )
    return table


def _resolutions(result: Interactions) -> Table:
    table = _table("resolution", "", "left", "newly broken")
    for one in result.study.resolved:
        left = len({interaction.features for interaction in one.left})
        newly = dict.fromkeys(result.promise(*key) for _, key in one.new)
        table.add_row(
            escape(one.title),
            "resolves it" if one.resolves else "does not",
            str(left),
            escape("; ".join(newly) or "nothing"),
        )
    return table


def _outcomes(result: Interactions) -> Table:
    frame, known = result.outcomes, result.study.scenario.outcomes
    table = _table("product", *(escape(one.title or name) for name, one in known.items()))
    for product, row in zip(frame.index, frame.to_numpy(), strict=True):
        table.add_row(escape(str(product)), *(f"{value:,.0f}" for value in row))
    return table
