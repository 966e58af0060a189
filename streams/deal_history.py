"""A deal's whole history in one event, told again as the events it was made of.

What a CRM exports (`ringside import deals`) is older than the log. Sent as the old events it would
be `too_late` beside live traffic; so it comes as one event of now that says when everything was.
"""

from collections.abc import Iterator

import msgspec

from schemas import events as e
from schemas.codec import canonical_sequence
from schemas.events import Event


def parts(event: Event, data: e.DealImported) -> Iterator[Event]:
    """Yield what an import says, each at its own time; the state machine takes them as usual.

    The amount is that of the deal's end, or of the export while it is open.
    """
    created_at = data.created_at.timestamp()
    created = e.DealCreated(
        data.rep, data.pipeline, data.stage, customer=data.customer, segment=data.segment
    )
    yield _at(event, "deal.created", created_at, created)
    stage = data.stage
    for number, move in enumerate(data.moves, 1):
        moved, stage = e.DealStageChanged(move.stage, stage), move.stage
        yield _at(event, "deal.stage_changed", move.at.timestamp(), moved, number)
    if data.ended_at is None:
        priced_at = data.as_of.timestamp()
    else:
        priced_at = data.ended_at.timestamp()
        ended = e.DealWon() if data.outcome == "won" else e.DealLost(data.reason)
        yield _at(event, f"deal.{data.outcome}", priced_at, ended)
    if data.amount_minor is not None and data.currency is not None:
        amount = e.DealAmountChanged(data.amount_minor, data.currency)
        yield _at(event, "deal.amount_changed", priced_at, amount)


def _at(event: Event, type_: str, at: float, data: e.AnyFact, number: int = 0) -> Event:
    """Return a part of the history. Those of one instant stay in their order by its number."""
    sequence = canonical_sequence(number) if number else ""
    # Without an id: the same history imported again, by another event, says nothing new.
    return msgspec.structs.replace(event, id="", type=type_, at=at, data=data, sequence=sequence)
