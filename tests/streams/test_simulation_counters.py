"""What simulated PBXs count themselves is what their events add up to; diallers tell of answers."""

from collections import defaultdict
from datetime import UTC, datetime

import pytest

from schemas import events as e
from schemas.events import Event
from streams.simulation import FloorPlan, simulate

# In the middle of an interval: the first one told of is the first whole one.
START_AT = datetime(2026, 9, 7, 10, 7, tzinfo=UTC).timestamp()
HOURS = 3
PLAN = FloorPlan.sized(reps=60, teams=6, always_open=True, tells_all=True)

ENDS = (e.CallAbandoned, e.CallEnded, e.CallTransferred)
Place = tuple[str, str, float]


@pytest.fixture(scope="module")
def told() -> list[Event]:
    return list(simulate(PLAN, seed=5, start_at=START_AT, end_at=START_AT + HOURS * 3600))


def counted(events: list[Event]) -> dict[Place, list[int]]:
    """[completed, abandoned, within target] by source, queue and interval of the end."""
    found: dict[Place, list[int]] = defaultdict(lambda: [0, 0, 0])
    offered: dict[tuple[str, int], tuple[str, float]] = {}
    answered: dict[tuple[str, int], float] = {}
    for event in events:
        data, start = event.data, event.at // 900 * 900
        leg = (event.subject, getattr(data, "leg", 1))
        if isinstance(data, e.CallOffered):
            offered[leg] = (data.queue, event.at)
        elif isinstance(data, e.CallAnswered):
            answered[leg] = event.at
        elif isinstance(data, e.CallCompleted):
            if data.queue is not None:
                wait = data.wait_seconds if data.outcome == "answered" else None
                _count(found[event.source, data.queue, start], data.queue, wait)
        elif leg in offered and isinstance(data, ENDS):
            queue, offered_at = offered.pop(leg)
            wait = answered[leg] - offered_at if leg in answered else None
            if wait is not None or isinstance(data, e.CallAbandoned):
                _count(found[event.source, queue, start], queue, wait)
    return found


def _count(counts: list[int], queue: str, wait: float | None) -> None:
    """Count a leg that was answered after `wait` seconds, or given up."""
    if wait is None:
        counts[1] += 1
    else:
        counts[0] += 1
        counts[2] += wait <= PLAN.queue(queue).target_seconds


def test_the_counters_are_what_the_events_of_each_whole_interval_add_up_to(
    told: list[Event],
) -> None:
    expected = {
        place: counts
        for place, counts in counted(told).items()
        if place[2] >= START_AT and place[2] + 905 < START_AT + HOURS * 3600
    }
    found = {}
    for event in told:
        if isinstance(event.data, e.PbxCounters):
            data = event.data
            assert event.at == data.to_at.timestamp() + 5
            share = data.service_level or 0.0
            within = round(share * data.completed)
            place = (event.source, data.queue, data.from_at.timestamp())
            found[place] = [data.completed, data.abandoned, within]
    assert found == expected
    # Three hours from 10:07 hold eleven whole quarters; the last is read off by 13:05.
    assert len({start for _, _, start in found}) == 11
    assert {queue for _, queue, _ in found} == {queue.id for queue in PLAN.queues}


def test_a_dialler_tells_when_the_customer_answers_and_some_meet_nobody(told: list[Event]) -> None:
    connected_at = {one.subject: one.at for one in told if one.type == "call.connected"}
    joined_at = {
        one.subject: one.at
        for one in told
        if one.type == "call.answered" and one.subject in connected_at
    }
    hung_up_at = {
        one.subject: one.at
        for one in told
        if one.type == "call.abandoned" and one.subject in connected_at
    }
    assert len(connected_at) > 100
    assert not joined_at.keys() & hung_up_at.keys()
    delays = [at - connected_at[call] for call, at in joined_at.items()]
    # exp(N(ln 0.6 - 1/2, 1)) is more than 2 s in 4.4 of 100 cases, and more than 4 s in 0.8.
    assert 0.005 < sum(delay > 2 for delay in delays) / len(delays) < 0.1
    assert max(delays) < 4
    assert {round(at - connected_at[call], 3) for call, at in hung_up_at.items()} <= {4.0}


def test_customers_whose_calls_were_missed_are_called_back(told: list[Event]) -> None:
    missed_at: dict[str, float] = {}
    customers: dict[str, str] = {}
    called_back = 0
    for event in told:
        data = event.data
        if isinstance(data, e.CallOffered) and data.customer:
            customers[event.subject] = data.customer
        elif isinstance(data, e.CallAbandoned) and event.subject in customers:
            missed_at[customers[event.subject]] = event.at
        elif isinstance(data, e.CallDialled) and data.customer in missed_at:
            called_back += 1
    assert called_back > 20


def test_without_being_asked_to_tell_all_it_tells_neither() -> None:
    plan = FloorPlan.sized(reps=60, teams=6, always_open=True)
    types = {one.type for one in simulate(plan, seed=5, start_at=START_AT, end_at=START_AT + 3600)}
    assert not types & {"call.connected", "pbx.counters"}
