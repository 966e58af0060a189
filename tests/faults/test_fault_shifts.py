"""Row 1: the states of reps as they followed each other, over kills."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest

from schemas import events as e
from schemas.events import Event
from tests.faults.plugin import Figures
from tests.integration.pipeline import Pipeline, wait_until

pytestmark = pytest.mark.needs_transactions
Now = Callable[[], float]
Shift = list[tuple[float, float | None, str, str]]
"""(since, until, state, reason) of one rep, by time."""

REPS = [f"rep-{number}" for number in range(8)]
STATES: tuple[e.RepState, ...] = ("available", "ringing", "on_call", "after_call_work", "paused")
MINUTES = 300
"""Of the shifts: far more than the hour within which an event may be late."""


def told(chance: random.Random, start: float) -> dict[str, list[Event]]:
    """Each rep's states, one in 50 to 110 s.

    So at most 48 lie within the 40 min by which one may be late: of 64 a worker knows the order.
    """
    shifts: dict[str, list[Event]] = {}
    for rep in REPS:
        at, states = start, []
        while at < start + 60 * MINUTES:
            state = chance.choice(STATES)
            reason = chance.choice(("lunch", "training")) if state == "paused" else None
            data = e.RepStateChanged(state, reason)
            id_ = f"{rep}/{len(states)}"
            states.append(Event(id_, "/pbx/test", rep, "rep.state_changed", at, data))
            at += chance.randrange(50, 110)
        shifts[rep] = states
    return shifts


def corrected(chance: random.Random, shifts: dict[str, list[Event]]) -> list[Event]:
    """Corrections of one state in thirty, which *shifts* has as they are then; some are none."""
    made = []
    for rep, states in shifts.items():
        for wrong in chance.sample(states[1:], 8):
            data: e.RepStateRetracted | e.RepStateChanged = e.RepStateRetracted()
            type_, at = "rep.state_retracted", wrong.at
            states.remove(wrong)
            if chance.random() < 0.6:
                data, type_ = e.RepStateChanged("paused", "meeting"), "rep.state_changed"
                at += chance.choice((0.0, 0.5, 7.5))
            right = Event(f"{wrong.id}!", "/pbx/test", rep, type_, at, data, "", wrong.id)
            made.append(right)
            if type_ == "rep.state_changed":
                states.append(right)
    return made


def by_hand(states: Iterable[Event]) -> Shift:
    """What holds from when until when. No two states have one time here."""
    held = sorted(states, key=lambda one: one.at)
    ends = [*(one.at for one in held[1:]), None]
    return [
        (one.at, end, one.data.state, one.data.reason or "")  # type: ignore[union-attr]
        for one, end in zip(held, ends, strict=True)
    ]


def shown(pipeline: Pipeline) -> dict[str, Shift]:
    rows = pipeline.rows(
        """SELECT rep, extract(epoch FROM since)::float8, extract(epoch FROM until)::float8, state,
               reason
           FROM ringside.rep_turn WHERE until IS NULL OR until > since ORDER BY rep, since"""
    )
    found: dict[str, Shift] = {rep: [] for rep in REPS}
    for rep, *turn in rows:
        found[rep].append(tuple(turn))  # type: ignore[arg-type]
    return found


@pytest.mark.fault(row=1)
def test_every_state_of_every_rep_is_there_whatever_was_killed(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    """Out of order by up to 40 min, one in five repeated, one in forty corrected; five hours."""
    shifts = told(chance, int(now()) - 60 * (MINUTES + 5))
    told_first = [one for states in shifts.values() for one in states]
    events = told_first + corrected(chance, shifts)
    events += chance.choices(told_first, k=len(told_first) // 5)
    events.sort(key=lambda one: one.at + chance.uniform(0, 2400))
    kills, size = 6, len(events) // 7 + 1
    for first in range(0, len(events), size):
        worker = pipeline.start_worker(snapshot_seconds=str(chance.choice((0.2, 1, 5))))
        part = events[first : first + size]
        before, moment = pipeline.consumed(), chance.randrange(len(part))
        with pipeline.publishing(part, rate=800):
            if first + size < len(events):
                wait_until(lambda: pipeline.consumed() >= before + moment, worker.log)  # noqa: B023
                worker.process.kill()
    pipeline.wait_until_written(len(events))
    expected = {rep: by_hand(states) for rep, states in shifts.items()}
    assert shown(pipeline) == expected
    figures(events=len(events), turns=sum(map(len, expected.values())), kills=kills)
