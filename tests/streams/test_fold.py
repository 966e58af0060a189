"""The fold: every message accounted for, nothing counted twice, what is closed stays closed."""

from datetime import UTC, datetime

import pytest

from agents.changelog import Entry
from agents.state import ChangelogTopics, Restorer, to_records
from schemas import events as e
from schemas.codec import Reason, Rejected
from schemas.events import Event
from streams.changes import Changes
from streams.fold import Fold
from tests.streams.lives import T0, apply, event, new_fold, panes, quarter

CALLS = "ringside.calls"
DAY_SECONDS = 86_400.0


def offered(call: str, at: float) -> Event:
    return event(call, T0 + at, e.CallOffered("loans"))


def abandoned(call: str, at: float) -> Event:
    return event(call, T0 + at, e.CallAbandoned())


def taken(fold: Fold) -> Changes:
    changes = fold.take_changes()
    assert changes is not None
    return changes


def test_the_ledger_says_what_became_of_every_message() -> None:
    fold = new_fold(CALLS)
    messages: list[Event | Rejected] = [
        offered("c1", 0),  # applied
        Rejected(Reason.NOT_JSON),  # dead-lettered
        offered("c1", 0),  # duplicate
        offered("c2", 700),  # applied
        offered("c3", 99),  # 700 - 600 = 100: late
        offered("c4", 100),  # on time: applied
        Rejected(Reason.NOT_JSON),
    ]
    outcomes = [fold.apply(message, offset) for offset, message in enumerate(messages)]
    ledger = fold.ledger
    assert (ledger.consumed, ledger.next_offset) == (7, 7)
    assert (ledger.applied, ledger.duplicate, ledger.late, ledger.dead_lettered) == (3, 1, 1, 2)
    assert ledger.reasons == {"not_json": 2, "too_late": 1}
    late, bad = Rejected(Reason.TOO_LATE, "$.time"), Rejected(Reason.NOT_JSON)
    assert outcomes == [None, bad, None, None, late, None, bad]
    assert quarter(fold) == {"calls_offered": 3}


def test_offsets_may_have_holes() -> None:
    # Transactions and compaction leave some.
    fold = new_fold(CALLS)
    fold.apply(offered("c1", 0), 17)
    fold.apply(offered("c2", 0), 40)
    assert (fold.ledger.next_offset, fold.ledger.consumed) == (41, 2)


def test_a_late_event_moves_nothing() -> None:
    fold = apply(new_fold(CALLS), [offered("c1", 700), offered("c2", 0)])
    assert fold.watermark.at == T0 + 100
    assert list(fold.entities) == ["c1"]


def test_no_changes_are_told_twice() -> None:
    fold = apply(new_fold(CALLS), [offered("c1", 0)])
    first = taken(fold)
    assert list(first.entities) == ["c1"]
    assert [key.start_at for key in first.panes] == [int(T0)]
    assert fold.take_changes() is None
    assert fold.dirty_count == 0
    apply(fold, [abandoned("c1", 5)])
    assert fold.dirty_count == 1 + 1  # the call, and its pane
    (quarter_cells,) = taken(fold).snapshot.panes.values()
    # Absolute, not what was added.
    assert quarter_cells == {
        "calls_offered": 1,
        "calls_abandoned": 1,
        "abandoned_wait:3": 1,
        "calls_abandoned_by_end": 1,
        "abandoned_wait_by_end:3": 1,
    }


def test_what_was_told_does_not_change_afterwards() -> None:
    fold = apply(new_fold(CALLS), [offered("c1", 0), Rejected(Reason.NOT_JSON)])
    snapshot = taken(fold).snapshot
    apply(fold, [abandoned("c1", 5), Rejected(Reason.NOT_JSON)])
    assert (snapshot.ledger.consumed, snapshot.ledger.reasons) == (2, {"not_json": 1})
    assert [call.abandoned_at for call in snapshot.entities.values()] == [None]  # type: ignore[union-attr]
    assert list(snapshot.panes.values()) == [{"calls_offered": 1}]


def test_only_refusals_are_a_change_too() -> None:
    # The ledger must be written, or they would be refused and dead-lettered again.
    fold = apply(new_fold(CALLS), [Rejected(Reason.NOT_JSON)])
    assert taken(fold).snapshot.ledger.dead_lettered == 1


def test_a_snapshot_holds_quarters_and_not_minutes() -> None:
    fold = apply(new_fold(CALLS), [offered("c1", 61)])
    assert [key.start_at for key in taken(fold).snapshot.panes] == [int(T0)]


def test_everything_is_what_postgres_should_have() -> None:
    fold = apply(new_fold(CALLS), [offered("c1", 0), offered("c2", 950)])
    taken(fold)
    whole = fold.whole()
    assert set(whole.entities) == {"c1", "c2"}
    assert sorted(key.start_at - int(T0) for key in whole.panes) == [0, 900]


def test_an_ended_call_goes_once_it_is_over_and_written() -> None:
    fold = apply(new_fold(CALLS), [offered("c1", 0), abandoned("c1", 5)])
    apply(fold, [offered("c2", 2 * 3600 + 700)])
    assert "c1" in fold.entities  # over, but perhaps not in Postgres yet
    before = taken(fold)
    fold.release(before.snapshot.ledger.fence)
    assert list(fold.entities) == ["c2"]
    after = taken(fold)
    assert after.entities == {"c1": None}
    assert "c1" not in after.snapshot.entities  # Postgres keeps its row


