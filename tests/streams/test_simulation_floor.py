"""A simulated day obeys what every call floor obeys."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from simulation_checks import FloorChecker, by_subject

from schemas.events import CallCompleted, Event, RepStateChanged
from streams.simulation import FloorPlan, next_opening, simulate

DAY_SECONDS = 86_400
# A Monday, 00:00 in Seoul.
MONDAY_AT = datetime(2026, 3, 2, tzinfo=ZoneInfo("Asia/Seoul")).timestamp()


@pytest.fixture(scope="module")
def day() -> list[Event]:
    events = simulate(
        FloorPlan.sized(), seed=11, start_at=MONDAY_AT, end_at=MONDAY_AT + DAY_SECONDS
    )
    return list(events)


@pytest.fixture(scope="module")
def busy_hours() -> list[Event]:
    plan = FloorPlan.sized(reps=20, teams=3, always_open=True)
    return list(simulate(plan, seed=2, start_at=MONDAY_AT, end_at=MONDAY_AT + 6 * 3600))


@pytest.mark.parametrize("period", ["day", "busy_hours"])
def test_no_call_rep_meeting_or_deal_takes_an_impossible_step(
    period: str, request: pytest.FixtureRequest
) -> None:
    checker = FloorChecker().check(request.getfixturevalue(period))
    assert checker.counts["call.answered"] > 500
    assert checker.counts["deal.won"] > 3
    assert checker.counts["meeting.held"] > 10


def test_every_offered_call_is_answered_abandoned_passed_on_or_still_waiting(
    day: list[Event],
) -> None:
    checker = FloorChecker().check(day)
    counts = checker.counts
    arrived = counts["call.offered"] + counts["call.dialled"]
    waiting = checker.in_state("offered", "dialled")
    gone = counts["call.abandoned"] + counts["transferred from offered"]
    assert arrived == counts["call.answered"] + gone + waiting
    assert waiting == 0, "nobody waits at midnight"


def test_every_leg_but_the_last_was_transferred(day: list[Event]) -> None:
    legs = Counter(
        event.type for event in day if event.type == "call.offered" and leg_of(event) > 1
    )
    transferred = sum(event.type == "call.transferred" for event in day)
    assert legs["call.offered"] == transferred > 50


def leg_of(event: Event) -> int:
    data: Any = event.data
    return int(data.leg)


def test_everybody_has_gone_home_by_midnight(day: list[Event]) -> None:
    states = FloorChecker().check(day).rep_states
    assert len(states) > 32  # of 40; some are absent
    assert set(states.values()) == {"offline"}


def test_calls_arrive_only_while_the_site_works(day: list[Event]) -> None:
    zone = ZoneInfo("Asia/Seoul")
    offered = [
        datetime.fromtimestamp(event.at, zone).time()
        for event in day
        if event.type == "call.offered" and leg_of(event) == 1 and event.source == "/sim/pbx-1"
    ]
    assert len(offered) > 500
    assert min(offered).isoformat() >= "08:30"
    assert max(offered).isoformat() < "17:00"


def test_nothing_happens_on_a_day_off_and_everything_on_an_always_open_floor() -> None:
    sunday_at = MONDAY_AT - DAY_SECONDS
    night = (sunday_at, sunday_at + 3600)
    closed = FloorPlan.sized()
    assert list(simulate(closed, seed=1, start_at=night[0], end_at=night[1])) == []
    # Monday 08:30 in Seoul is 32.5 hours after Sunday 00:00.
    assert next_opening(closed, sunday_at) == sunday_at + 32.5 * 3600
    opened = FloorPlan.sized(always_open=True)
    first_minute = list(simulate(opened, seed=1, start_at=night[0], end_at=night[0] + 60))
    assert sum(event.type == "call.answered" for event in first_minute) >= 3
    assert next_opening(opened, sunday_at) == sunday_at


def test_a_start_in_the_middle_of_the_day_finds_everybody_at_work() -> None:
    noon_at = MONDAY_AT + 11 * 3600
    first = list(simulate(FloorPlan.sized(), seed=1, start_at=noon_at, end_at=noon_at + 1))
    available = [event for event in first if isinstance(event.data, RepStateChanged)]
    assert len(available) > 32


def test_a_pbx_that_keeps_records_writes_one_for_each_call(day: list[Event]) -> None:
    records = [event for event in day if event.source == "/sim/pbx-partners"]
    assert {event.type for event in records} == {"call.completed"}
    assert max(map(len, by_subject(records).values())) == 1
    outcomes = Counter()
    for event in records:
        data = event.data
        assert isinstance(data, CallCompleted)
        outcomes[data.outcome] += 1
        parts = data.wait_seconds + data.talk_seconds + data.hold_seconds
        assert event.at - data.offered_at.timestamp() == pytest.approx(parts, abs=0.005)
        assert (data.rep is not None) == (data.outcome == "answered")
    assert outcomes.keys() == {"answered", "abandoned", "menu"}


def test_missed_calls_are_returned_by_the_campaign(busy_hours: list[Event]) -> None:
    missed: set[str] = set()
    inbound: dict[str, str] = {}
    returned = 0
    for event in busy_hours:
        data: Any = event.data
        if event.type == "call.offered":
            inbound[event.subject] = data.customer
        elif event.type == "call.abandoned" and event.subject in inbound:
            missed.add(inbound[event.subject])
        elif event.type == "call.dialled" and data.customer in missed:
            returned += 1
    assert returned > 0.5 * len(missed)


def test_a_rep_never_changes_state_twice_in_one_instant(busy_hours: list[Event]) -> None:
    # Of two such changes nobody could say which came last.
    changes = [event for event in busy_hours if event.type == "rep.state_changed"]
    for spells in by_subject(changes).values():
        assert all(before.at < after.at for before, after in pairwise(spells))


def test_a_deal_is_paid_in_the_currency_of_its_site_and_a_meeting_starts_after_its_booking(
    day: list[Event],
) -> None:
    currencies = {event.data.currency for event in day if event.type == "deal.created"}  # type: ignore[union-attr]
    assert currencies == {"KRW", "MYR"}
    for event in day:
        if event.type in {"meeting.booked", "meeting.rescheduled"}:
            starts_at: datetime = event.data.starts_at  # type: ignore[union-attr]
            assert starts_at.timestamp() > event.at
            assert starts_at.astimezone(UTC).minute % 5 == 0


def test_an_overloaded_queue_flows_out_and_loses_callers_and_adds_up() -> None:
    plan = FloorPlan.sized(always_open=True)
    sales = replace(plan.queues[0], calls_per_hour=plan.queues[0].calls_per_hour * 3)
    plan = replace(plan, queues=(sales, *plan.queues[1:]))
    events = simulate(plan, seed=1, start_at=MONDAY_AT, end_at=MONDAY_AT + 4 * 3600)
    checker = FloorChecker().check(events)
    flowed_out = checker.counts["transferred from offered"]
    assert flowed_out > 50
    answered = checker.counts["answered from offered"]
    abandoned = checker.counts["abandoned from offered"]
    assert abandoned > 50
    waiting = checker.in_state("offered")
    assert checker.counts["call.offered"] == answered + abandoned + flowed_out + waiting
