"""Plain tables, and printing without blanks at the ends of lines where only programs read."""

from rich.console import Console, RenderableType
from rich.table import Table


def plain_table() -> Table:
    """A table of words and blanks alone."""
    return Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))


def printed(what: RenderableType, console: Console) -> None:
    """Print on a terminal as it is; elsewhere without the blanks that fill cells up."""
    if console.is_terminal:
        console.print(what)
        return
    with console.capture() as captured:
        console.print(what)
    # Cells are filled up with blanks, which a file or another program has no use for.
    lines = [line.rstrip() for line in captured.get().splitlines()]
    console.out("\n".join(lines), highlight=False)
