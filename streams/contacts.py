"""Contacts: what a customer's calls are together. Repeats, resolution, calls back.

A contact is one call, with all its legs. Definitions, each at the contact's arrival:

* preceded, followed: another inbound contact of the customer arrived within the window before, or
  after (<=);
* settled: event time has passed the end of the window, so nothing can follow in it any more;
  resolved: settled, and none followed (first-contact resolution);
* missed: every leg is over and nobody answered one; calls that ended in the menu are none. A leg
  that we closed while it waited (streams/ghosts.py) was over when it was last heard of;
* called back: an outbound call to the customer was dialled within 24 h after the customer had
  stopped waiting; reached: one of those was answered.

streams/contact_counts.py counts them.
"""

from collections.abc import Iterable, Sequence

import msgspec

from schemas.events import CallOutcome
from schemas.notes import CallNote
from streams.call_keys import call_id_and_leg

DAY_SECONDS = 86_400.0
WEEK_SECONDS = 7 * DAY_SECONDS
CALL_BACK_SECONDS = DAY_SECONDS

Contact = tuple[str, CallNote]
"""One call of the customer: its id, and what is known of it as a whole (of one leg, the note)."""


class Leg(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One leg of a call, as last told of; (epoch, offset) says by which note."""

    key: str
    epoch: int
    offset: int
    at: float
    """When it arrived; of what was taken back, when that was told."""
    says: CallNote | None


def contacts(legs: Sequence[Leg]) -> list[Contact]:
    """Return the contacts that these legs, which are in the order of arrival, make, by arrival."""
    for leg in legs:
        if "#" in leg.key:
            return _of_several_legs(legs)
    # As nearly all are.
    return [(leg.key, leg.says) for leg in legs if leg.says is not None]


def _of_several_legs(legs: Iterable[Leg]) -> list[Contact]:
    calls: dict[str, list[tuple[int, CallNote]]] = {}
    for leg in legs:
        if leg.says is not None:
            call_id, number = call_id_and_leg(leg.key)
            calls.setdefault(call_id, []).append((number, leg.says))
    found = [(call_id, _whole(of)) for call_id, of in calls.items()]
    found.sort(key=lambda contact: (contact[1].arrived_at, contact[0]))
    return found


def _whole(numbered: list[tuple[int, CallNote]]) -> CallNote:
    """Return a call as one: it came where its first leg did, and is what all became of it."""
    if len(numbered) == 1:
        return numbered[0][1]
    numbered.sort(key=lambda one: one[0])
    legs = [leg for _, leg in numbered]
    first = legs[0]
    answered = [leg for leg in legs if leg.outcome == "answered"]
    if answered:
        return msgspec.structs.replace(first, rep=answered[0].rep, outcome="answered", over_at=None)
    over = [(leg.over_at, leg.outcome) for leg in legs if leg.over_at is not None]
    if len(over) < len(legs):
        return msgspec.structs.replace(first, rep="", outcome=None, over_at=None)
    over_at, how = max(over, key=lambda one: (one[0], one[1] is not None))
    outcome: CallOutcome | None = None if how is None else "abandoned"
    return msgspec.structs.replace(first, rep="", outcome=outcome, over_at=over_at)


def waiting_for_call_back(found: Sequence[Contact], seen_at: float) -> list[Contact]:
    """Return the missed contacts of the last 7 d that nobody called back since.

    Nor has the customer got through in another call: then there is nothing left to call about.
    """
    return [
        (call_id, call)
        for call_id, call in found
        if (missed_at := call.missed_at) is not None
        and missed_at + WEEK_SECONDS >= seen_at
        and not any(
            later.arrived_at >= missed_at
            and (later.direction != "inbound" or later.outcome == "answered")
            for _, later in found
        )
    ]


def next_change_at(found: Iterable[Contact], seen_at: float) -> float | None:
    """Return the next instant after `seen_at` whose passing changes what is counted, if any."""
    first = _NEVER
    for _, call in found:
        if call.direction != "inbound":
            continue
        at, missed_at = call.arrived_at, call.missed_at
        end = at + DAY_SECONDS
        if end < seen_at:
            end = at + WEEK_SECONDS
        if seen_at <= end < first:
            first = end
        if missed_at is not None:
            end = missed_at + CALL_BACK_SECONDS
            if end < seen_at:
                end = missed_at + WEEK_SECONDS
            if seen_at <= end < first:
                first = end
    return None if first == _NEVER else first


_NEVER = float("inf")
