"""What meets by customer: calls of one customer in different partitions, through real Kafka."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from schemas import events as e
from schemas.events import Event
from schemas.topics import CUSTOMERS
from tests.integration.floor_events import event
from tests.integration.pipeline import Pipeline, wait_until

Now = Callable[[], float]
HOUR = 3600.0


def inbound(call: str, at: float, number: str, *, rep: str | None = None) -> Iterator[Event]:
    yield event("call.offered", call, at, e.CallOffered("sales", number))
    if rep is None:
        yield event("call.abandoned", call, at + 30, e.CallAbandoned())
    else:
        yield event("call.answered", call, at + 10, e.CallAnswered(rep))
        yield event("call.ended", call, at + 100, e.CallEnded())


def outbound(call: str, at: float, number: str, *, reached: bool) -> Iterator[Event]:
    yield event("call.dialled", call, at, e.CallDialled("mai", "sales", number))
    if reached:
        yield event("call.answered", call, at + 10, e.CallAnswered("mai"))
    yield event("call.ended", call, at + 60, e.CallEnded())


def measured(pipeline: Pipeline) -> dict[str, int]:
    names = ("contacts", "contacts_preceded_24h", "contacts_followed_24h", "contacts_missed")
    names += ("missed_called_back", "missed_reached")
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in names)
    return dict(zip(names, pipeline.row(f"SELECT {sums} FROM ringside.pane"), strict=True))  # noqa: S608


def test_calls_of_one_customer_meet_wherever_they_are(pipeline: Pipeline, now: Now) -> None:
    # Ann is missed, called back an hour later and reached. Bob is missed two hours ago and waits.
    # Cam is answered, and calls again half an hour later: a repeat. Dee has no number.
    at = now() - 3 * HOUR
    events = [
        *inbound("ann-1", at, "+84901000001"),
        *outbound("ann-back", at + HOUR, "+84 901 000 001", reached=True),
        *inbound("bob-1", at + HOUR, "+84901000002"),
        *inbound("cam-1", at, "+84901000003", rep="mai"),
        *inbound("cam-2", at + HOUR / 2, "+84901000003", rep="lan"),
        event("call.offered", "dee-1", at, e.CallOffered("sales")),
    ]
    # Half of it is late by the order of sending, and none by the lateness of calls.
    events.sort(key=lambda one: one.subject)
    worker = pipeline.start_worker(lateness_seconds="14400")
    pipeline.publish(events)
    expected = {
        "contacts": 4,
        "contacts_preceded_24h": 1,
        "contacts_followed_24h": 1,
        "contacts_missed": 2,
        "missed_called_back": 1,
        "missed_reached": 1,
    }
    wait_until(
        lambda: measured(pipeline) == expected, lambda: f"{measured(pipeline)}\n{worker.log()}"
    )

    waiting = "SELECT call_id, customer, queue, age_seconds FROM ringside.missed_call WHERE is_open"
    ((call_id, customer, queue, age_seconds),) = pipeline.ask(waiting)
    assert (call_id, queue) == ("bob-1", "sales")
    assert customer.startswith("ct1_")
    assert 2 * HOUR - 30 <= age_seconds < 3 * HOUR
    assert pipeline.ask("SELECT count(*) FROM ringside.missed_call") == [(2,)]

    open_ = "ringside_missed_calls_open"
    assert worker.total(open_, queue="sales") == 1
    assert worker.total(open_, queue="sales", age="1 to 4 h") == 1
    assert 2 * HOUR - 30 <= worker.total("ringside_oldest_missed_call_seconds") < 3 * HOUR
    # The ends of transactions in the log of the customers' topic are no events to wait for.
    wait_until(lambda: worker.total("ringside_lag_events") == 0, worker.log)
    assert worker.total("ringside_events_consumed_total", topic=CUSTOMERS.name) >= 1
    letters = pipeline.dead_letters()
    assert letters == []


def crowd(chance: random.Random, at: float, people: int) -> tuple[list[Event], dict[str, int]]:
    """People who all missed somebody: half are called back, half call again; what that counts."""
    events: list[Event] = []
    called_back = reached = followed = 0
    for person in range(people):
        number, start = f"+8490{person:07d}", at + chance.randrange(1200)
        events += inbound(f"{person}-missed", start, number)
        answers = chance.random() < 0.5
        if chance.random() < 0.5:
            called_back += 1
            reached += answers
            events += outbound(f"{person}-back", start + 300, number, reached=answers)
        if chance.random() < 0.5:
            followed += 1
            events += inbound(f"{person}-again", start + 600, number, rep="mai")
    counted = {
        "contacts": people + followed,
        "contacts_preceded_24h": followed,
        "contacts_followed_24h": followed,
        "contacts_missed": people,
        "missed_called_back": called_back,
        "missed_reached": reached,
    }
    return sorted(events, key=lambda one: one.at), counted


@pytest.mark.needs_transactions
def test_killed_workers_lose_no_note_and_count_none_twice(pipeline: Pipeline, now: Now) -> None:
    chance = random.Random(5)  # noqa: S311 - a repeatable test
    events, expected = crowd(chance, now() - HOUR, 400)
    third = len(events) // 3
    for part in (events[:third], events[third : 2 * third], events[2 * third :]):
        worker = pipeline.start_worker()
        goal = pipeline.consumed() + chance.randrange(third // 4, third * 3 // 4)
        with pipeline.publishing(part, rate=400):
            wait_until(partial(_is_past, pipeline, goal), worker.log)
            worker.process.kill()
    last = pipeline.start_worker()
    wait_until(
        lambda: measured(pipeline) == expected, lambda: f"{measured(pipeline)}\n{last.log()}"
    )
    assert pipeline.dead_letters() == []


def _is_past(pipeline: Pipeline, goal: int) -> bool:
    return pipeline.consumed() >= goal
