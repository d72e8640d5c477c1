"""`mlsim kinds [NAME]`."""

import inspect
from typing import TYPE_CHECKING, Annotated

import typer

from mlsim.errors import MlsimError, nearest

if TYPE_CHECKING:
    from rich.table import Table

    from mlsim.scenario.kinds import Spec


class UnknownKind(MlsimError):
    """`mlsim kinds NAME` with a name that no component, fault or check has."""


def kinds(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show all about this one.", show_default=False),
    ] = None,
) -> None:
    """List what can stand behind `kind:` in a scenario, or show one of them."""
    from rich.console import Console

    from mlsim.cli.catalogue import catalogue

    known_kinds = catalogue()
    console = Console(highlight=False, markup=False)
    if name is None:
        for family, known in known_kinds.items():
            console.print(_list(family, known))
    else:
        for family, cls in _called(name, known_kinds):
            console.print(f"{name} ({family})\n\n{_paragraphs(cls)}\n")
            console.print(_fields(cls))
            console.print(f"\n{inspect.cleandoc(cls.example)}")


def _paragraphs(cls: type["Spec"]) -> str:
    """A docstring with one line per paragraph: the terminal breaks them where it ends."""
    paragraphs = (inspect.getdoc(cls) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _called(
    name: str, catalogue: dict[str, dict[str, type["Spec"]]]
) -> list[tuple[str, type["Spec"]]]:
    found = [(family, known[name]) for family, known in catalogue.items() if name in known]
    if not found:
        near = nearest(name, {name for known in catalogue.values() for name in known})
        hint = f" (did you mean '{near}'?)" if near else "; `mlsim kinds` lists them all"
        raise UnknownKind(f"no component, fault or check is of kind '{name}'{hint}")
    return found


def _list(family: str, known: dict[str, type["Spec"]]) -> "Table":
    from rich.table import Table

    from mlsim.scenario.kinds import summary

    table = Table(box=None, title=f"{family}s", title_justify="left", show_header=False)
    table.add_column(no_wrap=True, min_width=16)
    for name, cls in known.items():
        table.add_row(name, summary(cls))
    return table


def _fields(cls: type["Spec"]) -> "Table":
    from rich.table import Table

    from mlsim.scenario.kinds import describe

    table = Table("key", "must be", "default", "meaning", box=None, header_style="bold")
    for field in describe(cls):
        table.add_row(
            field.key, field.type, "(needed)" if field.required else field.default, field.doc
        )
    return table
