"""A customer as a state machine: what was told of their calls, from whichever partition.

Bounded: calls of the last 8 days, and at most 64 legs. What is older or too much goes, oldest
first; what it has counted stays counted, and `before_at` remembers the last of it, so that what
comes next is still known as a repeat.

Another kind of entity (a deal, a meeting) gets a field of its own at the end of `Customer`, with a
default, and a case in `step` by the type of what its notes say; what it counts is added to what
`_looked_at` finds.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from schemas.notes import CallNote, Note
from streams.call_keys import call_id_and_leg
from streams.contact_counts import difference, dropped, has_missed, marks
from streams.contacts import (
    DAY_SECONDS,
    WEEK_SECONDS,
    Contact,
    Leg,
    contacts,
    next_change_at,
    waiting_for_call_back,
)
from streams.facts import NOTHING, Facts

MAX_LEGS = 64
KEPT_SECONDS = int(WEEK_SECONDS + DAY_SECONDS)
"""How long a call is kept after its arrival: the longest window, and a day for late news of it."""


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
    due_at: float | None = 0.0
    """The instant from whose passing on `settle` would change something, if any.

    (Of a customer that was written before this field was, it has passed: so it is looked at.)
    """

    @property
    def contacts(self) -> list[Contact]:
        """The calls that are kept, by arrival."""
        return contacts(self.legs)

    @property
    def open_missed(self) -> list[Contact]:
        """The missed contacts that wait for a call back."""
        return waiting_for_call_back(contacts(self.legs), self.seen_at) if self.has_missed else []


_NOBODY = Customer(due_at=None)


def step(customer: Customer | None, note: Note, horizon_at: float = 0.0) -> tuple[Customer, Facts]:
    """Take one note in. A repeated or outdated one changes nothing and returns the same object."""
    says = note.says
    if customer is None and says is not None and says.arrived_at >= horizon_at - KEPT_SECONDS:
        return _first(note, says, horizon_at)
    old = _NOBODY if customer is None else customer
    known = None
    for leg in old.legs:
        if leg.key == note.entity:
            known = leg
            break
    if known is None:
        if _is_too_old(old, note, horizon_at):
            # Told of, and not kept: a state of its own, so that it is counted.
            source = says.source if says is not None else ""
            new = msgspec.structs.replace(old, last_at=max(old.last_at, note.at))
            return new, (dropped(note.at, source),)
    elif not _is_news(note, known):
        return old, NOTHING
    seen_at = max(horizon_at, old.seen_at)
    last_at = max(note.at, old.last_at)
    return _looked_at(old, _legs_with(old.legs, note, known), seen_at, last_at)


def _first(note: Note, says: CallNote, seen_at: float) -> tuple[Customer, Facts]:
    """Return what the first note about a customer makes, as `_looked_at` would: most are such."""
    found = [(note.entity, says)]
    counted = marks(found, None, seen_at)
    legs = (Leg(note.entity, note.epoch, note.offset, says.arrived_at, says),)
    due_at = next_change_at(found, seen_at)
    new = Customer(legs, None, None, seen_at, note.at, has_missed(counted), due_at)
    return new, difference((), (), found, counted)


def told(
    notes: Iterable[Note], customers: Mapping[str, object], horizon_at: float
) -> Iterator[tuple[str, Customer, Facts]]:
    """Yield whom notes tell something new: the token, the new state, what it counts.

    Whoever asks has put the state in its place before asking for the next.
    """
    for note in notes:
        customer: Any = customers.get(note.customer)
        new, facts = step(customer, note, horizon_at)
        if new is not customer:
            yield note.customer, new, facts


def settle(customer: Customer, watermark: float) -> tuple[Customer, Facts]:
    """Look at the windows again: event time has passed the end of one (`due_at`)."""
    return _looked_at(customer, customer.legs, watermark, customer.last_at)


def due_at(customer: Customer) -> float | None:
    """Return the instant from whose passing on `settle` would change something, if any."""
    return customer.due_at


def is_live(customer: Customer) -> bool:
    """Whether a missed call of the customer waits for a call back."""
    return customer.has_missed and bool(customer.open_missed)


def expires_at(customer: Customer) -> float:
    """Return from which watermark on the customer can be forgotten."""
    # By arrival: the last one is the newest.
    newest_at = customer.legs[-1].at if customer.legs else 0.0
    return max(newest_at + KEPT_SECONDS, customer.last_at)


def _is_news(note: Note, known: Leg) -> bool:
    """Whether a note says something else than the one by which the leg is known, and later.

    A call is closed by us as time goes by, so also where nothing has come since the last note.
    """
    told, known_at = (note.epoch, note.offset), (known.epoch, known.offset)
    if told != known_at:
        return told > known_at
    if note.says is None or known.says is None:
        # Taken back where it was said: it was handed over to another token.
        return known.says is not None
    return note.says.is_closed_by_us and not known.says.is_closed_by_us


def _is_too_old(customer: Customer, note: Note, horizon_at: float) -> bool:
    if note.says is None:
        return False
    arrived_at, gone_at = note.says.arrived_at, customer.gone_at
    if arrived_at >= horizon_at - KEPT_SECONDS and (gone_at is None or arrived_at > gone_at):
        return False
    call_id = call_id_and_leg(note.entity)[0]
    return all(call_id_and_leg(leg.key)[0] != call_id for leg in customer.legs)


def _legs_with(legs: tuple[Leg, ...], note: Note, known: Leg | None) -> tuple[Leg, ...]:
    """Return the legs with what the note says."""
    at = note.says.arrived_at if note.says is not None else note.at
    new = Leg(note.entity, note.epoch, note.offset, at, note.says)
    if not legs or (legs[-1] is known and len(legs) == 1):
        return (new,)
    others = [leg for leg in legs if leg is not known]
    others.append(new)
    others.sort(key=_place)
    return tuple(others)


def _place(leg: Leg) -> tuple[float, str]:
    return leg.at, leg.key


def _looked_at(
    old: Customer, legs: tuple[Leg, ...], seen_at: float, last_at: float
) -> tuple[Customer, Facts]:
    """Judge the windows as of `seen_at`, then let go of what is too old or too much."""
    found = contacts(legs)
    counted = marks(found, old.before_at, seen_at)
    if old.legs:
        known = found if legs is old.legs else contacts(old.legs)
        facts = difference(known, marks(known, old.before_at, old.seen_at), found, counted)
    else:
        facts = difference((), (), found, counted)
    too_many = len(legs) - MAX_LEGS
    if too_many > 0:
        facts.append(dropped(last_at, found[0][1].source if found else ""))
    kept = legs, old.before_at, old.gone_at
    if too_many > 0 or (legs and legs[0].at < seen_at - KEPT_SECONDS):
        kept = _pruned(*kept, found, seen_at - KEPT_SECONDS)
        found = contacts(kept[0])
    is_missed = old.has_missed or has_missed(counted)
    return Customer(*kept, seen_at, last_at, is_missed, next_change_at(found, seen_at)), facts


def _pruned(
    legs: tuple[Leg, ...],
    before_at: float | None,
    gone_at: float | None,
    found: list[Contact],
    before: float,
) -> tuple[tuple[Leg, ...], float | None, float | None]:
    """Return what is left without the oldest contacts: those before that, and those too many."""
    for call_id, call in found:
        if call.arrived_at >= before and len(legs) <= MAX_LEGS:
            break
        gone_at = max(gone_at or 0.0, *(leg.at for leg in legs if _is_of(leg, call_id)))
        legs = tuple(leg for leg in legs if not _is_of(leg, call_id))
        if call.direction == "inbound":
            before_at = call.arrived_at
    # What was taken back is no contact, and is remembered as long.
    legs = tuple(leg for leg in legs if leg.says is not None or leg.at >= before)[-MAX_LEGS:]
    return legs, before_at, gone_at


def _is_of(leg: Leg, call_id: str) -> bool:
    return leg.says is not None and call_id_and_leg(leg.key)[0] == call_id
