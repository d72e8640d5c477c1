"""How scenarios and runs show themselves in a notebook, and a bar to watch while one runs."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from importlib import import_module
from typing import Any

from mlsim.report import wording
from mlsim.report.answer import answer, has_damage
from mlsim.scenario.spec import Scenario

DAY = 86400.0


def scenario_html(scenario: Scenario, watched_by: str | None) -> str:
    """A scenario as a small table; `watched_by` is the name of its monitoring file."""
    history = f" after {wording.duration(scenario.history)} of history" if scenario.history else ""
    rows = [
        ("Runs", f"{wording.duration(scenario.horizon)}{history}, seed {scenario.seed}"),
        ("Load", ", ".join(f"{name} into {one.enters}" for name, one in scenario.load.items())),
        ("System", ", ".join(f"{name} ({one.kind})" for name, one in scenario.system.items())),
        ("Outcomes", ", ".join(o.title or n for n, o in scenario.outcomes.items()) or "none"),
        (
            "Faults",
            "; ".join(f"{wording.day(f.at)}: {f.title()}" for f in scenario.faults) or "none",
        ),
        ("Watched by", watched_by or "nobody"),
    ]
    return f"<b>{escape(scenario.title or scenario.scenario)}</b>{_table(rows)}"


def run_html(summary: Mapping[str, Any]) -> str:
    """A run as its answer in three sentences, and its outcomes."""
    scenario, said = summary["scenario"], answer(summary)
    sentences = [
        ("What broke", said.broke),
        ("Who noticed", said.noticed),
        ("What it cost", said.cost),
    ]
    facts = f"{wording.duration(scenario['horizon_s'])}, seed {scenario['seed']}"
    title = escape(scenario["title"] or scenario["name"])
    return f"<b>{title}</b> {facts}{_table(sentences)}{_outcomes(summary)}"


def _outcomes(summary: Mapping[str, Any]) -> str:
    if not summary["outcomes"]:
        return ""
    compared = has_damage(summary)
    head = ("Outcome", "Run", *(("Twin", "Difference") if compared else ()))
    rows: list[tuple[str, ...]] = [head]
    for outcome in summary["outcomes"]:
        name = f"{wording.capital(outcome['title'])} ({outcome['unit']})".removesuffix(" ()")
        row: tuple[str, ...] = (name, wording.number(outcome["run"]))
        if compared:
            row += (wording.number(outcome["twin"]), wording.signed(outcome["difference"]))
        rows.append(row)
    return _table(rows)


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = ("".join(f"<td style='text-align:left'>{escape(c)}</td>" for c in r) for r in rows)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


@contextmanager
def bar(history: float, horizon: float) -> Iterator[Callable[[float], None] | None]:
    """Gives what to tell the simulated time, in seconds; None where no notebook would show it.

    The bar runs from `-history` to `horizon` and is gone when all is done.
    """
    if not _in_notebook():
        yield None
        return
    # Found at run time: IPython is there in a notebook, and needed nowhere else.
    ipython = import_module("IPython.display")
    handle = ipython.display(ipython.HTML(""), display_id=True)
    shown = -1

    def tell(now: float) -> None:
        nonlocal shown
        percent = int(100 * (now + history) / (history + horizon))
        if percent > shown:
            shown = percent
            handle.update(ipython.HTML(_bar(percent, now, horizon)))

    try:
        yield tell
    finally:
        handle.update(ipython.HTML(""))


def _bar(percent: int, now: float, horizon: float) -> str:
    days = f"day {now / DAY:.1f} of {horizon / DAY:.1f}"
    return f"<progress max='100' value='{percent}'></progress> simulating, {days}"


def _in_notebook() -> bool:
    """Whether a kernel runs this; a program that never imported IPython is in none."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")
