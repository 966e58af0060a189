"""Cohorts by stage and day of entry, and the ages at which their deals ended. T0 is 10:00:00."""

from collections import Counter
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agents.changelog import Entry
from agents.state import ChangelogTopics, Restorer, to_records
from schemas import events as e
from schemas.events import Event
from streams.cohorts import CohortKey
from streams.deal_state import Deal
from streams.fold import Fold
from streams.incidence import MAX_AGE_DAYS
from tests.streams.lives import T0, apply, event, new_fold

DAY = 86_400
WEEKS_SECONDS = 60.0 * DAY
TODAY = int(T0 // DAY)


def fold_of(*pieces: tuple[str, float, e.Fact]) -> Fold:
    """Told of (deal, days after T0, fact), in that order."""
    fold = new_fold("ringside.deals", WEEKS_SECONDS)
    return apply(fold, [event(deal, T0 + days * DAY, fact, "crm") for deal, days, fact in pieces])


def cohorts(fold: Fold) -> dict[tuple[int, str], dict[str, int]]:
    """By (days after T0's day, stage)."""
    assert fold.cohorts is not None
    return {
        (key.entered_day - TODAY, key.stage): cells for key, cells in fold.cohorts.panes.items()
    }


CREATED = e.DealCreated("linh", "sales", "new")


def test_deals_count_on_the_day_on_which_they_came_to_a_stage() -> None:
    fold = fold_of(
        *(("a", 0.0, CREATED), ("b", 0.0, CREATED), ("c", 1.0, CREATED)),
        *(("a", 2.0, e.DealStageChanged("trial")), ("b", 2.0, e.DealLost())),
        ("a", 5.0, e.DealWon()),
    )
    # Of two of the first day one was won after 5 days, one lost after 2; the trial took 3.
    assert cohorts(fold) == {
        (0, "new"): {"entered": 2, "won:5": 1, "lost:2": 1},
        (1, "new"): {"entered": 1},
        (2, "trial"): {"entered": 1, "won:3": 1},
    }


def test_an_age_is_the_number_of_midnights_between() -> None:
    # T0 is at 10:00: won 15 hours later is the next day, 13 hours later the same.
    fold = fold_of(
        *(("a", 0.0, CREATED), ("a", 15 / 24, e.DealWon())),
        *(("b", 0.0, CREATED), ("b", 13 / 24, e.DealWon())),
    )
    assert cohorts(fold) == {(0, "new"): {"entered": 2, "won:1": 1, "won:0": 1}}


def test_a_deal_that_comes_again_counts_from_its_first_time() -> None:
    stages = enumerate(("trial", "new", "trial"), 1)
    fold = fold_of(
        ("a", 0.0, CREATED), *(("a", float(n), e.DealStageChanged(s)) for n, s in stages)
    )
    assert cohorts(fold) == {(0, "new"): {"entered": 1}, (1, "trial"): {"entered": 1}}


def test_reopened_and_deleted_deals_take_back_what_they_counted() -> None:
    fold = fold_of(
        *(("a", 0.0, CREATED), ("a", 1.0, e.DealLost()), ("a", 2.0, e.DealReopened())),
        *(("b", 0.0, CREATED), ("b", 1.0, e.DealDeleted())),
    )
    assert cohorts(fold) == {(0, "new"): {"entered": 1}}
    apply(fold, [event("a", T0 + 3 * DAY, e.DealDeleted(), "crm")])
    assert cohorts(fold) == {}
    # Gone from the changelog, and a row without entries in PostgreSQL.
    changes = fold.take_changes()
    assert changes is not None
    key = CohortKey(TODAY, "sales", "new", "crm")
    assert changes.cohorts == {key: None}
    assert changes.snapshot.cohorts == {key: {}}


def test_what_ended_after_years_is_one_cell_for_all() -> None:
    days = float(MAX_AGE_DAYS + 100)
    fold = fold_of(("a", 0.0, CREATED), ("a", days, e.DealWon()))
    assert cohorts(fold) == {(0, "new"): {"entered": 1, f"won:{MAX_AGE_DAYS + 1}": 1}}


_FACTS = st.sampled_from(
    (
        *(CREATED, e.DealStageChanged("trial"), e.DealStageChanged("new"), e.DealStageChanged("x")),
        *(e.DealWon(), e.DealLost("price"), e.DealReopened("trial"), e.DealDeleted()),
    )
)
_EVENTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 40), _FACTS),
    max_size=40,
    unique_by=lambda one: one[:2],
)


