"""Help as manual pages have it: `run [OPTIONS] FILE`, where typer says {FILE} and FILE <path>."""

from collections.abc import Iterable
from typing import Any

from typer.core import TyperCommand, TyperGroup

NO_BRACES = str.maketrans("", "", "{}")


class Command(TyperCommand):
    """A command whose help shows types only of options that take a value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """What it takes, `--help` included."""
        return untyped(super().get_params(ctx))

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What stands behind its name in the line of usage."""
        pieces = super().collect_usage_pieces(ctx)
        return [piece.translate(NO_BRACES) for piece in pieces]


class Group(TyperGroup):
    """The same for commands under one name."""

    def get_params(self, ctx: Any) -> list[Any]:
        """What it takes, `--help` included."""
        return untyped(super().get_params(ctx))


def untyped(params: Iterable[Any]) -> list[Any]:
    """Without a type where it tells nothing: of an argument, which has a name, and of a flag."""
    params = list(params)
    for param in params:
        if param.param_type_name == "argument":
            param.display_type = lambda ctx: ""
        elif param.is_flag:
            param.metavar = ""
    return params
