"""The same numbers worked out another way: plain loops over what happened, second by second."""

from collections import Counter
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events as e
from schemas.measures import SECONDS_BOUNDS
from streams.facts import Dims
from tests.streams.calls_told import Told, told_calls
from tests.streams.lives import REP_IDS, SOURCES, T0, apply, event, new_fold, panes, seeded

HOUR_SECONDS = 3600.0
LATENESS_SECONDS = 2 * HOUR_SECONDS
Counted = dict[tuple[int, str, str], Counter[str]]
"""(start, queue, rep) -> how much of what."""


def bucket(seconds: float) -> int:
    for index, bound in enumerate(SECONDS_BOUNDS):
        if seconds <= bound:
            return index
    return len(SECONDS_BOUNDS)


def count_by_hand(calls: list[Told], grain_seconds: int) -> Counted:
    counted: Counted = {}
    for call in calls:
        start = int(call.offered_at) - int(call.offered_at) % grain_seconds
        queue = counted.setdefault((start, call.queue, ""), Counter())
        queue["calls_offered"] += 1
        queue["calls_told_by_record"] += call.by_record
        queue["calls_offered_again"] += call.leg > 1
        if call.outcome == "flowed_out":
            queue["calls_flowed_out"] += 1
        if call.outcome == "abandoned":
            queue["calls_abandoned"] += 1
            queue[f"abandoned_wait:{bucket(call.wait)}"] += 1
        count_end_by_hand(counted, call, grain_seconds)
        if call.outcome == "answered":
            rep = counted.setdefault((start, call.queue, call.rep), Counter())
            rep.update(handled_by_hand(call))
            earlier = (one for one in calls if one.call == call.call and one.leg < call.leg)
            rep["call_earlier_wait_seconds"] += sum(one.wait for one in earlier)
    return counted


def count_end_by_hand(counted: Counted, call: Told, grain_seconds: int) -> None:
    """What has "by end" in its name counts where the call ended."""
    start = int(call.closed_at) - int(call.closed_at) % grain_seconds
    ended = counted.setdefault((start, call.queue, call.rep), Counter())
    ended[f"calls_{call.outcome}_by_end"] += 1
    if call.outcome != "flowed_out":
        ended[f"{call.outcome}_wait_by_end:{bucket(call.wait)}"] += 1
    quarters = (int(call.offered_at) // 900, int(call.closed_at) // 900)
    ended["calls_ended_later"] += quarters[0] < quarters[1]


def handled_by_hand(call: Told) -> Counter[str]:
    cells: Counter[str] = Counter()
    cells["calls_answered"] = cells["calls_handled"] = 1
    cells[f"answered_wait:{bucket(call.wait)}"] = 1
    cells[f"talk:{bucket(call.talk)}"] = 1
    cells[f"handle:{bucket(call.talk + call.hold + call.wrapup)}"] = 1
    for name in ("wait", "talk", "hold", "wrapup"):
        cells[f"call_{name}_seconds"] = getattr(call, name)
    cells["call_holds"] = 1 if call.hold and not call.by_record else 0
    if call.transfer is not None:
        cells[f"calls_transferred_{call.transfer}"] = 1
    return cells


def without_zeros(counted: Counted) -> dict[tuple[int, str, str], dict[str, float]]:
    return {key: {cell: n for cell, n in cells.items() if n} for key, cells in counted.items()}


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_floor_of_calls_counts_what_happened_on_it(seed: int) -> None:
    random = seeded(seed)
    calls = told_calls(random, HOUR_SECONDS, 30)
    events = [one for call in calls for one in call.events()]
    random.shuffle(events)
    fold = apply(new_fold("ringside.calls", LATENESS_SECONDS), events)

    assert fold.ledger.applied == fold.ledger.consumed == len(events)
    assert not fold.live
    for grain in (60, 900):
        counted = {
            (start, dims.queue, dims.rep): cells
            for (of, start, dims), cells in panes(fold).items()
            if of == grain
        }
        assert counted == without_zeros(count_by_hand(calls, grain))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_states_of_reps_count_every_second_once(seed: int) -> None:
    random = seeded(seed)
    states = get_args(e.RepState)
    cell_of = {state: f"rep_{state}_seconds" for state in states}
    cell_of |= {"after_call_work": "rep_wrapup_seconds"}
    expected: Counter[tuple[int, str, str, str]] = Counter()
    events = []
    for rep in REP_IDS:
        changes = {
            int(T0) + random.randrange(3600): (random.choice(states), random.choice(["tea", None]))
            for _ in range(12)
        }
        for at, (state, reason) in changes.items():
            events.append(event(rep, at, e.RepStateChanged(state, reason), SOURCES[0]))
        for second in range(min(changes), max(changes)):
            since = max(at for at in changes if at <= second)
            state, reason = changes[since]
            if state != "offline":
                kind = (reason or "") if state == "paused" else ""
                expected[second - second % 900, rep, kind, cell_of[state]] += 1
    random.shuffle(events)
    fold = apply(new_fold("ringside.reps", LATENESS_SECONDS), events)
    counted = {
        (start, dims.rep, dims.kind, cell): amount
        for (grain, start, dims), cells in panes(fold).items()
        for cell, amount in cells.items()
        if grain == 900
    }
    assert counted == dict(expected)
    assert all(dims == Dims("", dims.rep, "", dims.kind, SOURCES[0]) for _, _, dims in panes(fold))
