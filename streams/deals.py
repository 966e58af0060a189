"""A deal as a state machine: created, moved from stage to stage, won or lost, perhaps reopened.

The state keeps what the events said, each kind ordered by time, then by `sequence`, then by
content: the same events make the same deal in whatever order they came. Which stage a name stands
for, and what a move means, is looked up in the pipelines later (streams/journeys.py).
"""

from collections.abc import Callable
from typing import Any, TypeVar
from zlib import crc32

import msgspec

from schemas import events as e
from schemas import measures as m
from schemas.events import Event
from streams import deal_corrections
from streams.deal_history import parts
from streams.deal_state import (
    Created,
    Deal,
    Move,
    Owned,
    Priced,
    Status,
    Turn,
    move_order,
    owned_order,
    turn_order,
)
from streams.facts import NOTHING, Fact, Facts, difference, dims_of

MAX_MOVES = 128
MAX_TURNS = 32
MAX_OWNERS = 32
MAX_PRICES = 8
MAX_CREATIONS = 4
KEPT_SECONDS = 365 * 86_400
"""How long a deal is kept after its last event, once it has ended, so that it can be reopened."""
OPEN_SECONDS = 3650 * 86_400

_STATUS: dict[type, Status] = {
    e.DealWon: "won",
    e.DealLost: "lost",
    e.DealReopened: "open",
    e.DealMerged: "merged",
    e.DealDeleted: "deleted",
}


def step(deal: Deal | None, event: Event, _horizon_at: float = 0.0) -> tuple[Deal, Facts]:
    """Take in one event. A repeated or outdated one changes nothing and returns the same object."""
    old = deal or Deal()
    if event.causation_id is not None or old.corrected is not None:
        new = deal_corrections.step(old, event, told)
    else:
        new = told(old, event)
    if new is old:
        return old, NOTHING
    return new, difference(contributions(old), contributions(new))


def told(old: Deal, event: Event) -> Deal:
    """Take in an event that is no correction; a repeated or outdated one returns *old* itself."""
    new = _TAKE[type(event.data)](old, event, event.data)
    if new is old:
        return old
    return msgspec.structs.replace(new, last_at=max(old.last_at, event.at))


def expires_at(deal: Deal) -> float:
    """Return the watermark, in seconds since 1970, from which on the deal can be forgotten."""
    return deal.last_at + (OPEN_SECONDS if deal.status == "open" else KEPT_SECONDS)


def contributions(deal: Deal) -> tuple[Fact, ...]:
    """Return what the deal counts, each fact for the owner at its time."""
    if deal.created_at is None or not deal.is_counted:
        return ()
    pipeline, source = deal.pipeline, deal.source
    created = dims_of("", deal.owner_at(deal.created_at), "", pipeline, source)
    facts = [Fact(deal.created_at, created, ((m.OPPORTUNITIES_CREATED.name, 1),))]
    if deal.status != "open" and deal.status_at is not None:
        outcome = m.DEALS_WON if deal.status == "won" else m.DEALS_LOST
        ended = dims_of("", deal.owner_at(deal.status_at), "", pipeline, source)
        facts.append(Fact(deal.status_at, ended, ((outcome.name, 1),)))
    moved = ((m.DEAL_STAGE_CHANGES.name, 1),)
    facts.extend(
        Fact(move.at, dims_of("", deal.owner_at(move.at), "", move.stage, source), moved)
        for move in deal.moves
        if move.at > deal.created_at
    )
    return tuple(facts)


def _created(old: Deal, event: Event, data: e.DealCreated) -> Deal:
    order = "\0".join((event.sequence, data.rep, data.pipeline, event.source, data.segment or ""))
    of = (event.source, data.rep, data.pipeline, data.customer or "", data.segment or "")
    creation, known = Created(event.at, order, _mark(event), *of), old.creations
    new = old
    # A creation may come again, or from another source: the earliest counts.
    if creation not in known:
        kept = sorted((*known, creation))[:MAX_CREATIONS]
        new = old.created_as(kept) if tuple(kept) != known else old
    return _priced(_moved(new, event, data), event, data)


def _moved(old: Deal, event: Event, data: e.DealStageChanged | e.DealCreated) -> Deal:
    is_bare = isinstance(data, e.DealStageChanged) and data.from_stage is None
    move = Move(event.at, data.stage, event.sequence, _mark(event), is_bare)
    moves, cut = _with(old.moves, move, move_order, MAX_MOVES)
    if moves is old.moves and cut <= old.is_cut:
        return old
    return msgspec.structs.replace(old, moves=moves, is_cut=cut or old.is_cut)


