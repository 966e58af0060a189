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
from tests.streams.lives import LIVES, T0, TYPE_OF, Panes, apply, funnel, new_fold, panes, seeded

RECORD = "call.completed"
CALL_TYPES = {type_ for type_ in TYPE_OF.values() if type_.startswith("call.")}
ONE_OF_A_KIND = {"meeting.booked", "activity.logged", "lead.created", "lead.qualified", *CALL_TYPES}
"""Of these a correction takes the place of all there are, whichever it names."""
MARKS = {"calls_corrected", "calls_moved_away", "calls_retracted"}


def _retraction(random: Random, cause: Event) -> tuple[str, Any]:
    family = cause.type.partition(".")[0]
    type_ = "rep.state_retracted" if family == "rep" else f"{family}.retracted"
    of = cast("Any", cause.type)
    made: dict[str, Callable[[], Any]] = {
        "call": lambda: e.CallRetracted(random.choice([of, of, of, None]), _leg(cause)),
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
        # A call comes in or goes out; the wild ones do both.
        if one.type != ("call.offered", "call.dialled")[one.subject[1] in "135"]
    ]
    for number in range(random.randint(1, 4) if events else 0):
        cause = random.choice(events)
        if cause.type.endswith("retracted"):
            continue
        at, type_ = T0 + random.randrange(600), cause.type
        kin = [one.data for one in events if one.type == type_ and _leg(one) == _leg(cause)]
        data: Any = random.choice(kin)
        if random.random() < 0.3:
            type_, data = _retraction(random, cause)
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
        told_of = one.subject, _leg(one)
        is_plain = one.causation_id is None
        if is_plain and one.type in ONE_OF_A_KIND:
            # A record is all that was told, so with it goes all that was told.
            is_void = bool({(*told_of, kind) for kind in (one.type, RECORD)} & replaced)
        else:
            is_void = one.id in corrected
        is_void |= (*told_of, "call.retracted") in replaced
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
