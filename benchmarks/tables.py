"""Tables of measurements, printed and put into a page."""

from dataclasses import dataclass, field
from pathlib import Path

BEGIN, END = "<!-- measured -->", "<!-- end -->"


@dataclass
class Table:
    """A table in Markdown."""

    title: str
    head: list[str]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        self.rows.append(cells)

    def text(self) -> str:
        lines = [self.head, ["---"] + ["---:"] * (len(self.head) - 1), *self.rows]
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        return f"### {self.title}\n\n{table}\n"


def in_page(page: Path, tables: list[Table], machine: str) -> None:
    """Put tables between the marks of a page."""
    before, rest = page.read_text().split(BEGIN)
    _, after = rest.split(END)
    measured = "\n".join(table.text() for table in tables)
    page.write_text(f"{before}{BEGIN}\nOn {machine}:\n\n{measured}\n{END}{after}")