def by_hand(fold: Fold) -> dict[tuple[int, str], dict[str, int]]:
    """Counted from the deals as they are in the end, apart from the code under test."""
    found: dict[tuple[int, str], Counter[str]] = {}
    for deal in fold.entities.values():
        assert isinstance(deal, Deal)
        if deal.created_at is None or deal.status == "deleted":
            continue
        first: dict[str, float] = {}
        for move in deal.moves:
            first[move.stage] = min(first.get(move.stage, move.at), move.at)
        for stage, at in first.items():
            cells = found.setdefault((int(at // DAY) - TODAY, stage), Counter())
            cells["entered"] += 1
            if deal.status in {"won", "lost"} and deal.status_at is not None:
                age = max(0, int(deal.status_at // DAY) - int(at // DAY))
                cells[f"{deal.status}:{age}"] += 1
    return {key: dict(cells) for key, cells in found.items()}


@given(_EVENTS, st.randoms(use_true_random=False), st.integers(0, 10))
def test_any_order_and_repetition_counts_what_the_deals_are(
    pieces: list[tuple[str, int, Any]], random: Random, repeats: int
) -> None:
    told = [(deal, day / 2, fact) for deal, day, fact in pieces]
    in_order = fold_of(*sorted(told, key=lambda one: one[1]))
    shuffled = [*told, *random.sample(told, min(repeats, len(told)))]
    random.shuffle(shuffled)
    fold = fold_of(*shuffled)
    assert cohorts(fold) == by_hand(fold) == cohorts(in_order)


@given(_EVENTS, st.integers(1, 5))
def test_a_restart_anywhere_goes_on_with_the_same_cohorts(
    pieces: list[tuple[str, int, Any]], size: int
) -> None:
    events = [
        event(deal, T0 + day / 2 * DAY, fact, "crm")
        for deal, day, fact in sorted(pieces, key=lambda one: one[1])
    ]
    whole = apply(new_fold("ringside.deals", WEEKS_SECONDS), events)
    assert cohorts(_restarted(events, size)) == cohorts(whole)


def _restarted(events: list[Event], size: int) -> Fold:
    """Fold so many, write the changelog, restore it, go on."""
    topics, entries = ChangelogTopics("x"), []
    tables = {topics.entities: "entities", topics.panes: "panes", topics.ledger: "ledger"}
    fold = new_fold("ringside.deals", WEEKS_SECONDS)
    for start in range(0, len(events), size):
        apply(fold, events[start : start + size])
        changes = fold.take_changes()
        assert changes is not None
        records = to_records([changes], topics, 0)
        entries += [Entry(tables[one.topic], one.key or b"", one.value) for one in records]
        restorer = Restorer(0, lateness_of=lambda _: WEEKS_SECONDS, epoch=1)
        restorer.add(entries)
        fold = restorer.finish()["ringside.deals"]
    return fold


def test_the_state_of_a_release_without_cohorts_is_counted_anew() -> None:
    fold = fold_of(("a", 0.0, CREATED), ("b", 0.0, CREATED), ("b", 1.0, e.DealLost()))
    topics, tables = ChangelogTopics("x"), ("entities", "ledger")
    changes = fold.take_changes()
    assert changes is not None
    older = changes._replace(cohorts={})
    names = {topics.entities: "entities", topics.ledger: "ledger", topics.panes: "panes"}
    records = to_records([older], topics, 0)
    entries = [Entry(names[one.topic], one.key or b"", one.value) for one in records]
    restorer = Restorer(0, lateness_of=lambda _: WEEKS_SECONDS, epoch=1)
    restorer.add(entry for entry in entries if entry.table in tables)
    again = restorer.finish()["ringside.deals"]
    assert cohorts(again) == cohorts(fold)
    apply(again, [event("a", T0 + 2 * DAY, e.DealWon(), "crm")])
    assert cohorts(again) == {(0, "new"): {"entered": 2, "lost:1": 1, "won:2": 1}}
