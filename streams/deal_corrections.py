"""A deal of which something was corrected, or taken back.

The state is what counts now; beside it stands what was told without corrections. A correction makes
the saying that it names void, whether that was told already or is yet to come, and says what was
instead.
"""

from collections.abc import Callable
from zlib import crc32

import msgspec

from schemas.events import Event
from streams.corrections import correction_of, in_force, said, with_correction
from streams.deal_state import Deal, DealCorrected, Priced

RETRACTED = "deal.retracted"

Told = Callable[[Deal, Event], Deal]


def step(deal: Deal, event: Event, told: Told) -> Deal:
    """Take in a correction, or an event of a deal that has some."""
    known = deal.corrected or DealCorrected(deal, ())
    if event.causation_id is None:
        base = told(known.base, event)
        if base is known.base:
            return deal
        return _effective(msgspec.structs.replace(known, base=base), told)
    one = correction_of(event, event.type, takes_back=event.type == RETRACTED)
    corrections = with_correction(known.corrections, one)
    if corrections is known.corrections:
        return deal
    return _effective(msgspec.structs.replace(known, corrections=corrections), told)


def _effective(corrected: DealCorrected, told: Told) -> Deal:
    """Return what counts: what was told, with what is corrected in its place."""
    valid = in_force(corrected.corrections)
    void = {crc32(one.cause.encode()) for one in corrected.corrections}
    deal = _without(corrected.base, void)
    for one in valid:
        if one.data is not None:
            deal = told(deal, said(one))
    last_at = max(corrected.base.last_at, *(one.at for one in corrected.corrections))
    return msgspec.structs.replace(deal, last_at=last_at, corrected=corrected)


def _without(base: Deal, void: set[int]) -> Deal:
    """Return a deal without what some events said."""
    deal = msgspec.structs.replace(
        base,
        moves=tuple(one for one in base.moves if one.mark not in void),
        owners=tuple(one for one in base.owners if one.mark not in void),
        turns=tuple(one for one in base.turns if one.mark not in void),
    )
    if deal.turns != base.turns:
        last = deal.turns[-1] if deal.turns else None
        deal = msgspec.structs.replace(
            deal,
            status="open" if last is None else last.status,
            status_at=None if last is None else last.at,
            reason=None if last is None else last.reason,
        )
    if any(one.mark in void for one in base.creations):
        deal = deal.created_as([one for one in base.creations if one.mark not in void])
    if any(one.mark in void for one in base.prices):
        deal = _priced(deal, tuple(one for one in base.prices if one.mark not in void))
    return deal


def _priced(deal: Deal, prices: tuple[Priced, ...]) -> Deal:
    """Return a deal that is worth what the last of these say."""
    amount = next((one for one in reversed(prices) if one.amount_minor >= 0), None)
    currency = next((one for one in reversed(prices) if one.currency), None)
    return msgspec.structs.replace(
        deal,
        prices=prices,
        amount_minor=None if amount is None else amount.amount_minor,
        amount_at=None if amount is None else amount.at,
        amount_order=amount,
        currency=None if currency is None else currency.currency,
        currency_order=currency,
    )
