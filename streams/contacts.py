"""Contacts: what a customer's calls are together. Repeats, resolution, calls back.

A contact is one call, with all its legs. Definitions, each at the contact's arrival:

* preceded, followed: another inbound contact of the customer arrived within the window before, or
  after (<=);
* settled: event time has passed the end of the window, so nothing can follow in it any more;
  resolved: settled, and none followed (first-contact resolution);
* missed: every leg is over and nobody answered one; calls that ended in the menu are none;
* called back: an outbound call to the customer was dialled within 24 h after the customer had
  stopped waiting; reached: one of those was answered.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from schemas import measures as m
from schemas.notes import CallNote
from streams.call_keys import call_id_and_leg
from streams.facts import Cells, Fact, dims_of

DAY_SECONDS = 86_400.0
WEEK_SECONDS = 7 * DAY_SECONDS
CALL_BACK_SECONDS = DAY_SECONDS

_CONTACT = (m.CONTACTS.name, 1)
_MISSED = (m.CONTACTS_MISSED.name, 1)
_DROPPED = ((m.CUSTOMER_NOTES_DROPPED.name, 1),)


class _Window(NamedTuple):
    seconds: float
    preceded: tuple[str, int]
    followed: tuple[str, int]
    settled: tuple[str, int]
    resolved: tuple[str, int]


_WINDOWS = tuple(
    _Window(seconds, *((measure.name, 1) for measure in measures))
    for seconds, *measures in (
        (
            DAY_SECONDS,
            m.CONTACTS_PRECEDED_24H,
            m.CONTACTS_FOLLOWED_24H,
            m.CONTACTS_SETTLED_24H,
            m.CONTACTS_RESOLVED_24H,
        ),
        (
            WEEK_SECONDS,
            m.CONTACTS_PRECEDED_7D,
            m.CONTACTS_FOLLOWED_7D,
            m.CONTACTS_SETTLED_7D,
            m.CONTACTS_RESOLVED_7D,
        ),
    )
)


class Leg(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One leg of a call, as last told of; (epoch, offset) says by which note."""

    key: str
    epoch: int
    offset: int
    at: float
    """When it arrived; of what was taken back, when that was told."""
    says: CallNote | None


class Contact(NamedTuple):
    """One call of the customer."""

    call_id: str
    arrived_at: float
    is_inbound: bool
    queue: str
    """Where it arrived first."""
    source: str
    rep: str
    """Who answered first; "" if nobody did."""
    is_answered: bool
    missed_at: float | None
    """When the customer stopped waiting, if nobody answered."""


def contacts(legs: Iterable[Leg]) -> list[Contact]:
    """Return the contacts that these legs make, by arrival."""
    calls: dict[str, list[tuple[int, CallNote]]] = {}
    for leg in legs:
        if leg.says is not None:
            call_id, number = call_id_and_leg(leg.key)
            calls.setdefault(call_id, []).append((number, leg.says))
    found = [_contact(call_id, of) for call_id, of in calls.items()]
    found.sort(key=lambda contact: (contact.arrived_at, contact.call_id))
    return found


def _contact(call_id: str, numbered: list[tuple[int, CallNote]]) -> Contact:
    first = numbered[0][1]
    if len(numbered) == 1:
        # As nearly all are.
        is_inbound, is_answered = first.direction == "inbound", first.outcome == "answered"
        is_missed = is_inbound and not is_answered and first.outcome != "menu"
        return Contact(
            *(call_id, first.arrived_at, is_inbound, first.queue, first.source),
            *(first.rep if is_answered else "", is_answered),
            first.over_at if is_missed else None,
        )
    numbered.sort(key=lambda one: one[0])
    legs = [leg for _, leg in numbered]
    first = legs[0]
    answered = [leg for leg in legs if leg.outcome == "answered"]
    missed_at = None
    if first.direction == "inbound" and not answered:
        over = [leg.over_at for leg in legs if leg.over_at is not None and leg.outcome != "menu"]
        if len(over) == len(legs):
            missed_at = max(over)
    return Contact(
        call_id,
        first.arrived_at,
        first.direction == "inbound",
        first.queue,
        first.source,
        answered[0].rep if answered else "",
        bool(answered),
        missed_at,
    )


