"""Deals: from stage to stage, won, lost, reopened, deleted, in any order. T0 is 10:00:00."""

from itertools import permutations

from schemas import events as e
from schemas.events import Fact
from streams.deal_state import Deal
from streams.deals import MAX_MOVES
from streams.fold import Fold
from tests.streams.lives import T0, apply, event, new_fold, panes, quarter, seeded

CREATED = (0.0, e.DealCreated("linh", "sales", "new", 5_000, "USD"))


def told(*pieces: tuple[float, Fact]) -> Fold:
    events = [event("d1", T0 + at, data, "crm") for at, data in pieces]
    return apply(new_fold("ringside.deals"), events)


def deal(fold: Fold) -> Deal:
    found = fold.entities["d1"]
    assert isinstance(found, Deal)
    return found


def test_a_deal_created_moved_and_won() -> None:
    fold = told(CREATED, (10, e.DealStageChanged("trial")), (20, e.DealWon(6_000, "USD")))
    # The deal counts by its pipeline, its moves by the stage they went to.
    assert quarter(fold, kind="sales", rep="linh") == {"opportunities_created": 1, "deals_won": 1}
    assert quarter(fold, kind="trial", rep="linh") == {"deal_stage_changes": 1}
    assert (deal(fold).status, deal(fold).stage, deal(fold).amount_minor) == ("won", "trial", 6_000)


def test_the_stage_it_was_created_in_is_no_move() -> None:
    assert quarter(told(CREATED)) == {"opportunities_created": 1}


def test_going_back_and_coming_again_are_moves_too() -> None:
    stages = ("trial", "new", "trial")
    fold = told(CREATED, *((at, e.DealStageChanged(to)) for at, to in enumerate(stages, 1)))
    assert quarter(fold, kind="trial") == {"deal_stage_changes": 2}
    assert quarter(fold, kind="new") == {"deal_stage_changes": 1}


def test_a_deal_reopened_is_neither_won_nor_lost() -> None:
    fold = told(CREATED, (10, e.DealLost("price")), (20, e.DealReopened("trial")))
    assert quarter(fold, kind="sales") == {"opportunities_created": 1}
    assert (deal(fold).status, deal(fold).reason, deal(fold).stage) == ("open", None, "trial")
    apply(fold, [event("d1", T0 + 30, e.DealWon())])
    assert quarter(fold, kind="sales") == {"opportunities_created": 1, "deals_won": 1}


def test_the_last_word_by_time_counts_not_the_last_to_arrive() -> None:
    fold = told(CREATED, (20, e.DealLost("price")), (10, e.DealWon(9_000, "USD")))
    assert quarter(fold) == {"opportunities_created": 1, "deals_lost": 1}
    assert (deal(fold).status, deal(fold).reason) == ("lost", "price")
    # What it was worth at 10 s is still news, since nothing later said otherwise.
    assert deal(fold).amount_minor == 9_000


def test_a_reopening_that_is_overtaken_by_a_win_still_tells_its_stage() -> None:
    fold = told(CREATED, (10, e.DealLost()), (30, e.DealWon()), (20, e.DealReopened("trial")))
    assert deal(fold).status == "won"
    assert quarter(fold, kind="trial") == {"deal_stage_changes": 1}


def test_a_deleted_deal_takes_back_everything_and_leaves_no_zeros() -> None:
    fold = told(
        CREATED, (10, e.DealStageChanged("trial")), (20, e.DealWon()), (30, e.DealDeleted())
    )
    assert panes(fold) == {}
    cells = [cells for slot in fold.tables[900].slots.values() for cells in slot.panes.values()]
    assert cells == [{}, {}]


def test_moves_before_the_creation_is_known_count_when_it_is() -> None:
    fold = told((10, e.DealStageChanged("trial")))
    assert panes(fold) == {}
    apply(fold, [event("d1", T0, CREATED[1])])
    assert quarter(fold, kind="trial", rep="linh") == {"deal_stage_changes": 1}


def test_the_latest_amount_counts() -> None:
    fold = told(
        CREATED, (20, e.DealAmountChanged(7_000, "EUR")), (10, e.DealAmountChanged(1, "USD"))
    )
    assert (deal(fold).amount_minor, deal(fold).currency) == (7_000, "EUR")


def test_a_win_without_an_amount_keeps_the_one_that_was_known() -> None:
    fold = told(CREATED, (10, e.DealWon()))
    assert (deal(fold).amount_minor, deal(fold).currency) == (5_000, "USD")


