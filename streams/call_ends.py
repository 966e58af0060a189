"""What an inbound call counts when it is over, in the pane of its *end*.

Every other number of a call belongs to the interval in which it came. Some products count by the
end; so that the two can be compared, these few cells stand apart, under names of their own.
"""

from bisect import bisect_left

from schemas import measures as m
from schemas.measures import QUARTER_SECONDS
from streams.call_state import Call
from streams.facts import KNOWN_DIMS, Cells, Fact

_ANSWERED = (m.CALLS_ANSWERED_BY_END.name, 1)
_ABANDONED = (m.CALLS_ABANDONED_BY_END.name, 1)
_FLOWED_OUT_CELLS: Cells = ((m.CALLS_FLOWED_OUT_BY_END.name, 1),)
_LATER = (m.CALLS_ENDED_LATER.name, 1)
_BOUNDS = tuple(map(float, m.SECONDS_BOUNDS))

_ANSWERED_CELLS: tuple[Cells, ...] = tuple(
    (_ANSWERED, (cell, 1)) for cell in m.ANSWERED_WAIT_BY_END.cells
)
_ABANDONED_CELLS: tuple[Cells, ...] = tuple(
    (_ABANDONED, (cell, 1)) for cell in m.ABANDONED_WAIT_BY_END.cells
)


def ended(call: Call) -> Fact | None:
    """Return the fact; None before it is over, and of what never joined a queue."""
    closed_at = call.closed_at
    if closed_at is None or call.direction == "outbound" or call.in_menu:
        return None
    if call.answered_at is not None:
        cells = _ANSWERED_CELLS[bisect_left(_BOUNDS, call.wait_seconds)]
        dims = KNOWN_DIMS[call.queue, call.rep, "inbound", "", call.source]
    elif call.abandoned_at is not None or call.ended_at is not None:
        cells = _ABANDONED_CELLS[bisect_left(_BOUNDS, call.wait_seconds)]
        dims = KNOWN_DIMS[call.queue, "", "inbound", "", call.source]
    else:
        cells = _FLOWED_OUT_CELLS
        dims = KNOWN_DIMS[call.queue, "", "inbound", "", call.source]
    if closed_at // QUARTER_SECONDS > (call.offered_at or 0.0) // QUARTER_SECONDS:
        cells = (*cells, _LATER)
    return Fact(closed_at, dims, cells)
