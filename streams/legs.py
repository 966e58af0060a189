"""The legs of one call: what a customer waited on earlier ones, in other queues.

A transfer makes one customer contact of several legs. Each counts by itself in its own queue; what
only the whole call knows stands here. Legs are told in any order, so each piece of news of a call
with several legs looks at all of them again.
"""

from collections.abc import Iterator, Mapping, Sequence

from schemas.fields import MAX_LEG
from streams.call_counts import contributions
from streams.call_keys import call_id_and_leg, call_key
from streams.call_state import Call
from streams.facts import Facts, difference, ticks


class Legs:
    """Which calls of a fold have more than one leg."""

    def __init__(self) -> None:
        self.calls: dict[str, int] = {}
        """Call id -> the highest leg that was ever heard of."""

    def add(self, key: str) -> None:
        """Take note of a leg's key."""
        call_id, leg = call_id_and_leg(key)
        if leg > self.calls.get(call_id, 1):
            self.calls[call_id] = leg

    def forget(self, key: str) -> None:
        """Let go of a leg; the call is one of several legs until its last one goes."""
        call_id, leg = call_id_and_leg(key)
        if leg == self.calls.get(call_id):
            del self.calls[call_id]

    def others(self, key: str) -> Sequence[str]:
        """Return the keys of the other legs that this one's call may have."""
        call_id, own = call_id_and_leg(key)
        if own == 1 and call_id not in self.calls:  # as nearly all are
            return ()
        highest = min(self.calls.get(call_id, 1), MAX_LEG)
        return [call_key(call_id, leg) for leg in range(1, highest + 1) if leg != own]

    def updated(
        self, call_id: str, entities: Mapping[str, object]
    ) -> Iterator[tuple[str, Call, Facts]]:
        """Yield the legs that had waited otherwise than they say: key, new state, what changes."""
        highest = min(self.calls.get(call_id, 1), MAX_LEG)
        keys = [call_key(call_id, leg) for leg in range(1, highest + 1)]
        legs = [(key, leg) for key in keys if isinstance(leg := entities.get(key), Call)]
        waited = 0.0
        for index, (key, leg) in enumerate(legs):
            if leg.earlier_wait_seconds != waited:
                new: Call = leg.__copy__()  # type: ignore[attr-defined]  # msgspec's stubs lack it
                new.earlier_wait_seconds = waited
                yield key, new, difference(contributions(leg), contributions(new))
            later = [other.offered_at for _, other in legs[index + 1 :] if other.offered_at]
            waited += _wait(leg, min(later, default=None))


def _wait(leg: Call, next_at: float | None) -> float:
    """Return how long a leg waited in its queue; one without an end waited until the next began."""
    if leg.offered_at is None or leg.direction == "outbound" or leg.in_menu:
        return 0.0
    if leg.outcome is None:
        return ticks((next_at or leg.offered_at) - leg.offered_at)
    return leg.wait_seconds
