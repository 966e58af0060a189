"""Calls that never end: what a PBX that lost an event leaves on the floor.

A call of which nothing was heard for its queue's limit is closed by us: it leaves the floor and is
counted apart, in no service level. Any news of it undoes that. It is decided by event time, once a
minute, so it does not depend on when somebody looks.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from schemas.measures import MINUTE_SECONDS
from schemas.roster import GHOST_AFTER_SECONDS
from streams.call_counts import contributions
from streams.call_state import Call
from streams.facts import Facts, difference
from streams.panes import pane_start

if TYPE_CHECKING:
    from streams.roster import RosterIndex


class GhostLimits:
    """How long a queue's calls may be silent: the roster's word, which may change while we run."""

    def __init__(self, roster: "RosterIndex | None" = None) -> None:
        self.roster = roster
        """The worker puts the newest one here."""

    def of(self, queue: str, at: float) -> float:
        """Return the limit in seconds."""
        if self.roster is None:
            return GHOST_AFTER_SECONDS
        return self.roster.queue(queue, at).ghost_after_seconds


def ghosts(
    live: Iterable[tuple[str, object]],
    limits: GhostLimits,
    watermark: float,
    lateness_seconds: float,
) -> Iterator[tuple[str, Call, Facts]]:
    """Yield the live calls that are to be closed by us: key, the call as it is then, what changes.

    The time of now is that of the newest event, to the minute: a fold that is restored then decides
    as the one that went on.
    """
    now = pane_start(watermark, MINUTE_SECONDS) + lateness_seconds
    for key, call in live:
        if not isinstance(call, Call):
            continue
        closes_at = call.last_at + limits.of(call.queue, call.offered_at or 0.0)
        if closes_at < now:
            new = closed_by_us(call, closes_at)
            yield key, new, difference(contributions(call), contributions(new))


def closed_by_us(call: Call, at: float) -> Call:
    """Return the call as closed at *at* for want of news."""
    new: Call = call.__copy__()  # type: ignore[attr-defined]  # msgspec's stubs lack it
    new.closed_by_us_at = at
    return new
