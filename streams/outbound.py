"""What an outbound call counts: dialled, connected or not, abandoned by the dialler, handled.

`call.connected` says that the customer answered, `call.answered` that a rep joined. Where a rep
dials, the two are one moment, and `call.answered` alone says both.
"""

from bisect import bisect_left
from collections.abc import Sequence

from schemas import measures as m
from streams.call_state import Call
from streams.facts import KNOWN_DIMS, Amount, Dims, Fact, replaced, ticks

PATIENCE_SECONDS = 2.0
"""A customer who has answered and met no rep for longer was abandoned (Ofcom, FCC)."""

_BOUNDS = tuple(map(float, m.SECONDS_BOUNDS))
_TALK_BUCKETS = m.OUTBOUND_TALK_TIME.cells
_HANDLE_BUCKETS = m.OUTBOUND_HANDLE_TIME.cells
_CONNECTED = ((m.CALLS_CONNECTED.name, 1),)
_ABANDONED = ((m.CALLS_CONNECTED.name, 1), (m.OUTBOUND_ABANDONED.name, 1))
_CLOSED_BY_US = (m.CALLS_CLOSED_TALKING.name, 1)
_NOT_CONNECTED = (m.CALLS_NOT_CONNECTED.name, 1)
_HANDLED = (m.OUTBOUND_HANDLED.name, 1)
_UNANSWERED = m.OUTBOUND_UNANSWERED.name
_DIALLING, _TALK, _HOLD, _WRAPUP = (
    measure.name
    for measure in (m.OUTBOUND_DIALLING, m.OUTBOUND_TALK, m.OUTBOUND_HOLD, m.OUTBOUND_WRAPUP)
)


def changes(old: Call, new: Call) -> Sequence[Fact]:
    """Return the facts that turn what *old* counted into what *new* counts.

    Of one dialling, for one rep: that it was dialled is not among them.
    """
    if new.wrapup_ended_at is not old.wrapup_ended_at:
        return _wrapped_up(old, new)
    # Once a rep has joined, nothing that comes later changes how the call was met.
    was_met = (
        new.answered_at is not None
        and new.answered_at is old.answered_at
        and new.connected_at is old.connected_at
        and new.closed_by_us_at is None
    )
    how_met = () if was_met else replaced(met(old), met(new))
    return (*how_met, *replaced(handled(old), handled(new)))


def _wrapped_up(old: Call, new: Call) -> Sequence[Fact]:
    """Return what the end of after-call work changes: its seconds, and a bucket perhaps."""
    if new.answered_at is None or new.closed_at is None:
        return ()
    seconds = new.wrapup_seconds - old.wrapup_seconds
    if not seconds:
        return ()
    cells: tuple[tuple[str, Amount], ...] = ((_WRAPUP, seconds),)
    was, now = (bisect_left(_BOUNDS, handle_seconds(call)) for call in (old, new))
    if was != now:
        # In the order of `difference`, as everywhere: records of panes then have the same bytes.
        cells = ((_HANDLE_BUCKETS[now], 1), *cells, (_HANDLE_BUCKETS[was], -1))
    return (Fact(new.offered_at or 0.0, dims(new), cells),)


def met(call: Call) -> Fact | None:
    """Connected or not; None while it rings out."""
    at = call.offered_at or 0.0
    if call.connected_at is not None or call.answered_at is not None:
        cells = _ABANDONED if is_abandoned(call) else _CONNECTED
        return Fact(at, dims(call), (*cells, _CLOSED_BY_US) if call.is_closed_by_us else cells)
    if call.closed_at is None:
        return Fact(at, dims(call), (_CLOSED_BY_US,)) if call.is_closed_by_us else None
    seconds = call.wait_seconds
    unanswered = ((_UNANSWERED, seconds),) if seconds else ()
    return Fact(at, dims(call), (_NOT_CONNECTED, *unanswered))


def handled(call: Call) -> Fact | None:
    """The conversation, with the dialling before it; None before it is over."""
    if call.answered_at is None or call.closed_at is None:
        return None
    dialling, hold = dialling_seconds(call), held_seconds(call)
    talk, wrapup = call.talk_seconds, call.wrapup_seconds
    cells: list[tuple[str, Amount]] = [
        _HANDLED,
        (_TALK_BUCKETS[bisect_left(_BOUNDS, talk)], 1),
        (_HANDLE_BUCKETS[bisect_left(_BOUNDS, dialling + talk + hold + wrapup)], 1),
    ]
    if dialling:
        cells.append((_DIALLING, dialling))
    if talk:
        cells.append((_TALK, talk))
    if hold:
        cells.append((_HOLD, hold))
    if wrapup:
        cells.append((_WRAPUP, wrapup))
    return Fact(call.offered_at or 0.0, dims(call), tuple(cells))


def held_seconds(call: Call) -> float:
    """Return how long the customer was on hold; most never were."""
    return call.hold_seconds if call.holds or call.durations else 0.0


def handle_seconds(call: Call) -> float:
    """Return how long the call took its rep, from dialling to the end of after-call work."""
    return dialling_seconds(call) + call.talk_seconds + held_seconds(call) + call.wrapup_seconds


def is_abandoned(call: Call) -> bool:
    """Whether the customer answered, stayed longer than the limit, and had no rep within it.

    While neither a rep nor the end has come, nobody can say.
    """
    connected_at = call.connected_at
    if connected_at is None:
        return False
    until = call.answered_at if call.answered_at is not None else call.closed_at
    return until is not None and until - connected_at > PATIENCE_SECONDS


def dialling_seconds(call: Call) -> float:
    """Return how long it rang out until the customer answered."""
    if call.durations is not None:
        return ticks(call.durations[0])
    until = call.connected_at if call.connected_at is not None else call.answered_at
    return ticks((until or 0.0) - (call.offered_at or 0.0))


def dims(call: Call) -> Dims:
    """Return where it counts: with the rep who talked, or for whom it was dialled."""
    return KNOWN_DIMS[call.queue, call.rep, "outbound", "", call.source]
