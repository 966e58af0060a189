"""Reps' turns as rows: whatever comes in whatever order, and whenever something ends, none is lost.

A table in a dict stands for Postgres here: rows by (rep, since), newer ones in place of older ones.
"""

import msgspec
import pytest

from schemas import events as e
from schemas.events import Event
from streams.fold import Fold
from streams.rep_state import MAX_TURNS, Rep
from streams.rep_turns import SPARE, TAKEN_BACK, RepTurn, Turns
from streams.snapshot import Snapshot
from tests.streams.lives import SOURCES, T0, apply, event, new_fold, seeded

STATES: tuple[e.RepState, ...] = ("available", "on_call", "paused", "offline")


def turn(id_: str, at: float, state: e.RepState, corrects: str | None = None) -> Event:
    data = e.RepStateChanged(state, "lunch" if state == "paused" else None)
    return Event(id_, SOURCES[0], "linh", "rep.state_changed", T0 + at, data, "", corrects)


def taken_back(id_: str, at: float, corrects: str) -> Event:
    return Event(
        *(id_, SOURCES[0], "linh", "rep.state_retracted", T0 + at),
        *(e.RepStateRetracted(), "", corrects),
    )


def checkpoint(fold: Fold, table: Turns, *, is_written: bool = True) -> None:
    changes = fold.take_changes()
    if changes is not None and is_written:
        table.update(changes.snapshot.turns)
        fold.release(changes.ledger.fence)


def shown(table: Turns) -> list[tuple[float, float | None, str, str]]:
    """(since, until, state, reason), seconds after 10:00, by time."""
    return [
        (since - T0, None if row.until is None else row.until - T0, row.state, row.reason)
        for (_, since), row in sorted(table.items())
        if row != TAKEN_BACK
    ]


def restored(fold: Fold) -> Fold:
    """What the next owner begins with: entities and ledger through JSON, as in a changelog."""
    new = new_fold(fold.topic)
    for key, entity in fold.entities.items():
        new.entities[key] = msgspec.json.decode(msgspec.json.encode(entity), type=Rep)
    ledger = msgspec.json.encode(fold.ledger)
    new.resume(msgspec.json.decode(ledger, type=type(fold.ledger)))
    new.restored()
    return new


def test_each_turn_is_a_row_from_when_until_when() -> None:
    fold, table = new_fold("ringside.reps"), Turns()
    apply(fold, [turn("s1", 0, "available"), turn("s2", 60, "paused")])
    checkpoint(fold, table)
    assert shown(table) == [(0, 60, "available", ""), (60, None, "paused", "lunch")]
    apply(fold, [turn("s3", 90, "offline")])
    changes = fold.take_changes()
    assert changes is not None
    # Only what changed: the pause has an end, and being offline begins.
    assert changes.snapshot.turns == {
        ("linh", T0 + 60): RepTurn(T0 + 90, "paused", "lunch", SOURCES[0]),
        ("linh", T0 + 90): RepTurn(None, "offline", "", SOURCES[0]),
    }


def test_a_turn_that_comes_late_cuts_the_one_before_and_of_one_time_the_last_holds() -> None:
    fold, table = new_fold("ringside.reps"), Turns()
    apply(fold, [turn("s1", 0, "available"), turn("s3", 90, "offline")])
    checkpoint(fold, table)
    apply(fold, [turn("s2", 30, "on_call"), turn("s4", 90, "paused")])
    checkpoint(fold, table)
    assert shown(table) == [
        (0, 30, "available", ""),
        (30, 90, "on_call", ""),
        (90, None, "paused", "lunch"),
    ]


@pytest.mark.parametrize("is_restored", [False, True])
def test_what_was_corrected_or_taken_back_is_not_shown_any_more(*, is_restored: bool) -> None:
    fold, table = new_fold("ringside.reps"), Turns()
    told = [turn("s1", 0, "available"), turn("s2", 60, "on_call"), turn("s3", 90, "paused")]
    apply(fold, [*told, turn("s4", 120, "offline")])
    checkpoint(fold, table)
    # The call began at 70; there was no pause, so it lasted until 120.
    apply(fold, [turn("x2", 70, "on_call", "s2"), taken_back("x3", 90, "s3")])
    checkpoint(fold, table, is_written=not is_restored)
    if is_restored:  # the worker ended between its changelog and Postgres
        table.update(restored(fold).whole().turns)
    assert shown(table) == [
        (0, 70, "available", ""),
        (70, 120, "on_call", ""),
        (120, None, "offline", ""),
    ]
    assert table["linh", T0 + 60] == table["linh", T0 + 90] == TAKEN_BACK


