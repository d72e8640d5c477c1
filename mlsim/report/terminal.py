"""A run on one screen: what broke, who noticed and when, what it cost by then, what was written."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from mlsim.report import serving, wording
from mlsim.report.answer import after_repair, answer, anyway, false_alarms, has_damage
from mlsim.report.overload import overloaded
from mlsim.report.plain import plain_table, printed


def show(summary: Mapping[str, Any], console: Console, folder: Path | None = None) -> None:
    """Prints a run's answer; `folder` is named as the place of everything that was written.

    Plain text without colours or boxes where the console is no terminal.
    """
    printed(Group(*_lines(summary, console.width)), console)
    if folder is not None:
        _written(folder, console)


def _lines(summary: Mapping[str, Any], width: int) -> Iterator[RenderableType]:
    yield _heading(summary, width)
    yield _answer(summary)
    if summary["outcomes"]:
        yield ""
        yield _outcomes(summary)
    for warning in summary["warnings"]:
        yield Text(f"Warning: {warning}", style="yellow")


def _heading(summary: Mapping[str, Any], width: int) -> Text:
    """The title and what was run, in one line where there is room for both."""
    scenario, requests = summary["scenario"], summary["requests"]
    run, title = wording.duration(scenario["horizon_s"]), scenario["title"] or scenario["name"]
    facts = f"{run}, {wording.large(requests['total'])} requests, seed {scenario['seed']}"
    between = "  " if len(title) + 2 + len(facts) <= width else "\n"
    return Text.assemble((title, "bold"), between, facts)


def _answer(summary: Mapping[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    found = answer(summary)
    for question, sentence in (
        ("What broke", found.broke),
        ("Who noticed", found.noticed),
        ("What it cost", found.cost),
        ("Anyway", anyway(summary)),
        ("After repair", after_repair(summary)),
        ("Overloaded", "; ".join(overloaded(summary))),
        *((noun, "; ".join(said)) for noun, said in serving.told(summary).items()),
        ("Watched by", _watch(summary)),
    ):
        if sentence:
            # Text, not markup: a fault's title may contain brackets.
            table.add_row(question, Text(sentence))
    return table


def _watch(summary: Mapping[str, Any]) -> str:
    """The monitoring file, how much it has in it, how often it called people, and for nothing."""
    watch = summary["monitoring"]
    if not watch:
        return ""
    rules, checks, pages, tickets = (
        _count(watch[f"{noun}s"], noun) for noun in ("rule", "check", "page", "ticket")
    )
    called = f"{pages}, {tickets}"
    if has_damage(summary):
        called += f"; {_count(*false_alarms(summary))} in the twin"
    return f"{watch['file']}: {rules}, {checks}; {called}"


def _count(count: int, noun: str) -> str:
    return f"{wording.number(count)} {noun if count == 1 else noun + 's'}"


def _outcomes(summary: Mapping[str, Any]) -> Table:
    table = plain_table()
    table.add_column("Outcome")
    compared = has_damage(summary)
    for heading in ("Run", "Twin", "Difference", "Cost of it") if compared else ("Run",):
        table.add_column(heading, justify="right")
    for outcome in summary["outcomes"]:
        unit = f" ({outcome['unit']})" if outcome["unit"] else ""
        name = Text.assemble(wording.capital(outcome["title"]), (unit, "dim"))
        damage = _damage(outcome) if compared else ()
        table.add_row(name, wording.number(outcome["run"]), *damage)
    return table


def _damage(outcome: Mapping[str, Any]) -> list[str]:
    cost = outcome["cost_difference"]
    return [
        wording.number(outcome["twin"]),
        wording.signed(outcome["difference"]),
        wording.money(cost, outcome["currency"]) if cost is not None else "",
    ]


def _written(folder: Path, console: Console) -> None:
    # A path is there to be copied: never broken over two lines.
    console.print(Text(f"Written to {folder}/", style="bold"), soft_wrap=True)
    console.print(Text("  report.html to forward; figures, and JSON, CSV and Parquet for programs"))
