"""A customer as a state machine: what was told of their calls, from whichever partition.

Bounded: calls of the last 8 days, and at most 64 legs. What is older or too much goes, oldest
first; what it has counted stays counted, and `before_at` remembers the last of it, so that what
comes next is still known as a repeat.

Another kind of entity (a deal, a meeting) gets a field of its own at the end of `Customer`, with a
default, and a case in `step` by the type of what its notes say; what it counts is added to
`contributions`.
"""

import msgspec

from schemas.events import Event
from schemas.notes import Note
from streams.call_keys import call_id_and_leg
from streams.contacts import (
    DAY_SECONDS,
    WEEK_SECONDS,
    Contact,
    Leg,
    contacts,
    counted,
    dropped,
    next_change_at,
    waiting_for_call_back,
)
from streams.facts import NOTHING, Fact, Facts, difference

MAX_LEGS = 64
KEPT_SECONDS = int(WEEK_SECONDS + DAY_SECONDS)
"""How long a call is kept after its arrival: the longest window, and a day for late news of it."""


_latest: list[tuple[tuple[Leg, ...], list[Contact]]] = [((), [])]
"""Whose contacts were asked for last, and what they are: the fold asks three times in turn.

Read and replaced as one, since a scrape asks, too, on its own thread.
"""


class Customer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of a customer. Instants in seconds since 1970."""

    legs: tuple[Leg, ...] = ()
    """By arrival."""
    before_at: float | None = None
    """Arrival of the last inbound contact that is not kept any more."""
    gone_at: float | None = None
    """Arrival of the last leg, of either direction, that is not kept any more."""
    seen_at: float = 0.0
    """How far event time had come when the windows were last looked at."""
    last_at: float = 0.0
    has_missed: bool = False
    """Whether any of the contacts was ever missed."""

    @property
    def contacts(self) -> list[Contact]:
        """The calls that are kept, by arrival."""
        known, found = _latest[0]
        if known is not self.legs:
            found = contacts(self.legs)
            _latest[0] = (self.legs, found)
        return found

    @property
    def open_missed(self) -> list[Contact]:
        """The missed contacts that wait for a call back."""
        return waiting_for_call_back(self.contacts, self.seen_at) if self.has_missed else []


def key(event: Event) -> str:
    """Return the table key: the customer's token."""
    return event.subject


def step(
    customer: Customer | None, event: Event, horizon_at: float = 0.0
) -> tuple[Customer, Facts]:
    """Take one note in. A repeated or outdated one changes nothing and returns the same object."""
    old = customer or Customer()
    note: Note = event.data  # type: ignore[assignment]  # the topic holds nothing else
    known = next((leg for leg in old.legs if leg.key == note.entity), None)
    if known is not None and (note.epoch, note.offset) <= (known.epoch, known.offset):
        return old, NOTHING
    if known is None and _is_too_old(old, note, horizon_at):
        # Told of, and not kept: a state of its own, so that it is counted.
        return msgspec.structs.replace(old, last_at=max(old.last_at, note.at)), (
            dropped(note.at, event.source),
        )
    return _looked_at(old, _with(old, note, known), max(old.seen_at, horizon_at))


def settle(customer: Customer, watermark: float) -> tuple[Customer, Facts]:
    """Look at the windows again: event time has passed the end of one (`due_at`)."""
    return _looked_at(customer, customer, watermark)


def due_at(customer: Customer) -> float | None:
    """Return the instant from whose passing on `settle` would change something, if any."""
    return next_change_at(customer.contacts, customer.seen_at)


def is_live(customer: Customer) -> bool:
    """Whether a missed call of the customer waits for a call back."""
    return bool(customer.open_missed)


def expires_at(customer: Customer) -> float:
    """Return from which watermark on the customer can be forgotten."""
    newest = max((leg.at for leg in customer.legs), default=0.0)
    return max(newest + KEPT_SECONDS, customer.last_at)


def contributions(customer: Customer) -> list[Fact]:
    """Return what the customer's contacts count."""
    return counted(customer.contacts, customer.before_at, customer.seen_at)


def _is_too_old(customer: Customer, note: Note, horizon_at: float) -> bool:
    if note.says is None:
        return False
    call_id = call_id_and_leg(note.entity)[0]
    if any(call_id_and_leg(leg.key)[0] == call_id for leg in customer.legs):
        return False
    arrived_at = note.says.arrived_at
    gone_at = customer.gone_at
    return arrived_at < horizon_at - KEPT_SECONDS or (gone_at is not None and arrived_at <= gone_at)


def _with(old: Customer, note: Note, known: Leg | None) -> Customer:
    """Return the customer with what the note says."""
    at = note.says.arrived_at if note.says is not None else note.at
    new = Leg(note.entity, note.epoch, note.offset, at, note.says)
    legs = [leg for leg in old.legs if leg is not known]
    legs.append(new)
    legs.sort(key=lambda leg: (leg.at, leg.key))
    return msgspec.structs.replace(old, legs=tuple(legs), last_at=max(old.last_at, note.at))


def _looked_at(old: Customer, new: Customer, seen_at: float) -> tuple[Customer, Facts]:
    """Judge the windows as of `seen_at`, then let go of what is too old or too much."""
    found = new.contacts
    has_missed = old.has_missed or any(one.missed_at is not None for one in found)
    facts = difference(contributions(old), counted(found, new.before_at, seen_at))
    new = msgspec.structs.replace(new, seen_at=seen_at, has_missed=has_missed)
    too_many = len(new.legs) - MAX_LEGS
    if too_many > 0:
        source = next((one.source for one in found), "")
        facts.append(dropped(new.last_at, source))
    if too_many > 0 or (new.legs and new.legs[0].at < seen_at - KEPT_SECONDS):
        new = _pruned(new, found, seen_at - KEPT_SECONDS)
    return new, facts


def _pruned(customer: Customer, found: list[Contact], before: float) -> Customer:
    """Return the customer without the oldest contacts: those before that, and those too many."""
    legs, before_at, gone_at = customer.legs, customer.before_at, customer.gone_at
    for contact in found:
        if contact.arrived_at >= before and len(legs) <= MAX_LEGS:
            break
        gone_at = max(gone_at or 0.0, *(leg.at for leg in legs if _is_of(leg, contact)))
        legs = tuple(leg for leg in legs if not _is_of(leg, contact))
        if contact.is_inbound:
            before_at = contact.arrived_at
    # What was taken back is no contact, and is remembered as long.
    legs = tuple(leg for leg in legs if leg.says is not None or leg.at >= before)[-MAX_LEGS:]
    return msgspec.structs.replace(customer, legs=legs, before_at=before_at, gone_at=gone_at)


def _is_of(leg: Leg, contact: Contact) -> bool:
    return leg.says is not None and call_id_and_leg(leg.key)[0] == contact.call_id
