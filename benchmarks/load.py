"""The load: what a simulated floor of many reps says, as it lies in Kafka."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

import msgspec

from schemas.codec import Message, encode
from schemas.events import CallCompleted, Event
from schemas.topics import DEALS, TOPIC_OF_TYPE
from streams.simulation import FloorPlan, simulate

SEED = 1
TEAMS = 10
EVENTS_PER_REP_SECOND = 0.03
"""About what a rep at work gives; only to choose a beginning that leaves the end in the past."""
_MARGIN = 1.5


def floor_events(
    reps: int, count: int, *, end_at: float, has_deals: bool = True
) -> Iterator[Event]:
    """Yield the first *count* events of a floor that opens early enough to be over by *end_at*."""
    start_at = end_at - _MARGIN * count / (reps * EVENTS_PER_REP_SECOND)
    events = floor(reps, start_at)
    if not has_deals:
        events = (event for event in events if TOPIC_OF_TYPE[event.type] != DEALS.name)
    return islice(events, count)


def pressed(events: Iterator[Event], *, rate: float, end_at: float, count: int) -> Iterator[Event]:
    """Yield *count* events in their order at *rate* a second, the last one at *end_at*.

    A PBX's record still tells of a call that came as long before its end as before.
    """
    for number, event in enumerate(events):
        at, data = end_at - (count - number) / rate, event.data
        if isinstance(data, CallCompleted):
            arrived_at = data.offered_at + timedelta(seconds=at - event.at)
            data = msgspec.structs.replace(data, offered_at=arrived_at)
        yield msgspec.structs.replace(event, at=at, data=data)


def floor(reps: int, start_at: float) -> Iterator[Event]:
    """Yield what happens on a floor in its busiest hour, for ever."""
    plan = FloorPlan.sized(reps=reps, teams=TEAMS, always_open=True)
    return simulate(plan, seed=SEED, start_at=float(int(start_at)))


def to_message(event: Event) -> Message:
    """Return the event as a source would send it, the customer's number and all."""
    return Message(TOPIC_OF_TYPE[event.type], event.subject.encode(), encode(event))
