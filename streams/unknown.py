"""Who and what the events name and the roster does not know: to be counted and listed."""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.measures import QUARTER_SECONDS
from streams.fold import Fold
from streams.roster import UNKNOWN, RosterIndex

MAX_NAMES = 1000
"""Distinct names of a source, of about a day, that the roster does not know: more is a fault."""
MAX_SOURCES = 100
"""Sources that are told apart, those with the most names first."""


class Unknown(NamedTuple):
    """Names without an entry in the roster now."""

    reps: frozenset[str]
    queues: frozenset[str]
    sources: tuple[tuple[str, int], ...] = ()
    """Sources with more than MAX_NAMES such names, and how many."""


def unknown(folds: Iterable[Fold], roster: RosterIndex, now: float) -> Unknown:
    """Return the unknown names in the panes of about the last day."""
    seen = {
        (dims.source, dims.rep, dims.queue, dims.kind)
        for fold in folds
        for slot in list(fold.tables[QUARTER_SECONDS].slots.values())
        for dims in slot.dims
    }
    reps = {rep for _, rep, _, _ in seen if rep and roster.team_of(rep, now) == UNKNOWN}
    queues = {queue for _, _, queue, _ in seen if queue}
    queues = {queue for queue in queues if roster.queue(queue, now).site == UNKNOWN}
    return Unknown(frozenset(reps), frozenset(queues), _by_source(seen, reps, queues))


def _by_source(
    seen: Iterable[tuple[str, str, str, str]], reps: set[str], queues: set[str]
) -> tuple[tuple[str, int], ...]:
    """Return the sources with too many names; a kind is in no roster, so each of them counts."""
    names: dict[str, set[tuple[str, str]]] = {}
    for source, rep, queue, kind in seen:
        of_source = names.setdefault(source, set())
        if rep in reps:
            of_source.add(("rep", rep))
        if queue in queues:
            of_source.add(("queue", queue))
        if kind:
            of_source.add(("kind", kind))
    many = [(source, len(some)) for source, some in names.items() if len(some) > MAX_NAMES]
    return tuple(sorted(many, key=lambda one: (-one[1], one[0]))[:MAX_SOURCES])
