"""A deal as a state machine: created, moved from stage to stage, won or lost, perhaps reopened."""

from typing import Any, Literal

import msgspec

from schemas import events as e
from schemas import measures as m
from schemas.events import Event
from streams.deal_history import told
from streams.facts import NOTHING, Fact, Facts, difference, dims_of

MAX_MOVES = 128
KEPT_SECONDS = 365 * 86_400
"""How long an ended deal is kept, so that it can be reopened."""
OPEN_SECONDS = 3650 * 86_400

Status = Literal["open", "won", "lost", "deleted"]

_STATUS: dict[type, Status] = {
    e.DealWon: "won",
    e.DealLost: "lost",
    e.DealReopened: "open",
    e.DealDeleted: "deleted",
}


class Deal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of a deal. Instants in seconds since 1970; money in minor units."""

    source: str = ""
    rep: str = ""
    pipeline: str = ""
    customer: str | None = None
    created_at: float | None = None
    moves: tuple[tuple[float, str], ...] = ()
    """(when, to which stage), by time; the first is the stage it was created in."""
    amount_minor: int | None = None
    currency: str | None = None
    amount_at: float | None = None
    status: Status = "open"
    status_at: float | None = None
    reason: str | None = None
    last_at: float = 0.0

    @property
    def stage(self) -> str:
        """The stage it is in, or was in when it ended."""
        return self.moves[-1][1] if self.moves else ""


def key(event: Event) -> str:
    """Return the table key: the deal."""
    return event.subject


def step(deal: Deal | None, event: Event, _horizon_at: float = 0.0) -> tuple[Deal, Facts]:
    """Take one event in. A repeated or outdated one changes nothing and returns the same object."""
    old = deal or Deal()
    data = event.data
    new = (
        _imported(old, event, data) if type(data) is e.DealImported else _changed(old, event, data)
    )
    if new is old:
        return old, NOTHING
    new = msgspec.structs.replace(new, last_at=max(old.last_at, event.at))
    return new, difference(contributions(old), contributions(new))


def expires_at(deal: Deal) -> float:
    """Return from which watermark on the deal can be forgotten."""
    return deal.last_at + (OPEN_SECONDS if deal.status == "open" else KEPT_SECONDS)


def contributions(deal: Deal) -> tuple[Fact, ...]:
    """Return what the deal counts; nothing before its creation, and so its owner, is known."""
    if deal.created_at is None or deal.status == "deleted":
        return ()
    rep, pipeline, source = deal.rep, deal.pipeline, deal.source
    whole = dims_of("", rep, "", pipeline, source)
    facts = [Fact(deal.created_at, whole, ((m.OPPORTUNITIES_CREATED.name, 1),))]
    if deal.status != "open" and deal.status_at is not None:
        outcome = m.DEALS_WON if deal.status == "won" else m.DEALS_LOST
        facts.append(Fact(deal.status_at, whole, ((outcome.name, 1),)))
    moved = ((m.DEAL_STAGE_CHANGES.name, 1),)
    facts.extend(
        Fact(at, dims_of("", rep, "", stage, source), moved)
        for at, stage in deal.moves
        if at > deal.created_at
    )
    return tuple(facts)


def _changed(old: Deal, event: Event, data: Any) -> Deal:  # noqa: ANN401 - one of seven types
    if isinstance(data, e.DealCreated):
        return _created(old, event, data)
    if isinstance(data, e.DealStageChanged):
        return _moved(old, event.at, data.stage)
    if isinstance(data, e.DealAmountChanged):
        return _priced(old, event.at, data)
    return _ended(old, event, data)


def _imported(old: Deal, event: Event, data: e.DealImported) -> Deal:
    new = old
    for part in told(event, data):
        new = _changed(new, part, part.data)
    return new


def _ended(old: Deal, event: Event, data: Any) -> Deal:  # noqa: ANN401 - won, lost, reopened, deleted
    new = old
    if old.status_at is None or event.at > old.status_at:
        reason = data.reason if isinstance(data, e.DealLost) else None
        new = msgspec.structs.replace(
            old, status=_STATUS[type(data)], status_at=event.at, reason=reason
        )
    # What is not the last word still says which stage, or which amount, it was at that time.
    if isinstance(data, e.DealReopened) and data.stage is not None:
        return _moved(new, event.at, data.stage)
    if isinstance(data, e.DealWon):
        return _priced(new, event.at, data)
    return new


def _created(old: Deal, event: Event, data: e.DealCreated) -> Deal:
    if old.created_at is not None and event.at >= old.created_at:
        return old
    new = msgspec.structs.replace(
        old,
        source=event.source,
        rep=data.rep,
        pipeline=data.pipeline,
        customer=data.customer,
        created_at=event.at,
    )
    return _priced(_moved(new, event.at, data.stage), event.at, data)


def _moved(old: Deal, at: float, stage: str) -> Deal:
    if (at, stage) in old.moves or len(old.moves) >= MAX_MOVES:
        return old
    return msgspec.structs.replace(old, moves=tuple(sorted((*old.moves, (at, stage)))))


def _priced(old: Deal, at: float, data: e.DealCreated | e.DealAmountChanged | e.DealWon) -> Deal:
    if data.amount_minor is None or (old.amount_at is not None and at <= old.amount_at):
        return old
    return msgspec.structs.replace(
        old, amount_minor=data.amount_minor, currency=data.currency or old.currency, amount_at=at
    )
