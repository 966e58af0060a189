"""The state machine of each topic's entities: what the fold knows of them."""

from collections.abc import Callable
from typing import Any, NamedTuple

from schemas.events import Event
from schemas.topics import ACTIVITIES, CALLS, COUNTERS, CUSTOMERS, DEALS, MEETINGS, REPS
from streams import activities, call_notes, calls, counters, customers, deals, meetings, reps
from streams.call_state import Call
from streams.deal_state import Deal
from streams.expiry import HOUR_SECONDS
from streams.facts import Facts
from streams.notes import Compare, Tell

try:
    from streams.fast_notes import compare
except ImportError:
    COMPARE_CALLS: Compare | None = None
else:
    COMPARE_CALLS = compare


class Timed(NamedTuple):
    """What the passing of event time changes about an entity, without an event."""

    due_at: Callable[[Any], float | None]
    """The instant whose passing changes it, if any."""
    settle: Callable[[Any, float], tuple[Any, Facts]]
    """(state, watermark) -> (state, facts)."""


class Machine(NamedTuple):
    """The state machine of one topic's entities."""

    key: Callable[[Event], str] | None
    """What tells its entities apart; None: the subject alone does."""
    step: Callable[[Any, Any, float], tuple[Any, Facts]]
    """(state, event or note, before which instant nothing comes any more) -> (state, facts)."""
    expires_at: Callable[[Any], float]
    is_live: Callable[[Any], bool] | None
    """Whether it is part of the floor as it is now; None: all of them always are."""
    state: type
    kept_seconds: float = HOUR_SECONDS
    """So often an entity is looked at for its end, which changes bring no nearer than that."""
    notes: Tell | None = None
    compare: Compare | None = None
    """Compares entities for their notes, faster; None: there is no such code."""
    timed: Timed | None = None
    is_packed: bool = False
    """Whether its entities rest as bytes: there are many, and hardly one of them is looked at."""
    panes_kept_seconds: int = 0
    """How much longer than others its quarters of an hour stay open for what comes later."""


def _never(_: object) -> bool:
    return False


MACHINES: dict[str, Machine] = {
    CALLS.name: Machine(
        *(calls.key, calls.step, calls.expires_at, calls.is_live, Call),
        notes=call_notes.notes,
        compare=COMPARE_CALLS,
    ),
    REPS.name: Machine(None, reps.step, reps.expires_at, None, reps.Rep),
    MEETINGS.name: Machine(
        *(None, meetings.step, meetings.expires_at, _never, meetings.Meeting),
        meetings.KEPT_SECONDS,
    ),
    DEALS.name: Machine(
        *(None, deals.step, deals.expires_at, _never, Deal), deals.KEPT_SECONDS, is_packed=True
    ),
    ACTIVITIES.name: Machine(
        *(activities.key, activities.step, activities.expires_at, _never, activities.Activity),
        activities.LEAD_SECONDS,
    ),
    COUNTERS.name: Machine(
        counters.key, counters.step, counters.expires_at, _never, counters.Counters
    ),
    CUSTOMERS.name: Machine(
        None,
        customers.step,
        customers.expires_at,
        customers.is_live,
        customers.Customer,
        customers.KEPT_SECONDS,
        timed=Timed(customers.due_at, customers.settle),
        panes_kept_seconds=customers.KEPT_SECONDS,
    ),
}