def test_nothing_goes_before_its_last_change_is_written() -> None:
    fold = apply(new_fold(CALLS), [offered("c1", 0), abandoned("c1", 5)])
    apply(fold, [offered("c2", 2 * 3600 + 700)])
    fold.release(2)  # written up to c1's end, but what closed it came with offset 2
    assert "c1" in fold.entities
    fold.release(3)
    assert "c1" not in fold.entities


def test_a_repetition_at_the_watermark_itself_is_no_new_call() -> None:
    # 600 s are allowed. The watermark stands at T0 + 60, a whole minute, when the record of
    # T0 + 60 comes again: not late, so the call must still be known.
    def record(call: str, at: float) -> Event:
        arrival = datetime.fromtimestamp(T0 + at, UTC)
        return event(call, T0 + at, e.CallCompleted(arrival, "abandoned", "loans"))

    fold = apply(new_fold(CALLS), [record("c1", 60), offered("c2", 660)])
    fold.close()
    taken(fold)
    fold.release(fold.ledger.fence)
    apply(fold, [record("c1", 60)])
    assert fold.ledger.duplicate == 1
    assert quarter(fold)["calls_offered"] == 2


def test_a_call_with_news_at_the_watermark_itself_stays_when_the_rest_goes() -> None:
    # Over at 5 s and put aside; then the PBX tells of its end after two hours, just on time.
    ended = event("c1", T0 + 7200, e.CallEnded())
    fold = apply(
        new_fold(CALLS), [offered("c1", 0), abandoned("c1", 5), offered("c2", 7800), ended]
    )
    fold.release(fold.ledger.fence)
    apply(fold, [ended])
    assert (fold.ledger.applied, fold.ledger.duplicate) == (4, 1)


def test_panes_go_when_no_window_reads_them_and_they_are_written() -> None:
    fold = apply(
        new_fold(CALLS), [offered("c1", 0), abandoned("c1", 5), offered("c2", DAY_SECONDS)]
    )
    grains = {(grain, start - int(T0)) for grain, start, _ in panes(fold)}
    # A minute is read for an hour, a quarter for the longest day.
    assert grains == {(900, 0), (60, DAY_SECONDS), (900, DAY_SECONDS)}
    taken(fold)
    apply(fold, [offered("c3", 27 * 3600)])
    closed = taken(fold)
    assert (900, 0) in {(grain, start - int(T0)) for grain, start, _ in panes(fold)}
    fold.release(closed.ledger.fence)
    assert (900, 0) not in {(grain, start - int(T0)) for grain, start, _ in panes(fold)}
    gone = [key for key, parts in taken(fold).panes.items() if parts is None]
    assert [key.start_at - int(T0) for key in gone] == [0]


def test_a_closed_pane_does_not_change_and_what_it_missed_is_counted() -> None:
    # The call waits for 30 hours; its quarter of an hour is closed when it is given up.
    fold = apply(new_fold(CALLS), [offered("c1", 0), offered("c2", 30 * 3600)])
    before = panes(fold)
    apply(fold, [abandoned("c1", 30 * 3600)])
    after = panes(fold)
    assert {key: cells for key, cells in after.items() if key[1] == int(T0)} == {
        key: cells for key, cells in before.items() if key[1] == int(T0)
    }
    assert (fold.ledger.applied, fold.ledger.closed_facts) == (3, 1)


def test_time_goes_on_while_nothing_comes() -> None:
    fold = apply(new_fold(CALLS), [offered("c1", 0), abandoned("c1", 5)])
    taken(fold)
    fold.idle(7200.0, now=T0 + 7200.0)
    assert fold.watermark.newest_at == T0 + 5 + 7195
    fold.release(fold.ledger.fence)
    assert not fold.entities
    assert taken(fold).snapshot.ledger.newest_at == T0 + 7200


def test_a_source_that_goes_on_after_a_pause_is_not_late() -> None:
    fold = apply(new_fold(CALLS), [offered("c1", 0)])
    fold.idle(3600.0, now=T0 + 3600.0)
    apply(fold, [offered("c2", 3590)])
    assert fold.ledger.late == 0


@pytest.mark.parametrize("lateness_seconds", [0.0, 330.0, 600.0, 7200.5])
def test_a_restored_fold_closes_the_same_panes_at_the_same_event(lateness_seconds: float) -> None:
    topics = ChangelogTopics("test")
    tables = {topics.entities: "entities", topics.panes: "panes", topics.ledger: "ledger"}
    fold = new_fold(CALLS, lateness_seconds)
    state: dict[tuple[str, bytes], bytes | None] = {}
    for step in range(150):
        apply(fold, [offered(f"c{step}", step * 7)])
        for record in to_records([taken(fold)], topics, 0):
            assert record.key is not None
            state[tables[record.topic], record.key] = record.value
        restorer = Restorer(0, lateness_of=lambda _: lateness_seconds, epoch=2)
        restorer.add(Entry(table, key, value) for (table, key), value in state.items())
        restored = restorer.finish()[CALLS]
        for grain, table in fold.tables.items():
            assert restored.tables[grain].closed_before == table.closed_before
