"""Which additions to panes the fold does for an event: read off the fold itself, not assumed."""

from collections.abc import Iterable

import msgspec

from schemas.events import Event
from schemas.measures import GRAINS_SECONDS, MINUTE_SECONDS, QUARTER_SECONDS
from schemas.topics import SOURCES, TOPIC_OF_TYPE
from streams.fold import Changes, Fold
from streams.ledger import Ledger
from streams.panes import pane_start

SHAPES_PER_TYPE = 500


class Shape(msgspec.Struct, frozen=True):
    """The panes that one event changed: how many seconds before its own, how many cells."""

    minutes: tuple[tuple[int, int], ...] = ()
    quarters: tuple[tuple[int, int], ...] = ()


Shapes = dict[str, list[Shape]]
"""Of each event type some that came one after another, so that their mean is the fold's."""


def shapes_of(events: Iterable[Event], *, skip: int) -> Shapes:
    """Fold *events* and note what each changed; the first *skip* only to fill the floor."""
    folds = {
        topic.name: Fold(topic.name, 0, ledger=Ledger(0), lateness_seconds=3600.0)
        for topic in SOURCES
    }
    shapes: Shapes = {}
    known: dict[object, dict[str, int | float]] = {}
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


def _shape(
    event: Event, topic: str, changes: Changes, known: dict[object, dict[str, int | float]]
) -> Shape:
    touched: dict[int, list[tuple[int, int]]] = {grain: [] for grain in GRAINS_SECONDS}
    for (grain, pane), cells in changes.panes.items():
        if cells is None:
            continue
        before = known.get((topic, grain, pane), {})
        known[topic, grain, pane] = cells
        changed = sum(before.get(cell) != amount for cell, amount in cells.items())
        changed += len(before.keys() - cells.keys())
        touched[grain].append((pane_start(event.at, grain) - pane.start_at, changed))
    return Shape(tuple(touched[MINUTE_SECONDS]), tuple(touched[QUARTER_SECONDS]))


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
