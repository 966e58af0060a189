"""The load: what a simulated floor of many reps says, as it lies in Kafka."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from agents.kafka.sending import Sender
from agents.settings import Settings
from schemas.codec import Message, encode
from schemas.events import Event
from schemas.topics import TOPIC_OF_TYPE
from streams.simulation import FloorPlan, simulate

SEED = 1
EVENTS_PER_REP_SECOND = 0.03
"""About what a rep at work gives; only to choose a beginning that leaves the end in the past."""
_MARGIN = 1.5


def floor_events(reps: int, count: int, *, end_at: float, teams: int = 10) -> Iterator[Event]:
    """Yield the first *count* events of a floor that opens early enough to be over by *end_at*."""
    start_at = end_at - _MARGIN * count / (reps * EVENTS_PER_REP_SECOND)
    plan = FloorPlan.sized(reps=reps, teams=teams, always_open=True)
    return islice(simulate(plan, seed=SEED, start_at=float(int(start_at))), count)


def publish(settings: Settings, events: Iterator[Event]) -> Counter[str]:
    """Write events to the source topics, numbers of customers and all; return how many of each."""
    types: Counter[str] = Counter()
    with Sender(settings) as sender:
        for event in events:
            sender.send(Message(TOPIC_OF_TYPE[event.type], event.subject.encode(), encode(event)))
            types[event.type] += 1
    return types