def test_what_happened_before_the_owner_changed_stays_with_the_one_before() -> None:
    fold = told(
        CREATED,
        (10, e.DealStageChanged("trial")),
        (20, e.DealOwnerChanged("minh")),
        (30, e.DealStageChanged("offer")),
        (40, e.DealWon()),
    )
    assert quarter(fold, rep="linh") == {"opportunities_created": 1, "deal_stage_changes": 1}
    assert quarter(fold, rep="minh") == {"deal_stage_changes": 1, "deals_won": 1}
    assert (deal(fold).rep, deal(fold).owner) == ("linh", "minh")
    # A change of owner that is heard of late takes with it what came after it.
    apply(fold, [event("d1", T0 + 5, e.DealOwnerChanged("an"))])
    assert quarter(fold, rep="linh") == {"opportunities_created": 1}
    assert quarter(fold, rep="an") == {"deal_stage_changes": 1}


def test_a_merged_deal_takes_back_everything_until_it_is_reopened() -> None:
    fold = told(CREATED, (10, e.DealStageChanged("trial")), (30, e.DealMerged("d7")))
    assert panes(fold) == {}
    assert (deal(fold).status, deal(fold).reason) == ("merged", "d7")
    apply(fold, [event("d1", T0 + 40, e.DealReopened())])
    assert quarter(fold) == {"opportunities_created": 1, "deal_stage_changes": 1}


def at_once(*sayings: tuple[str, Fact]) -> Deal:
    """Say all of it at 10 s, each with its sequence, in this order and in the other."""
    events = [event("d1", T0 + 10, data, "crm", sequence) for sequence, data in sayings]
    first = event("d1", T0, CREATED[1], "crm")
    one, other = (
        deal(apply(new_fold("ringside.deals"), [first, *order])) for order in (events, events[::-1])
    )
    assert one == other
    return one


def test_several_moves_in_one_second_are_ordered_by_their_sequence() -> None:
    moved = at_once(*((sequence, e.DealStageChanged(to)) for sequence, to in ("2a", "1b", "3c")))
    assert [move.stage for move in moved.moves] == ["new", "b", "a", "c"]


def test_of_two_ends_at_one_instant_the_sequence_decides_else_the_win() -> None:
    assert at_once(("1", e.DealWon()), ("2", e.DealLost("price"))).status == "lost"
    assert at_once(("", e.DealWon()), ("", e.DealLost("price"))).status == "won"


def test_changes_of_the_amount_are_those_of_what_was_said_before_in_time() -> None:
    said: list[tuple[float, Fact]] = [
        (0.0, e.DealCreated("linh", "sales", "new", 100, "USD")),
        (20.0, e.DealAmountChanged(300, "USD")),
        (10.0, e.DealAmountChanged(100, "USD")),  # the same: no change
        (30.0, e.DealWon()),  # says nothing of it
        (40.0, e.DealAmountChanged(200, "USD")),
    ]
    # Of the first amount, 100, it became 300 and 200, in whatever order that was told.
    for order in permutations(said):
        assert [at - T0 for at in deal(told(*order)).amount_changes()] == [20, 40]


def test_of_two_amounts_at_one_instant_one_is_taken_whole() -> None:
    priced = at_once(("", e.DealAmountChanged(200, "EUR")), ("", e.DealAmountChanged(100, "USD")))
    assert (priced.amount_minor, priced.currency) == (200, "EUR")


def test_an_amount_without_a_currency_has_the_last_one_that_was_said() -> None:
    in_order = told(CREATED, (10, e.DealAmountChanged(9, "KRW")), (20, e.DealWon(7, None)))
    late = told(CREATED, (20, e.DealWon(7, None)), (10, e.DealAmountChanged(9, "KRW")))
    assert deal(in_order) == deal(late)
    assert (deal(late).amount_minor, deal(late).currency) == (7, "KRW")


def test_past_the_limit_the_first_moves_and_the_last_are_kept_whatever_the_order() -> None:
    times = range(1, 2 * MAX_MOVES)
    moves = [event("d1", T0 + at, e.DealStageChanged(f"s{at}"), "crm") for at in times]
    first = event("d1", T0, CREATED[1], "crm")
    kept = [f"s{at}" for at in range(1, MAX_MOVES - 1)] + [f"s{times[-1]}"]
    for random in (seeded(1), seeded(2)):
        shuffled = random.sample(moves, len(moves))
        full = deal(apply(new_fold("ringside.deals"), [first, *shuffled, *shuffled[:9]]))
        assert [move.stage for move in full.moves] == ["new", *kept]
        assert full.is_cut
    uncut = deal(apply(new_fold("ringside.deals"), [first, *moves[: MAX_MOVES - 1]]))
    assert (len(uncut.moves), uncut.is_cut) == (MAX_MOVES, False)