def test_a_correction_that_comes_first_takes_the_place_of_what_it_corrects() -> None:
    fold, table = new_fold("ringside.reps"), Turns()
    apply(fold, [turn("s1", 0, "available"), turn("x2", 70, "on_call", "s2")])
    checkpoint(fold, table)
    apply(fold, [turn("s2", 60, "on_call"), turn("s3", 90, "offline")])
    checkpoint(fold, table)
    assert shown(table) == [
        (0, 70, "available", ""),
        (70, 90, "on_call", ""),
        (90, None, "offline", ""),
    ]


def test_while_postgres_is_away_nothing_is_let_go_and_then_all_that_is_old() -> None:
    fold, table = new_fold("ringside.reps"), Turns()
    changes = []
    for n in range(500):  # 7,500 s; 600 s are allowed
        apply(fold, [turn(f"s{n}", 15.0 * n, STATES[n % 4])])
        changes.append(fold.take_changes())
    (rep,) = fold.entities.values()
    assert isinstance(rep, Rep)
    assert len(rep.turns) == 500
    for one in changes:
        assert one is not None
        table.update(one.snapshot.turns)
        fold.release(one.ledger.fence)
    assert [row[0] for row in shown(table)] == [15.0 * n for n in range(500)]
    apply(fold, [turn("last", 7500, "paused")])
    checkpoint(fold, table)
    (rep,) = fold.entities.values()
    assert isinstance(rep, Rep)
    assert len(rep.turns) < MAX_TURNS + SPARE
    assert shown(table)[-2:] == [(7485, 7500, "offline", ""), (7500, None, "paused", "lunch")]


def test_in_a_backlog_what_postgres_has_is_let_go_though_it_never_has_all() -> None:
    fold, table = new_fold("ringside.reps"), Turns()
    waiting = None
    for n in range(0, 2000, 100):  # a hundred turns between two checkpoints; Postgres is one behind
        apply(fold, [turn(f"s{m}", 15.0 * m, STATES[m % 4]) for m in range(n, n + 100)])
        changes = fold.take_changes()
        assert changes is not None
        if waiting is not None:
            table.update(waiting.snapshot.turns)
            fold.release(waiting.ledger.fence)
        waiting = changes
        (rep,) = fold.entities.values()
        assert isinstance(rep, Rep)
        # What Postgres did not have, of three checkpoints, and the turn before.
        assert len(rep.turns) <= 301
    assert waiting is not None
    table.update(waiting.snapshot.turns)
    assert [row[0] for row in shown(table)] == [15.0 * n for n in range(2000)]


def test_without_a_database_no_turn_waits_for_it() -> None:
    fold = new_fold("ringside.reps")
    fold.without_database()
    for n in range(500):
        apply(fold, [turn(f"s{n}", 15.0 * n, STATES[n % 4])])
        if n % 100 == 99:
            fold.take_changes()
    (rep,) = fold.entities.values()
    assert isinstance(rep, Rep)
    # 600 s may be late: 41 turns from the horizon on, and what held before.
    assert len(rep.turns) == 42


def final(events: list[Event]) -> list[tuple[float, float | None, str, str]]:
    """The turns by hand, from all states that were told: of one time the greatest holds."""
    holds = {}
    for one in sorted(events, key=lambda one: (one.at, one.data.state, one.data.reason or "")):  # type: ignore[union-attr]
        holds[one.at] = one
    times = sorted(holds)
    return [
        (at - T0, None if after is None else after - T0, data.state, data.reason or "")  # type: ignore[union-attr]
        for at, after in zip(times, [*times[1:], None], strict=True)
        for data in (holds[at].data,)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_in_any_order_and_with_any_crash_the_rows_are_all_turns(seed: int) -> None:
    """Chance says when there is a checkpoint, when Postgres has it, and when the worker ends."""
    random = seeded(seed)
    told = [
        event("linh", T0 + at, e.RepStateChanged(random.choice(STATES)))
        for at in range(0, 9000, 20)
    ]
    # Out of order by up to 500 s, of the 600 s that are allowed.
    order = sorted(told, key=lambda one: one.at + random.uniform(0, 500))
    fold, table, waiting = new_fold("ringside.reps"), Turns(), None
    while order:
        size = random.randrange(1, 60)
        apply(fold, order[:size])
        order = order[size:]
        changes = fold.take_changes()
        assert changes is not None
        waiting = waiting or Snapshot("", 0, changes.ledger)
        waiting.absorb(changes.snapshot)
        chance = random.random()
        if chance < 0.2:  # kill -9 before Postgres had it
            fold = restored(fold)
            waiting = fold.whole()
        if chance < 0.6:
            table.update(waiting.turns)
            fold.release(waiting.ledger.fence)
            waiting = None
    if waiting is not None:
        table.update(waiting.turns)
    assert shown(table) == final(told)
