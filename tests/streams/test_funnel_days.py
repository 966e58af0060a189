"""The funnel by day: whatever the order, restarts or pipelines before, the same as a batch."""

from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events as e
from schemas.funnel import KEPT_DAYS
from schemas.topics import DEALS
from streams.deal_state import Deal
from streams.fold import Fold
from streams.funnel import Cells, Key
from streams.funnel_days import FunnelDays
from streams.pipelines import EMPTY, PipelineIndex
from tests.streams.lives import LATENESS_SECONDS, apply, deal_events, event, new_fold, seeded
from tests.streams.sales import DAY, DAY0, created, deal, pipelines, said

seeds = st.integers(0, 2**32 - 1)
LIVED = pipelines({"id": "sales", "stages": [{"id": "new"}, {"id": "trial"}, {"id": "offer"}]})
ENDING = pipelines({"id": "sales", "stages": [{"id": "new"}, {"id": "trial"}], "won": ["offer"]})
"""The same stages, but the last one is the end."""


def everything(funnel: FunnelDays) -> tuple[dict[Key, Cells], dict[Key, Cells]]:
    """All that is counted; also that nothing is zero, and no place empty."""
    counted = {
        Key(start, place): cells
        for start, day in funnel.days.items()
        for place, cells in day.places.items()
    }
    assert all(cells and all(cells.values()) for cells in counted.values())
    return counted, funnel.open


def batch(fold: Fold, by: PipelineIndex) -> FunnelDays:
    """The same deals counted at once."""
    fresh = FunnelDays(by)
    fresh.fill((key, entity) for key, entity in fold.entities.items())
    return fresh


def told(random: Random, by: PipelineIndex = LIVED) -> tuple[Fold, list[e.Event]]:
    fold = new_fold(DEALS.name)
    assert fold.funnel is not None
    fold.funnel.pipelines = by
    return fold, deal_events(random, LATENESS_SECONDS)


def funnel(fold: Fold) -> FunnelDays:
    assert fold.funnel is not None
    return fold.funnel


@settings(max_examples=200, derandomize=True, deadline=None)
@given(seeds)
def test_any_order_and_repetition_within_the_lateness_is_as_a_batch(seed: int) -> None:
    random = seeded(seed)
    fold, events = told(random)
    in_order, _ = told(random)
    apply(in_order, sorted(events, key=lambda one: one.at))
    events += random.choices(events, k=len(events) // 2) if events else []
    random.shuffle(events)
    apply(fold, events)
    assert everything(funnel(fold)) == everything(funnel(in_order))
    assert everything(funnel(fold)) == everything(batch(fold, LIVED))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(seeds)
def test_pipelines_that_come_late_count_what_was_before_also_while_more_comes(seed: int) -> None:
    random = seeded(seed)
    fold, events = told(random, EMPTY)
    cut = random.randrange(len(events) + 1)
    apply(fold, events[:cut])
    steps = funnel(fold).recount(fold.entities, LIVED)
    for _ in range(random.randrange(3)):
        next(steps, None)
    apply(fold, events[cut:])
    for _ in steps:
        pass
    assert funnel(fold).pipelines is LIVED
    assert everything(funnel(fold)) == everything(batch(fold, LIVED))


def test_a_slow_recount_counts_what_is_changed_created_or_done_meanwhile() -> None:
    fold = new_fold(DEALS.name)
    many = [
        event(f"d{n}", DAY0, e.DealCreated("linh", "sales", "new", 5, "USD")) for n in range(1_000)
    ]
    apply(fold, many)
    steps = funnel(fold).recount(fold.entities, LIVED)
    next(steps)
    assert funnel(fold).pipelines is EMPTY
    # One that is counted anew already, one that is not, and one that nobody knew.
    for name in ("d0", "d999"):
        apply(fold, [event(name, DAY0 + 60, e.DealStageChanged("trial"))])
    apply(fold, [event("more", DAY0 + 60, e.DealCreated("linh", "sales", "trial"))])
    assert len(list(steps)) == 4
    assert everything(funnel(fold)) == everything(batch(fold, LIVED))
    # A recount that is overtaken by another one ends without a result.
    old, new = (
        funnel(fold).recount(fold.entities, EMPTY),
        funnel(fold).recount(fold.entities, ENDING),
    )
    next(old)
    list(new)
    list(old)
    assert funnel(fold).pipelines is ENDING
    assert everything(funnel(fold)) == everything(batch(fold, ENDING))


def test_a_move_lands_in_its_cohort_however_much_later_it_comes() -> None:
    one = deal(created(0))
    table = FunnelDays(LIVED)
    table.changed("d", None, one)
    moved = deal(created(0), said(100, "trial"))
    table.changed("d", one, moved)
    (place,) = (
        place for place in table.days[int(DAY0)].places if place.stage == ""
    )  # "agreed" is unknown here; the whole stands under ""
    assert table.days[int(DAY0)].places[place]["created"] == 1
    assert [(key.day_at - DAY0) / DAY for key in table.open] == [100]


def test_days_past_the_longest_window_go_and_what_is_open_stays() -> None:
    table = FunnelDays(LIVED)
    opened = deal(created(0, "new"))
    table.changed("d", None, opened)
    kept_until = DAY0 + KEPT_DAYS * DAY
    table.close(kept_until)
    assert list(table.days) == [DAY0]
    table.close(kept_until + DAY)
    assert (list(table.days), len(table.open)) == ([], 1)
    # Lost much later: the day of the loss counts, the cohort's is over, and it is no longer open.
    lost = deal(created(0, "new"), said(KEPT_DAYS + 1, e.DealLost()))
    table.changed("d", opened, lost)
    assert ([(day - DAY0) / DAY for day in table.days], table.open) == ([KEPT_DAYS + 1], {})
    # Forgotten, it leaves nothing behind.
    table.changed("d", lost, None)
    assert [day.places for day in table.days.values()] == [{}]


def test_an_old_deal_that_has_ended_is_not_looked_at_when_a_partition_is_restored() -> None:
    table = FunnelDays(LIVED)
    table.close(DAY0 + (KEPT_DAYS + 10) * DAY)
    old = deal(created(0, "new"), said(1, e.DealLost()))
    still = msgspec.structs.replace(deal(created(0, "new")), segment="open")
    table.fill([("old", old), ("still", still)])
    assert isinstance(old, Deal)
    assert (table.days, [key.place.segment for key in table.open]) == ({}, ["open"])


@settings(max_examples=50, derandomize=True, deadline=None)
@given(seeds)
def test_a_restored_partition_shows_nothing_until_it_is_counted_and_then_the_same(
    seed: int,
) -> None:
    random = seeded(seed)
    went_on, events = told(random)
    cut = random.randrange(len(events) + 1)
    apply(went_on, events[:cut])
    restored = new_fold(DEALS.name)
    restored.entities.update(went_on.entities)
    restored.resume(msgspec.structs.replace(went_on.ledger))
    restored.restored()
    assert not funnel(restored).is_ready
    steps = funnel(restored).recount(restored.entities, LIVED)
    apply(restored, events[cut:])  # what comes meanwhile
    for _ in steps:
        assert not funnel(restored).is_ready
    apply(went_on, events[cut:])
    assert funnel(restored).is_ready
    assert everything(funnel(restored)) == everything(funnel(went_on))
