"""Whether a correction finds what it corrects: if not, somebody should know.

It may have come before it. More often it names the wrong event, or came after what it corrects was
forgotten, and then the wrong number stays.
"""

from typing import Any
from zlib import crc32

from schemas.events import Event
from streams.deal_state import Deal
from streams.meeting_corrections import BOOKED, RETRACTED
from streams.meeting_state import Meeting, told_of
from streams.rep_state import Rep, needed_from


def is_met(
    entity: Any,  # noqa: ANN401 - of any topic, or None
    event: Event,
    horizon_at: float,
) -> bool:
    """Whether *entity*, as it was before a correction, had been told what that corrects.

    Nothing older than `horizon_at` comes any more.
    """
    if entity is None:
        return False
    corrected, cause = entity.corrected, event.causation_id or ""
    if any(one.id == cause for one in getattr(corrected, "corrections", ())):
        return True
    mark = crc32(cause.encode())
    if isinstance(entity, Rep):
        turns = entity.turns
        return any(turn.mark == mark for turn in turns[needed_from(turns, horizon_at) :])
    if isinstance(entity, Meeting):
        # A booking has no mark: of it, too, a correction is of all there are.
        is_of_all = event.type in {BOOKED, RETRACTED}
        told = told_of(entity)
        marks = {*(one.mark for one in told.moves), *(one.mark for one in told.ends)}
        return is_of_all or mark in marks
    base = entity if corrected is None else corrected.base
    if isinstance(base, Deal):
        return mark in _deal(base)
    # Of calls, activities and leads no ids are kept: a correction is of all of its type.
    return base.last_at > 0.0  # type: ignore[no-any-return]


def _deal(deal: Deal) -> set[int]:
    told = (deal.creations, deal.moves, deal.turns, deal.owners, deal.prices)
    return {one.mark for said in told for one in said}
