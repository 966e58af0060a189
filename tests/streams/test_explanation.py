"""What a number was made of: the parts of a fold of the log add up to what the panes hold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events as e
from schemas.kpis import BY_NAME
from schemas.topics import CALLS, CUSTOMERS, REPS
from streams.explanation import Limits, Question, added_up, parts
from tests.streams.lives import LIVES, QUEUES, T0, apply, event, new_fold, panes, seeded

QUARTER = int(T0) // 900 * 900


def question(kpi: str, queue: str | None = "loans", quarters: int = 1) -> Question:
    to_at = QUARTER + 900 * quarters
    starts = range(QUARTER, to_at, 900)
    limits = {(start, of): Limits(20, 5) for start in starts for of in QUEUES}
    return Question(BY_NAME[kpi], QUARTER, to_at, queue, None, limits)


def told(asked: Question, events: list[e.Event], topic: str = CALLS.name) -> dict[str, list[str]]:
    found = parts(asked, topic, zip(events, range(99), strict=False), lateness_seconds=600)
    return {part.entity: part.event_ids for part in found}


def test_a_service_level_is_made_of_the_answers_and_the_abandons_of_its_queue() -> None:
    # a: answered after 10 s. b: after 30 s. c: given up. d: another queue. e: still waits. The
    # offers count nothing in aT / (a + b); the answers and the abandon do.
    events = [
        *(event(call, T0, e.CallOffered("loans")) for call in "abce"),
        event("d", T0, e.CallOffered("cards")),
        event("a", T0 + 10, e.CallAnswered("linh")),
        event("d", T0 + 10, e.CallAnswered("linh")),
        event("b", T0 + 30, e.CallAnswered("minh")),
        event("c", T0 + 40, e.CallAbandoned()),
    ]
    asked = question("service_level_answered_of_offered")
    assert told(asked, events) == {
        "a": [f"a/{T0 + 10}"],
        "b": [f"b/{T0 + 30}"],
        "c": [f"c/{T0 + 40}"],
    }
    found = parts(asked, CALLS.name, zip(events, range(99), strict=False), lateness_seconds=600)
    assert added_up(found) == {
        "answered_wait_within_target": 1,
        "calls_answered": 2,
        "calls_abandoned": 1,
    }


def test_of_all_queues_each_has_its_own_target() -> None:
    # Both wait 30 s: late for loans (20 s), in time for cards (60 s).
    events = [
        event(call, T0 + at, data)
        for call, queue in (("a", "loans"), ("b", "cards"))
        for at, data in ((0, e.CallOffered(queue)), (30, e.CallAnswered("linh")))
    ]
    limits = {(QUARTER, "loans"): Limits(20, 5), (QUARTER, "cards"): Limits(60, 5)}
    kpi = BY_NAME["service_level_answered_of_answered"]
    asked = Question(kpi, QUARTER, QUARTER + 900, limits=limits)
    found = parts(asked, CALLS.name, zip(events, range(99), strict=False), lateness_seconds=600)
    assert {part.entity: part.amounts for part in found} == {
        "a": {"calls_answered": 1},
        "b": {"calls_answered": 1, "answered_wait_within_target": 1},
    }


def test_what_was_taken_back_is_no_part() -> None:
    # Told as given up, then it turns out that it was answered before.
    events = [
        event("a", T0, e.CallOffered("loans")),
        event("a", T0 + 50, e.CallAbandoned()),
        event("a", T0 + 40, e.CallAnswered("linh")),
    ]
    assert told(question("calls_abandoned"), events) == {}
    assert told(question("calls_answered"), events) == {"a": [f"a/{T0 + 40}"]}


def test_a_repetition_is_no_part() -> None:
    events = [event("a", T0, e.CallOffered("loans")), event("a", T0, e.CallOffered("loans"))]
    assert told(question("calls_offered"), events) == {"a": [f"a/{T0}"]}


def test_of_a_state_that_lasted_longer_the_seconds_within_count() -> None:
    # Available from 100 s before the quarter begins until 200 s after: 200 s of it within.
    events = [
        event("linh", QUARTER - 100, e.RepStateChanged("available")),
        event("linh", QUARTER + 200, e.RepStateChanged("on_call")),
    ]
    asked = question("occupancy", queue=None)
    found = parts(asked, REPS.name, zip(events, range(9), strict=False), lateness_seconds=600)
    assert added_up(found) == {"rep_available_seconds": 200}


@pytest.mark.parametrize(
    ("kpi", "topic"),
    [
        ("service_level_answered_less_short", CALLS.name),
        ("average_handle_time_seconds", CALLS.name),
        ("answered_wait_p90_seconds", CALLS.name),
        ("occupancy", REPS.name),
        ("repeat_contact_rate_24h", CUSTOMERS.name),
    ],
)
@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_parts_of_any_log_add_up_to_what_its_panes_hold(
    kpi: str, topic: str, seed: int
) -> None:
    random = seeded(seed)
    events = [*LIVES[topic](random, 600.0)]
    random.shuffle(events)
    fold = apply(new_fold(topic), events)
    queue = "loans" if topic == CALLS.name else None
    asked = question(kpi, queue, quarters=8)
    found = parts(asked, topic, zip(events, range(999), strict=False), lateness_seconds=600.0)
    expected: dict[str, float] = {}
    for (grain, start, dims), cells in panes(fold).items():
        if grain != 900 or not asked.from_at <= start < asked.to_at:
            continue
        if queue is not None and dims.queue != queue:
            continue
        for name, of in _cells(kpi).items():
            amount = sum(cells.get(cell, 0) for cell in of)
            if amount:
                expected[name] = expected.get(name, 0) + amount
    assert added_up(found) == {name: amount for name, amount in expected.items() if amount}


def _cells(kpi: str) -> dict[str, list[str]]:
    """The cells of each term, written out: within 20 s are the first 8 buckets, within 5 s 4."""
    answered, abandoned = (
        [f"{name}:{index}" for index in range(26)] for name in ("answered_wait", "abandoned_wait")
    )
    return {
        "service_level_answered_less_short": {
            "answered_wait_within_target": answered[:8],
            "calls_answered": ["calls_answered"],
            "calls_abandoned": ["calls_abandoned"],
            "abandoned_wait_within_short_abandon": abandoned[:4],
        },
        "average_handle_time_seconds": {
            name: [name]
            for name in (
                *("call_talk_seconds", "call_hold_seconds", "call_wrapup_seconds"),
                "calls_handled",
            )
        },
        "answered_wait_p90_seconds": {cell: [cell] for cell in answered},
        "occupancy": {
            name: [name]
            for name in ("rep_on_call_seconds", "rep_wrapup_seconds", "rep_available_seconds")
        },
        "repeat_contact_rate_24h": {name: [name] for name in ("contacts", "contacts_preceded_24h")},
    }[kpi]
