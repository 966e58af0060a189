"""A meeting as a state machine: booked, moved, and one outcome. A reschedule is no new meeting."""

from typing import Any, Literal

import msgspec

from schemas import events as e
from schemas import measures as m
from schemas.events import Event
from streams.facts import NOTHING, Fact, Facts, difference, dims_of

MAX_MOVES = 32
KEPT_SECONDS = 30 * 86_400
"""How long a meeting is kept after its start, or after the last word on it.

Also one that has its outcome: a no-show is often moved to another day, and then held.
"""

Outcome = Literal["held", "no_show", "cancelled"]

_OUTCOME: dict[type, Outcome] = {
    e.MeetingHeld: "held",
    e.MeetingNoShow: "no_show",
    e.MeetingCancelled: "cancelled",
}
_CELL: dict[Outcome, str] = {
    "held": m.MEETINGS_HELD.name,
    "no_show": m.MEETINGS_NO_SHOW.name,
    "cancelled": m.MEETINGS_CANCELLED.name,
}


class Meeting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of a meeting. Instants in seconds since 1970."""

    source: str = ""
    rep: str = ""
    customer: str | None = None
    booked_at: float | None = None
    starts_at: float | None = None
    moves: tuple[float, ...] = ()
    outcome: Outcome | None = None
    outcome_at: float | None = None
    last_at: float = 0.0
    deal: str | None = None


def step(meeting: Meeting | None, event: Event, _horizon_at: float = 0.0) -> tuple[Meeting, Facts]:
    """Take one event in. A repeated or outdated one changes nothing and returns the same object."""
    old = meeting or Meeting()
    new = _changed(old, event, event.data)
    if new is old:
        return old, NOTHING
    return new, difference(contributions(old), contributions(new))


def expires_at(meeting: Meeting) -> float:
    """Return from which watermark on the meeting can be forgotten."""
    return max(meeting.starts_at or 0.0, meeting.last_at) + KEPT_SECONDS


def contributions(meeting: Meeting) -> tuple[Fact, ...]:
    """Return what the meeting counts; nothing before its booking, and so its rep, is known."""
    if meeting.booked_at is None:
        return ()
    dims = dims_of("", meeting.rep, "", "", meeting.source)
    facts = [Fact(meeting.booked_at, dims, ((m.MEETINGS_BOOKED.name, 1),))]
    if meeting.outcome is not None and meeting.outcome_at is not None:
        facts.append(Fact(meeting.outcome_at, dims, ((_CELL[meeting.outcome], 1),)))
    moved = ((m.MEETINGS_RESCHEDULED.name, 1),)
    return (*facts, *(Fact(at, dims, moved) for at in meeting.moves))


def _changed(old: Meeting, event: Event, data: Any) -> Meeting:  # noqa: ANN401 - one of five types
    at = event.at
    replace = msgspec.structs.replace
    last_at = max(old.last_at, at)
    if isinstance(data, e.MeetingBooked):
        if old.booked_at is not None and at >= old.booked_at and not _is_first(old, event, data):
            return old
        starts_at = old.starts_at if old.moves else data.starts_at.timestamp()
        return replace(
            old,
            source=event.source,
            rep=data.rep,
            customer=data.customer,
            deal=data.deal,
            booked_at=at,
            starts_at=starts_at,
            last_at=last_at,
        )
    if isinstance(data, e.MeetingRescheduled):
        return _moved(old, at, data, last_at)
    # Zoom may say "ended" twice and a no-show may turn out held: the latest word by time counts.
    outcome = _OUTCOME[type(data)]
    # Of two with one time the first by its text, so that the order of arrival does not matter.
    known = (-(old.outcome_at or 0.0), old.outcome or "")
    if old.outcome is not None and (-at, outcome) >= known:
        return old
    return replace(old, outcome=outcome, outcome_at=at, last_at=last_at)


def _is_first(old: Meeting, event: Event, data: e.MeetingBooked) -> bool:
    """Whether a booking of the same time comes before the known one, by its text."""
    if event.at != old.booked_at:
        return False
    told = (data.rep, event.source, data.customer or "", data.deal or "")
    known = (old.rep, old.source, old.customer or "", old.deal or "")
    if told != known:
        return told < known
    return not old.moves and data.starts_at.timestamp() < (old.starts_at or 0.0)


def _moved(old: Meeting, at: float, data: e.MeetingRescheduled, last_at: float) -> Meeting:
    told_at = data.starts_at.timestamp()
    if at in old.moves:
        if at < old.moves[-1] or told_at >= (old.starts_at or 0.0):
            return old
        return msgspec.structs.replace(old, starts_at=told_at)
    if len(old.moves) >= MAX_MOVES:
        return old
    latest = not old.moves or at > old.moves[-1]
    starts_at = told_at if latest else old.starts_at
    moves = tuple(sorted((*old.moves, at)))
    return msgspec.structs.replace(old, moves=moves, starts_at=starts_at, last_at=last_at)
