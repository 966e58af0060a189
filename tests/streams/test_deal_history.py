"""A deal imported whole is the deal that was told event by event. T0 is 10:00:00."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import events as e
from streams.deals import Deal, step
from streams.fold import Fold
from tests.streams.lives import T0, apply, event, new_fold, quarter
from tests.streams.sales import SALES

DAY = 86_400.0


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(T0 + seconds, UTC)


def history(**changes: object) -> e.DealImported:
    """Created 100 days ago, in trial for 60, won 20 days ago; exported an hour ago."""
    known: dict[str, object] = {
        "as_of": at(-3600),
        "created_at": at(-100 * DAY),
        "rep": "linh",
        "pipeline": "sales",
        "stage": "new",
        "moves": (e.StageEntry(at(-80 * DAY), "trial"),),
        "outcome": "won",
        "ended_at": at(-20 * DAY),
        "amount_minor": 5_000,
        "currency": "USD",
    }
    return e.DealImported(**(known | changes))  # type: ignore[arg-type]


def deal(*facts: tuple[float, e.DealImported | e.Fact]) -> Deal:
    fold = apply(
        new_fold("ringside.deals"), [event("d1", T0 + s, fact, "crm") for s, fact in facts]
    )
    found = fold.entities["d1"]
    assert isinstance(found, Deal)
    return found


def test_old_events_in_one_event_of_now_are_not_late() -> None:
    fold: Fold = new_fold("ringside.deals")
    apply(fold, [event("other", T0, e.DealCreated("linh", "sales", "new"), "crm")])
    apply(fold, [event("d1", T0, history(), "crm")])
    assert (fold.ledger.late, fold.ledger.applied) == (0, 2)
    found = fold.entities["d1"]
    assert isinstance(found, Deal)
    assert (found.created_at, found.stage) == (T0 - 100 * DAY, "trial")
    assert (found.status, found.status_at) == ("won", T0 - 20 * DAY)
    assert (found.amount_minor, found.currency) == (5_000, "USD")


def test_it_is_the_same_deal_as_told_event_by_event() -> None:
    whole, _ = step(None, event("d1", T0, history(), "crm"))
    single: Deal | None = None
    for seconds, fact in (
        (-100 * DAY, e.DealCreated("linh", "sales", "new")),
        (-80 * DAY, e.DealStageChanged("trial")),
        (-20 * DAY, e.DealWon(5_000, "USD")),
    ):
        single, _ = step(single, event("d1", T0 + seconds, fact, "crm"))
    assert single is not None
    for name in ("created_at", "rep", "pipeline", "stage", "status", "status_at", "amount_minor"):
        assert getattr(whole, name) == getattr(single, name), name


def test_moves_of_one_instant_keep_their_order() -> None:
    # A CRM with dates only: through three stages on one day, not in the order of the alphabet.
    stages = ("zero", "alpha", "mid")
    moves = tuple(e.StageEntry(at(-80 * DAY), stage) for stage in stages)
    found = deal((0.0, history(moves=moves, created_at=at(-80 * DAY))))
    assert [move.stage for move in found.moves] == ["new", *stages]


def test_importing_again_changes_nothing() -> None:
    fold = apply(new_fold("ringside.deals"), [event("d1", T0, history(), "crm")])
    apply(fold, [event("d1", T0 + 600, history(), "crm")])
    assert (fold.ledger.applied, fold.ledger.duplicate) == (1, 1)


def test_importing_again_after_it_was_forgotten_counts_once() -> None:
    fold: Fold = new_fold("ringside.deals")
    assert fold.funnel is not None
    fold.funnel.pipelines = SALES
    apply(fold, [event("d1", T0, history(), "crm")])
    before = contribution_of(fold)
    # A year and a day later, of which Postgres has everything, it is let go of ...
    later = T0 + 367 * DAY
    apply(fold, [event("d2", later, e.DealCreated("linh", "sales", "new"), "crm")])
    fold.close()
    fold.release(fold.ledger.next_offset)
    assert list(fold.entities) == ["d2"]
    # ... and imported again: no quarter of an hour takes it in a second time, nor does the funnel.
    apply(fold, [event("d1", later, history(), "crm")])
    assert contribution_of(fold) == before == Counter(opportunities_created=0, deals_won=0)
    won = [cells for day in fold.funnel.days.values() for cells in day.places.values()]
    assert sum(cells.get("won", 0) for cells in won) == 0
    # That old facts find no open quarter is what an import means, and no loss to be told of.
    assert fold.ledger.closed_facts == 0


def contribution_of(fold: Fold) -> Counter[str]:
    """What the quarters of an hour hold of deals, of those long past."""
    found = Counter[str](opportunities_created=0, deals_won=0)
    for start, quarter_of_hour in fold.grains.quarters.slots.items():
        if start < T0:
            for cells in quarter_of_hour.panes.values():
                found.update({name: int(cells.get(name, 0)) for name in found})
    return found


def test_what_happened_after_the_export_stays() -> None:
    # Exported an hour before T0 as open and worth 5,000; since then dearer, moved and lost.
    exported = history(outcome=None, ended_at=None)
    later = (
        (-1800.0, e.DealAmountChanged(9_000, "USD")),
        (-1200.0, e.DealStageChanged("contract")),
        (-600.0, e.DealLost("price")),
    )
    for facts in ([*later, (0.0, exported)], [(-1900.0, exported), *later]):
        found = deal(*facts)
        assert (found.amount_minor, found.stage) == (9_000, "contract")
        assert (found.status, found.reason) == ("lost", "price")


def test_a_deal_imported_by_mistake_can_be_deleted() -> None:
    fold = apply(
        new_fold("ringside.deals"),
        [
            event(
                "d1",
                T0,
                history(created_at=at(-60), moves=(), outcome=None, ended_at=None, as_of=at(0)),
                "crm",
            )
        ],
    )
    assert quarter(fold)["opportunities_created"] == 1
    apply(fold, [event("d1", T0 + 1, e.DealDeleted(), "crm")])
    assert quarter(fold) == {}


_LATER = st.lists(
    st.tuples(
        st.floats(-3000, -1),
        st.sampled_from(
            (e.DealStageChanged("contract"), e.DealWon(1, "USD"), e.DealLost("x"), e.DealReopened())
        ),
    ),
    max_size=4,
    unique_by=lambda pair: pair[0],
)


@given(_LATER, st.integers(0, 4))
def test_it_does_not_matter_when_the_import_comes(
    later: list[tuple[float, e.Fact]], position: int
) -> None:
    def whole(place: int) -> Deal:
        state: Deal | None = None
        told = [event("d1", T0 + seconds, fact, "crm") for seconds, fact in later]
        told.insert(place, event("d1", T0, history(), "crm"))
        for one in told:
            state, _ = step(state, one)
        assert state is not None
        return state

    assert whole(min(position, len(later))) == whole(len(later))


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_an_ended_deal_is_worth_what_it_ended_at(outcome: str) -> None:
    found = deal((-10.0, history(outcome=outcome)), (0.0, e.DealAmountChanged(7_000, "USD")))
    assert found.amount_minor == 7_000
    # A change that the log tells of, from before the end, is older than what the export says.
    found = deal(
        (-10.0, history(outcome=outcome, ended_at=at(-60), as_of=at(-30))),
        (-600.0, e.DealAmountChanged(7_000, "USD")),
    )
    assert found.amount_minor == 5_000
