"""A deal's whole history in one event, told again as the events it was made of.

What a CRM exports (`ringside import deals`) is older than the log. Sent as the old events it would
be `too_late` beside live traffic; so it comes as one event of now that says when everything was.
"""

from collections.abc import Iterator

from schemas import events as e
from schemas.events import Event


def told(event: Event, data: e.DealImported) -> Iterator[Event]:
    """Yield what an import says, each at its own time; the state machine takes them as usual.

    The amount is that of the deal's end, or of the export while it is open.
    """
    created_at = data.created_at.timestamp()
    created = e.DealCreated(data.rep, data.pipeline, data.stage, customer=data.customer)
    yield _at(event, "deal.created", created_at, created)
    for move in data.moves:
        moved = e.DealStageChanged(move.stage)
        yield _at(event, "deal.stage_changed", move.at.timestamp(), moved)
    if data.ended_at is None:
        priced_at = data.as_of.timestamp()
    else:
        priced_at = data.ended_at.timestamp()
        ended = e.DealWon() if data.outcome == "won" else e.DealLost(data.reason)
        yield _at(event, f"deal.{data.outcome}", priced_at, ended)
    if data.amount_minor is not None and data.currency is not None:
        amount = e.DealAmountChanged(data.amount_minor, data.currency)
        yield _at(event, "deal.amount_changed", priced_at, amount)


def _at(event: Event, type_: str, at: float, data: e.AnyFact) -> Event:
    return Event(event.id, event.source, event.subject, type_, at, data)