def _given(old: Deal, event: Event, data: e.DealOwnerChanged) -> Deal:
    owned = Owned(event.at, data.rep, event.sequence, _mark(event))
    owners, cut = _with(old.owners, owned, owned_order, MAX_OWNERS)
    if owners is old.owners and cut <= old.is_cut:
        return old
    return msgspec.structs.replace(old, owners=owners, is_cut=cut or old.is_cut)


def _turned(old: Deal, event: Event, data: Any) -> Deal:  # noqa: ANN401 - won, lost, reopened, ...
    reason = getattr(data, "reason", None) or getattr(data, "into", None)
    turn = Turn(event.at, _STATUS[type(data)], event.sequence, reason, _mark(event))
    before = old.turns
    turns, cut = _with(before, turn, turn_order, MAX_TURNS)
    new = old
    if turns is not before or cut > old.is_cut:
        last = turns[-1]
        new = msgspec.structs.replace(
            old,
            turns=turns,
            status=last.status,
            status_at=last.at,
            reason=last.reason,
            is_cut=cut or old.is_cut,
        )
    # Even if a later turn overrides this one, its stage or amount held at that time.
    if isinstance(data, e.DealReopened) and data.stage is not None:
        return _moved(new, event, e.DealStageChanged(data.stage))
    if isinstance(data, e.DealWon):
        return _priced(new, event, data)
    return new


def _priced(old: Deal, event: Event, data: e.DealCreated | e.DealAmountChanged | e.DealWon) -> Deal:
    """Take in an amount and a currency. A win may have one without the other."""
    amount, currency = data.amount_minor, data.currency
    if amount is None and currency is None:
        return old
    of = (-1 if amount is None else amount, currency or "")
    said = Priced(event.at, event.sequence, *of, _mark(event))
    if said in old.prices:
        return old
    new = old
    prices = tuple(sorted((*old.prices, said)))[-MAX_PRICES:]
    if prices != old.prices:
        new = msgspec.structs.replace(new, prices=prices)
    if amount is not None and (old.amount_order is None or said > old.amount_order):
        new = msgspec.structs.replace(
            new, amount_minor=amount, amount_at=event.at, amount_order=said
        )
    if currency is not None and (old.currency_order is None or said > old.currency_order):
        new = msgspec.structs.replace(new, currency=currency, currency_order=said)
    return new


def _imported(old: Deal, event: Event, data: e.DealImported) -> Deal:
    new = old
    for part in parts(event, data):
        new = _TAKE[type(part.data)](new, part, part.data)
    return new


_TAKE: dict[type, Callable[[Deal, Event, Any], Deal]] = {
    e.DealCreated: _created,
    e.DealStageChanged: _moved,
    e.DealAmountChanged: _priced,
    e.DealOwnerChanged: _given,
    e.DealImported: _imported,
    **dict.fromkeys(_STATUS, _turned),
}

_S = TypeVar("_S", bound=Move | Turn | Owned)


def _mark(event: Event) -> int:
    """Return a number that identifies an event; 0 for all parts of an import."""
    return crc32(event.id.encode())


def _with(
    said: tuple[_S, ...], new: _S, order: Callable[[_S], Any], at_most: int
) -> tuple[tuple[_S, ...], bool]:
    """Return *said* with *new* inserted in order, and whether there are more than `at_most`.

    If nothing changes, it is the same object. Past `at_most`, the first ones and the very last are
    kept: what is kept depends on what was said, not on the order of arrival.
    """
    if said and order(new) > order(said[-1]):
        longer = (*said, new)
    else:
        place = order(new)
        known = next((one for one in said if order(one) == place), None)
        if known is not None and _precedence(known) <= _precedence(new):
            return said, False
        found = [one for one in said if one is not known]
        longer = tuple(sorted([*found, new], key=order))
    if len(longer) <= at_most:
        return longer, False
    kept = (*longer[: at_most - 1], longer[-1])
    return (said if kept == said else kept), True


def _precedence(said: Move | Turn | Owned) -> tuple[int, bool]:
    """Return a sort key: of two events that say the same, the one with the lesser key is kept."""
    return said.mark, isinstance(said, Move) and said.is_bare
