"""Writes what the documentation takes from the classes themselves: `python docs/generate.py`.

One page per kind under docs/kinds/, their list, and the tables between two marks of
docs/language.md. A test sees to it that they are up to date.
"""

import inspect
import re
import shutil
import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mlsim.cli.catalogue import catalogue
from mlsim.monitoring.spec import MonitoringFile
from mlsim.scenario.features import Event, Resolution
from mlsim.scenario.functions import FUNCTIONS, Function
from mlsim.scenario.kinds import Spec, describe, summary
from mlsim.scenario.spec import Column, Load, Outcome, Scenario, State, Trace, World
from mlsim.scenario.units import COLUMN_UNITS, SECONDS

DOCS = Path(__file__).parent
KINDS = DOCS / "kinds"
PLACES = {
    "component": "Under `system` of a scenario, by a name of your own:",
    "fault": "In the list `faults` of a scenario:",
    "check": "Under `checks` of a monitoring file, by a name of your own:",
}
HEADINGS = {
    "component": "Components: what stands under `system`",
    "fault": "Faults: what stands in the list `faults`",
    "check": "Checks: what stands under `checks` of a monitoring file",
}


def pages() -> dict[Path, str]:
    """All generated files with their content."""
    kinds = catalogue()
    found = {
        KINDS / family / f"{name}.md": page(family, name, cls)
        for family, known in kinds.items()
        for name, cls in known.items()
    }
    language = DOCS / "language.md"
    found[KINDS / "README.md"] = index(kinds)
    found[language] = filled(language.read_text(encoding="utf-8"))
    return found


def page(family: str, name: str, cls: type[Spec]) -> str:
    """The page of a kind; its docstring, its example and its fields say all."""
    return "\n".join(
        [
            f"# {name}",
            "",
            f"A kind of {family}. {PLACES[family]}",
            "",
            f"```yaml\n{placed(family, name, inspect.cleandoc(cls.example))}\n```",
            "",
            "## What it does",
            "",
            inspect.getdoc(cls) or "",
            "",
            "## Keys",
            "",
            *table_of_fields(cls, with_parts=True),
            "",
        ]
    )


def placed(family: str, name: str, example: str) -> str:
    """An example at its place in a file."""
    if family == "fault":
        return "faults:\n" + textwrap.indent(example, "    ").replace("    ", "  - ", 1)
    key = "system" if family == "component" else "checks"
    return f"{key}:\n  {name}:\n" + textwrap.indent(example, "    ")


def index(kinds: dict[str, dict[str, type[Spec]]]) -> str:
    """The list of all kinds."""
    lines = ["# Kinds", "", "What can stand behind `kind:`; `mlsim kinds` shows the same."]
    for family, known in kinds.items():
        lines += ["", f"## {HEADINGS[family]}", ""]
        rows = ((f"[{name}]({family}/{name}.md)", summary(cls)) for name, cls in known.items())
        lines += table(("kind", "what it is"), rows)
    return "\n".join([*lines, ""])


def table_of_fields(cls: type[Spec], with_parts: bool = False) -> Iterator[str]:
    """The keys of a mapping; and those of its parts, where no other table has them."""
    rows = (
        (f"`{field.key}`", field.type, "(needed)" if field.required else field.default, field.doc)
        for field in describe(cls)
        if with_parts or not {".", "["} & set(field.key)
    )
    return table(("key", "must be", "default", "meaning"), rows)


def table_of_functions(wanted: Callable[[Function], bool]) -> Iterator[str]:
    """The functions of one sort."""
    rows = ((f"`{f.signature}`", f.doc) for f in FUNCTIONS.values() if wanted(f))
    return table(("function", "value"), rows)


def table_of_column_units() -> Iterator[str]:
    """The units of columns by what they measure."""
    rows = ((measured, ", ".join(units)) for measured, units in COLUMN_UNITS.items())
    return table(("measures", "units"), rows)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table in Markdown."""
    head = tuple(head)
    for cells in (head, ("---",) * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


TABLES: dict[str, Callable[[], Iterable[str]]] = {
    # What stands in `records` has no key of that name in a file: it is a block per load.
    "scenario": lambda: (
        line.replace("person, records", "person, a block per load")
        for line in table_of_fields(Scenario)
    ),
    "world": lambda: (line for line in table_of_fields(World) if "`records`" not in line),
    "state": lambda: table_of_fields(State),
    "event": lambda: table_of_fields(Event),
    "resolution": lambda: table_of_fields(Resolution),
    "column": lambda: table_of_fields(Column),
    "load": lambda: table_of_fields(Load),
    "trace": lambda: table_of_fields(Trace),
    "outcome": lambda: table_of_fields(Outcome),
    "monitoring": lambda: table_of_fields(MonitoringFile),
    "random functions": lambda: table_of_functions(lambda f: f.random),
    "functions of time": lambda: table_of_functions(lambda f: f.varies),
    "other functions": lambda: table_of_functions(lambda f: not (f.random or f.varies)),
    "units of time": lambda: [", ".join(f"`{unit}`" for unit in SECONDS)],
    "units of columns": table_of_column_units,
}


def filled(text: str) -> str:
    """A page with its tables as they are now."""
    mark = re.compile(r"(<!-- table: ([\w ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
    return mark.sub(lambda m: m[1] + "\n".join([*TABLES[m[2]](), ""]) + m[3], text)


def main() -> None:
    """Write all of it, and remove the pages of kinds that are no more."""
    found = pages()
    for family in PLACES:
        shutil.rmtree(KINDS / family, ignore_errors=True)
    for path, text in found.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
