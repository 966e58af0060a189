"""What waits for Kafka is bounded: by the number of keys, and it counts against the limit."""

from typing import Any, cast

from agents.changelog import Changelog, Record
from agents.settings import Settings
from agents.shard import Shard
from streams.fold import Fold
from tests.integration.floor_events import activity, call
from tests.streams.lives import T0, new_fold


def shard_of(fold: Fold) -> Shard:
    # No test here writes.
    shard = Shard(0, cast("Changelog", None))
    shard.folds[fold.topic] = fold
    return shard


def test_what_kafka_did_not_take_still_counts_as_dirty() -> None:
    fold = new_fold("ringside.activities")
    shard = shard_of(fold)
    fold.apply(activity("a-1", T0), 0)
    shard.dead_letters.append(Record("ringside.deadletters", None, b"bad"))
    # An entity, a pane, a dead letter.
    assert shard.dirty_count == 3
    shard.take_changes()
    assert fold.dirty_count == 0
    assert shard.dirty_count == 3
    fold.apply(activity("a-2", T0), 1)
    # Another entity; the pane is the same, and until it is taken it counts twice.
    assert shard.dirty_count == 3 + 2
    shard.take_changes()
    assert shard.dirty_count == 4


def test_what_changed_again_replaces_what_kafka_did_not_take() -> None:
    fold = new_fold("ringside.calls")
    shard = shard_of(fold)
    for offset, event in enumerate(call("c-1", T0, wait_seconds=5, talk_seconds=60)):
        fold.apply(event, offset)
        shard.take_changes()
    (changes,) = shard.unwritten.values()
    assert list(changes.entities) == ["c-1"]
    assert changes.snapshot.ledger.next_offset == 3
    written: dict[str, Any] = {}
    for cells in changes.snapshot.panes.values():
        written |= cells
    assert written["calls_offered"] == written["calls_answered"] == written["calls_handled"] == 1


def test_a_shard_catches_up_while_it_folds_what_waited_for_long() -> None:
    shard = shard_of(new_fold("ringside.calls"))
    # Nothing was folded yet. Then, at 50.0 of the monotonic clock, what was written at 1000.
    assert not shard.is_catching_up(1_000.0, 50.0)
    shard.record_at["ringside.calls"], shard.folded_at["ringside.calls"] = 1_000.0, 50.0
    assert not shard.is_catching_up(1_010.0, 50.5)  # ten seconds are none too many
    assert shard.is_catching_up(1_011.0, 50.5)
    assert not shard.is_catching_up(1_011.0, 51.0)  # a second without any: that was all


def test_a_backlogs_checkpoint_waits_but_not_for_long_and_not_with_much_to_write() -> None:
    fold = new_fold("ringside.activities")
    shard, settings = shard_of(fold), Settings(checkpoint_seconds=1.0, max_dirty_rows=1000)
    shard.record_at[fold.topic], shard.folded_at[fold.topic] = 900.0, 50.0
    shard.checkpointed_at = 1_000.0
    assert shard.can_wait(settings, 1_004.9, 50.5)
    assert not shard.can_wait(settings, 1_005.0, 50.5)
    # 249 activities and their pane are the quarter of a thousand.
    for offset in range(249):
        fold.apply(activity(f"a-{offset}", T0), offset)
    assert not shard.can_wait(settings, 1_001.0, 50.5)


def test_the_age_of_events_is_told_while_some_come_in_and_not_of_a_quiet_topic() -> None:
    fold = new_fold("ringside.activities")
    shard = shard_of(fold)
    assert shard.event_lag_seconds(fold, T0, 50.0) == 0.0  # nothing ever came
    fold.apply(activity("a-1", T0), 0)
    fold.apply(activity("a-2", T0 - 300), 1)  # an older one says nothing
    shard.folded_at[fold.topic] = 50.0
    assert shard.event_lag_seconds(fold, T0 + 700, 51.0) == 700
    assert shard.event_lag_seconds(fold, T0 - 5, 51.0) == 0.0  # a clock that is ahead
    assert shard.event_lag_seconds(fold, T0 + 700, 110.0) == 700
    assert shard.event_lag_seconds(fold, T0 + 700, 110.5) == 0.0  # a minute without any
