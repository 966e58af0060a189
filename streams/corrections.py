"""Statements that take the place of earlier ones, and what that moved.

CloudEvents' attribute `causationid` names the event that a statement corrects. No state keeps the
ids of all events, so a correction is told from a contradiction by that attribute alone, and kept: a
handful for an entity, in no order, so that a correction may come before what it corrects. One that
another one corrects counts no more.
"""

from collections.abc import Iterable
from typing import cast

import msgspec

from schemas.events import TYPES, AnyFact, Event
from streams.facts import Amount, Dims

MAX_CORRECTIONS = 16
"""Of one entity; later ones change nothing."""

_encode = msgspec.json.Encoder().encode


class Correction(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A statement that takes the place of another, as it was made."""

    id: str
    cause: str
    """The id of the event that it corrects; "" of a retraction that names none."""
    kind: str
    """Its event type; of a retraction of one statement, the type of that."""
    at: float
    source: str
    data: str | None
    """Its `data` as JSON; None if it only takes back."""
    sequence: str = ""


class Moved(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a correction changed in one pane of a quarter of an hour: cells, before and after."""

    offset: int
    """Of the correction in its partition."""
    id: str
    cause: str
    at: float
    start_at: int
    dims: Dims
    cells: tuple[tuple[str, Amount, Amount], ...]


def with_correction(
    known: tuple[Correction, ...], correction: Correction
) -> tuple[Correction, ...]:
    """Return *known* with one more, in an order of its own; the same object if it is known."""
    if len(known) >= MAX_CORRECTIONS or any(one.id == correction.id for one in known):
        return known
    return tuple(sorted((*known, correction), key=lambda one: one.id))


def in_force(known: Iterable[Correction]) -> list[Correction]:
    """Return those that no other one corrects, in the order of their ids."""
    listed = list(known)
    causes = {one.cause for one in listed}
    return [one for one in listed if one.id not in causes]


def correction_of(event: Event, kind: str, *, takes_back: bool) -> Correction:
    """Return what an event corrects as it is kept."""
    data = None if takes_back else _encode(event.data).decode()
    of = (event.id, event.causation_id or "", kind, event.at, event.source)
    return Correction(*of, data, event.sequence)


def said(correction: Correction) -> Event:
    """Return the event that a correction was, without its subject."""
    kind = correction.kind
    data = msgspec.json.decode(correction.data or "", type=TYPES[kind])
    fact = cast("AnyFact", data)
    of = (correction.id, correction.source, "", kind, correction.at)
    return Event(*of, fact, correction.sequence)
