"""Who and what the events name and the roster does not know: to be counted and listed."""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.measures import QUARTER_SECONDS
from streams.fold import Fold
from streams.roster import UNKNOWN, RosterIndex


class Unknown(NamedTuple):
    """Names without an entry in the roster now."""

    reps: frozenset[str]
    queues: frozenset[str]


def unknown(folds: Iterable[Fold], roster: RosterIndex, now: float) -> Unknown:
    """Return the unknown names in the panes of about the last day."""
    seen = {
        (dims.rep, dims.queue)
        for fold in folds
        for slot in list(fold.tables[QUARTER_SECONDS].slots.values())
        for dims in slot.dims
    }
    reps = {rep for rep, _ in seen if rep}
    queues = {queue for _, queue in seen if queue}
    return Unknown(
        frozenset(rep for rep in reps if roster.team_of(rep, now) == UNKNOWN),
        frozenset(queue for queue in queues if roster.queue(queue, now).site == UNKNOWN),
    )