def counted(found: Sequence[Contact], before_at: float | None, seen_at: float) -> list[Fact]:
    """Return what contacts count, one fact each.

    `before_at` is the arrival of the inbound contact before the first, if there was one; `seen_at`
    how far event time has come.
    """
    inbound = [contact for contact in found if contact.is_inbound]
    outbound = [contact for contact in found if not contact.is_inbound]
    facts, last = [], len(inbound) - 1
    for index, contact in enumerate(inbound):
        before = inbound[index - 1].arrived_at if index else before_at
        after = inbound[index + 1].arrived_at if index < last else None
        cells = _repeats(contact.arrived_at, before, after, seen_at)
        if contact.missed_at is not None:
            cells = (*cells, *_call_backs(contact.missed_at, outbound, seen_at))
        dims = dims_of(contact.queue, contact.rep, "inbound", "", contact.source)
        facts.append(Fact(contact.arrived_at, dims, cells))
    return facts


def _repeats(at: float, before: float | None, after: float | None, seen_at: float) -> Cells:
    cells = [_CONTACT]
    for window in _WINDOWS:
        is_followed = after is not None and after - at <= window.seconds
        if before is not None and at - before <= window.seconds:
            cells.append(window.preceded)
        if is_followed:
            cells.append(window.followed)
        # Not yet at the very end: what happens at the watermark itself is not late.
        if at + window.seconds < seen_at:
            cells.append(window.settled)
            if not is_followed:
                cells.append(window.resolved)
    return tuple(cells)


def _call_backs(missed_at: float, outbound: Iterable[Contact], seen_at: float) -> Cells:
    until = missed_at + CALL_BACK_SECONDS
    back = [contact for contact in outbound if missed_at <= contact.arrived_at <= until]
    so_far, final = [_MISSED], []
    if until < seen_at:
        final.append((m.MISSED_SETTLED.name, 1))
    if back:
        so_far.append((m.MISSED_CALLED_BACK.name, 1))
        final += [(m.MISSED_SETTLED_CALLED_BACK.name, 1)] if final else []
    if any(contact.is_answered for contact in back):
        so_far.append((m.MISSED_REACHED.name, 1))
        final += [(m.MISSED_SETTLED_REACHED.name, 1)] if final else []
    return (*so_far, *final)


def waiting_for_call_back(found: Iterable[Contact], seen_at: float) -> list[Contact]:
    """Return the missed contacts of the last 7 d that nobody called back since.

    Nor has the customer got through in another call: then there is nothing left to call about.
    """
    listed = list(found)
    return [
        missed
        for missed in listed
        if missed.missed_at is not None
        and missed.missed_at + WEEK_SECONDS >= seen_at
        and not any(
            later.arrived_at >= missed.missed_at and (not later.is_inbound or later.is_answered)
            for later in listed
        )
    ]


def next_change_at(found: Iterable[Contact], seen_at: float) -> float | None:
    """Return the next instant after `seen_at` whose passing changes what is counted, if any."""
    ends: list[float] = []
    for contact in found:
        if contact.is_inbound:
            ends += (contact.arrived_at + DAY_SECONDS, contact.arrived_at + WEEK_SECONDS)
        if contact.missed_at is not None:
            ends += (contact.missed_at + CALL_BACK_SECONDS, contact.missed_at + WEEK_SECONDS)
    return min((end for end in ends if end >= seen_at), default=None)


def dropped(at: float, source: str) -> Fact:
    """Return the fact that a note could not be kept."""
    return Fact(at, dims_of("", "", "", "", source), _DROPPED)
