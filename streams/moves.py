"""What a correction moves: each cell of each quarter of an hour, before it and after it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from schemas.events import Event
from schemas.measures import QUARTER_SECONDS
from streams.corrections import MAX_CORRECTIONS, Moved
from streams.facts import Amount, Dims, Facts
from streams.grains import Grains
from streams.panes import PaneTable

MAX_MOVED = 4 * MAX_CORRECTIONS
"""Panes that are noted for one entity; further ones change, too, but nobody is told."""


def with_moved(
    entity: Any,  # noqa: ANN401 - of any topic, with `corrected`
    event: Event,
    offset: int,
    facts: Facts,
    grains: Grains,
) -> Any:  # noqa: ANN401 - as above
    """Return the entity with a note of what a correction is about to change in *grains*.

    It stays with the entity until that is forgotten, so that a restart loses none of it.
    """
    moved = [
        Moved(offset, event.id, event.causation_id or "", event.at, start, dims, cells)
        for start, dims, cells in _cells(facts, grains)
    ]
    corrected = entity.corrected
    # The first ones stay, so that each keeps its number within its event.
    kept = (*corrected.moved, *moved)[:MAX_MOVED]
    return msgspec.structs.replace(entity, corrected=msgspec.structs.replace(corrected, moved=kept))


def _cells(
    facts: Facts, grains: Grains
) -> Iterator[tuple[int, Dims, tuple[tuple[str, Amount, Amount], ...]]]:
    table = PaneTable(QUARTER_SECONDS)
    for fact in facts:
        table.count(fact)
    for start, slot in sorted(table.slots.items()):
        if start < grains.quarters.closed_before:
            continue  # it takes in nothing any more, and nothing moves
        quarter = grains.quarters.slots.get(start)
        for dims, changes in slot.panes.items():
            before = {} if quarter is None else quarter.parts(dims).total()
            cells = tuple(
                (cell, before.get(cell, 0), before.get(cell, 0) + amount)
                for cell, amount in sorted(changes.items())
            )
            if cells:
                yield start, dims, cells
