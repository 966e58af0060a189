"""Tables as every command prints them: no lines, numbers to the right."""

from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text


def plain_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str | Text]] = (),
    *,
    numbers: Container[str] = (),
) -> Table:
    """Return a table of *rows*. The columns named in *numbers* are aligned to the right.

    Cells are printed as they are: an id such as `[red]` is text, not markup.
    """
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in numbers else "left")
    for row in rows:
        table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return table


def minute(at: datetime) -> str:
    """Return an instant in UTC to the minute: `2026-09-01 10:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%MZ}"
