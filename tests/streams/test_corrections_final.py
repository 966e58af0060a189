"""Corrections in any order, and repeated, count as if only the final facts had been told."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events as e
from schemas.events import Event
from schemas.topics import ACTIVITIES, CALLS, DEALS, MEETINGS, REPS
from tests.streams.lives import LIVES, T0, Panes, apply, funnel, new_fold, panes, seeded

IN_PIECES = {
    *("call.offered", "call.answered", "call.held", "call.resumed"),
    *("call.transferred", "call.abandoned", "call.ended", "call.wrapup_ended"),
}
ONE_OF_A_KIND = {"meeting.booked", "activity.logged", "lead.created", "lead.qualified", *IN_PIECES}
"""Of these a correction takes the place of all there are, whichever it names."""
MARKS = {"calls_corrected", "calls_moved_away", "calls_retracted"}


def _retraction(cause: Event) -> tuple[str, Any]:
    family = cause.type.partition(".")[0]
    type_ = "rep.state_retracted" if family == "rep" else f"{family}.retracted"
    of = cast("Any", cause.type)
    made: dict[str, Callable[[], Any]] = {
        "call": lambda: e.CallRetracted(of, cause.data.leg),  # type: ignore[union-attr]
        "rep": e.RepStateRetracted,
        "meeting": lambda: e.MeetingRetracted(of),
        "activity": e.ActivityRetracted,
        "lead": lambda: e.LeadRetracted(of),
        "deal": e.DealRetracted,
    }
    return type_, made[family]()


def corrected_lives(random: Random, topic: str) -> list[Event]:
    """Lives in which some events are corrected, some corrections too, or taken back."""
    # Each says something of its own: of two events that say the very same, one may be corrected.
    events = [
        msgspec.structs.replace(one, id=f"e{n}", sequence=f"{n:03}")
        for n, one in enumerate(LIVES[topic](random, 600))
        if topic != CALLS.name or one.type in IN_PIECES
    ]
    for number in range(random.randint(1, 4) if events else 0):
        cause = random.choice(events)
        if cause.type.endswith("retracted"):
            continue
        at, type_ = T0 + random.randrange(600), cause.type
        kin = [one.data for one in events if one.type == type_ and _leg(one) == _leg(cause)]
        data: Any = random.choice(kin)
        if random.random() < 0.3:
            type_, data = _retraction(cause)
        of = (f"x{number}", cause.source, cause.subject, type_, at, data, f"9{number}", cause.id)
        events.append(Event(*of))
    return events


def final(events: Sequence[Event]) -> list[Event]:
    """The facts that are left, told as if nothing had ever been wrong: docs/corrections.md."""
    corrected = {one.causation_id for one in events if one.causation_id is not None}
    replaced = {
        (one.subject, _leg(one), _kind(one))
        for one in events
        if one.causation_id is not None and one.id not in corrected
    }
    left = []
    for one in events:
        is_plain = one.causation_id is None
        if is_plain and one.type in ONE_OF_A_KIND:
            is_void = (one.subject, _leg(one), one.type) in replaced
        else:
            is_void = one.id in corrected
        if not is_void and not one.type.endswith("retracted"):
            left.append(msgspec.structs.replace(one, causation_id=None))
    return sorted(left, key=lambda one: one.at)


def _leg(event: Event) -> int:
    return getattr(event.data, "leg", 1)


def _kind(event: Event) -> str:
    if event.type == "activity.retracted":
        return "activity.logged"
    return getattr(event.data, "statement", None) or event.type


def counted(found: Panes) -> Panes:
    """Everything but what says that something was corrected."""
    kept = {
        key: {cell: amount for cell, amount in cells.items() if cell not in MARKS}
        for key, cells in found.items()
    }
    return {key: cells for key, cells in kept.items() if cells}


@pytest.mark.parametrize(
    "topic", [CALLS.name, REPS.name, MEETINGS.name, ACTIVITIES.name, DEALS.name]
)
@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_corrections_in_any_order_and_twice_are_as_if_only_the_final_facts_were_told(
    topic: str, seed: int
) -> None:
    random = seeded(seed)
    events = corrected_lives(random, topic)
    batch = apply(new_fold(topic), final(events))
    for _ in range(2):
        random.shuffle(events)
        fold = apply(new_fold(topic), [*events, *random.sample(events, len(events) // 2)])
        assert counted(panes(fold)) == counted(panes(batch))
        assert funnel(fold) == funnel(batch)
