"""Which additions to panes the fold does for an event: read off the fold itself, not assumed."""

from collections.abc import Iterable

import msgspec

from schemas.events import Event
from schemas.measures import MINUTE_SECONDS, QUARTER_SECONDS
from schemas.topics import SOURCES, TOPIC_OF_TYPE
from streams.changes import Changes
from streams.fold import Fold
from streams.grains import Grains
from streams.ledger import Ledger
from streams.panes import Cells, pane_start

SHAPES_PER_TYPE = 500


class Shape(msgspec.Struct, frozen=True):
    """The panes that one event changed: how many seconds before its own, how many cells."""

    minutes: tuple[tuple[int, int], ...] = ()
    quarters: tuple[tuple[int, int], ...] = ()


Shapes = dict[str, list[Shape]]
"""Of each event type some that came one after another, so that their mean is the fold's."""

Known = dict[object, Cells]
"""The cells of each pane as they were when it was last told."""


class _PlainFold(Fold):
    """Counts in dicts: by which of them are new it is known which panes an event touched."""

    grains_type = Grains


def shapes_of(events: Iterable[Event], *, skip: int) -> Shapes:
    """Fold *events* and note what each changed; the first *skip* only to fill the floor."""
    folds = {
        topic.name: _PlainFold(topic.name, 0, ledger=Ledger(0), lateness_seconds=3600.0)
        for topic in SOURCES
    }
    shapes: Shapes = {}
    known: Known = {}
    for offset, event in enumerate(events):
        topic = TOPIC_OF_TYPE[event.type]
        folds[topic].apply(event, offset)
        changes = folds[topic].take_changes()
        shape = Shape() if changes is None else _shape(event, topic, changes, known)
        of_type = shapes.setdefault(event.type, [])
        if offset < skip:
            of_type[:] = [shape]
        elif len(of_type) < SHAPES_PER_TYPE:
            of_type.append(shape)
    return shapes


def _shape(event: Event, topic: str, changes: Changes, known: Known) -> Shape:
    minutes, quarters = [], []
    for pane, parts in changes.panes.items():
        if parts is None:
            continue
        for number, cells in parts.minutes.items():
            start = pane.start_at + number * MINUTE_SECONDS
            changed = _changed(known, (topic, start, pane.dims), cells)
            if changed is not None:
                minutes.append((pane_start(event.at, MINUTE_SECONDS) - start, changed))
        changed = _changed(known, (topic, pane), parts.total())
        back = pane_start(event.at, QUARTER_SECONDS) - pane.start_at
        quarters.append((back, changed or 0))
    return Shape(tuple(minutes), tuple(quarters))


def _changed(known: Known, key: object, cells: Cells) -> int | None:
    """Return how many cells are not what they were; None if nothing was touched at all."""
    before = known.get(key)
    # What is counted in is a copy of what a checkpoint took.
    if before is cells:
        return None
    known[key] = cells
    changed = sum((before or {}).get(cell) != amount for cell, amount in cells.items())
    return changed + len((before or {}).keys() - cells.keys())


def means(shapes: Shapes) -> dict[str, tuple[float, float, float, float]]:
    """Return by type the mean panes and cells of minutes, then of quarters."""
    return {
        type_: (
            sum(len(shape.minutes) for shape in of_type) / len(of_type),
            sum(cells for shape in of_type for _, cells in shape.minutes) / len(of_type),
            sum(len(shape.quarters) for shape in of_type) / len(of_type),
            sum(cells for shape in of_type for _, cells in shape.quarters) / len(of_type),
        )
        for type_, of_type in shapes.items()
    }
