"""What corrections moved -> rows: one for each cell of each pane. Pure."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from streams.corrections import Moved

Row = tuple[Any, ...]


def moved(entity: str, notes: Iterable[Moved]) -> Iterator[tuple[Row, Row]]:
    """Yield each row's key (offset and part) and its values, without the fence."""
    for offset, of_event in groupby(notes, lambda note: note.offset):
        rows = (
            (
                *(note.id, note.cause, entity, note.at, note.start_at, *note.dims),
                *(cell, before, after),
            )
            for note in of_event
            for cell, before, after in note.cells
        )
        yield from (((offset, part), row) for part, row in enumerate(rows))
