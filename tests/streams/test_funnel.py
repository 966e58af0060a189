"""What deals count in the funnel, worked by hand.

Days count from 1 September 2026; the pipeline is agreed > trial > offer.
"""

from collections import Counter

import msgspec

from schemas import events as e
from schemas.kpis import BY_NAME
from streams.deal_state import Deal
from streams.funnel import contribution
from streams.kpi import evaluate
from tests.streams.lives import apply, event, new_fold
from tests.streams.sales import DAY, DAY0, SALES, SEED, counts, created, days, deal, pipelines, said

SEED_STAGES = ("asked", "call", "trial")


def share(found: Counter[str], top: str, bottom: str) -> float | None:
    return found[top] / found[bottom] if found[bottom] else None


def seed_example() -> list[Deal]:
    """100 customers agree; 40 have a call, half of those a trial, 5 of all buy (KPIS.md, 3)."""
    deals = [deal(created(0, "asked")) for _ in range(60)]
    deals += [deal(created(0, "asked"), said(1, "call")) for _ in range(20)]
    deals += [deal(created(0, "asked"), said(1, "call"), said(2, "trial")) for _ in range(15)]
    bought = (created(0, "asked"), said(1, "call"), said(2, "trial"), said(3, e.DealWon()))
    return deals + [deal(*bought) for _ in range(5)]


def test_the_seeds_example_steps_of_40_50_and_25_percent_cumulated_40_20_and_5() -> None:
    found = counts(seed_example(), SEED)
    steps = [share(found[stage], "cohort_advanced", "cohort_entered") for stage in SEED_STAGES]
    assert steps == [0.40, 0.50, 0.25]
    assert [share(found[stage], "path_advanced", "path_entered") for stage in SEED_STAGES] == steps
    whole = found[""]
    assert [found[stage]["created_reached"] / whole["created"] for stage in SEED_STAGES] == [
        *(1.0, 0.40, 0.20),
    ]
    assert share(whole, "created_won", "created") == 0.05
    assert share(found["asked"], "cohort_won", "cohort_entered") == 0.05


def test_the_seeds_lead_conversion_of_50_in_500_is_10_percent() -> None:
    """Three conversions, three denominators: of 500 leads 200 qualified, 50 deals won, 75 lost."""
    cells = {"leads_created": 500, "leads_qualified": 200, "deals_won": 50, "deals_lost": 75}
    names = ("lead_conversion", "qualified_lead_conversion", "win_rate")
    assert [evaluate(BY_NAME[name], cells) for name in names] == [0.10, 0.25, 0.40]
    # Without leads there is no conversion of leads.
    assert evaluate(BY_NAME["lead_conversion"], {"deals_won": 1}) is None


def test_each_step_is_counted_on_the_day_of_entry_however_much_later_it_comes() -> None:
    one = deal(created(0), said(2, "trial"), said(40, "offer"))
    assert days(one, "cohort_entered") == {(0, "agreed"): 1, (2, "trial"): 1, (40, "offer"): 1}
    assert days(one, "cohort_advanced") == {(0, "agreed"): 1, (2, "trial"): 1}
    # By age: agreed after 2 days, trial after 38.
    assert days(one, "cohort_advanced@2") == {(0, "agreed"): 1}
    assert days(one, "cohort_advanced@38") == {(2, "trial"): 1}
    assert days(one, "open") == {(40, "offer"): 1}
    # What happened stands on the day on which it did: the next stage's entry, and the stay's end.
    assert days(one, "next_entries") == {(2, "agreed"): 1, (40, "trial"): 1}
    assert days(one, "stay_seconds") == {(2, "agreed"): 2 * 86_400, (40, "trial"): 38 * 86_400}


def test_a_skipped_stage_is_reached_by_any_way_and_not_by_every_stage() -> None:
    one = deal(created(0), said(1, "offer"), said(2, e.DealWon(200)))
    assert days(one, "cohort_advanced") == {(0, "agreed"): 1, (1, "offer"): 1}
    assert days(one, "skipped") == {(1, "trial"): 1}
    assert days(one, "path_entered") == {(0, "agreed"): 1}
    assert days(one, "path_advanced") == {}
    assert days(one, "path_won") == {}
    assert days(one, "created_reached") == {(0, stage): 1 for stage in ("agreed", "trial", "offer")}


def test_back_and_again_are_counted_and_the_cohort_is_that_of_the_first_time() -> None:
    one = deal(created(0), said(1, "trial"), said(3, "agreed"), said(6, "trial"), said(7, "offer"))
    assert days(one, "entries") == {
        (0, "agreed"): 1,
        (3, "agreed"): 1,
        (1, "trial"): 1,
        (6, "trial"): 1,
        (7, "offer"): 1,
    }
    assert days(one, "re_entries") == {(3, "agreed"): 1, (6, "trial"): 1}
    assert days(one, "backward") == {(3, "agreed"): 1}
    assert days(one, "cohort_entered") == {(0, "agreed"): 1, (1, "trial"): 1, (7, "offer"): 1}
    assert days(one, "cohort_advanced") == {(0, "agreed"): 1, (1, "trial"): 1}
    # agreed, (trial, agreed,) trial, offer: in order, so every stage was passed.
    assert days(one, "path_advanced") == {(0, "agreed"): 1, (1, "trial"): 1}


def test_a_loss_is_one_of_each_cohort_that_the_deal_had_not_got_beyond() -> None:
    one = deal(created(0), said(2, "trial"), said(5, e.DealLost("price")))
    assert days(one, "cohort_lost") == {(2, "trial"): 1}
    assert days(one, "cohort_lost@3") == {(2, "trial"): 1}
    assert days(one, "cohort_lost_minor") == {(2, "trial"): 100}
    assert days(one, "exits_lost") == {(5, "trial"): 1}
    assert days(one, "lost") == {(5, ""): 1}
    assert days(one, "created_lost@5") == {(0, ""): 1}
    # Lost after it went back to the first stage: out of the second, too, but not out of the first.
    back = deal(created(0), said(2, "trial"), said(4, "agreed"), said(5, e.DealLost()))
    assert days(back, "cohort_lost") == {(2, "trial"): 1}
    assert days(back, "exits_lost") == {(5, "agreed"): 1}


def test_a_win_has_a_cycle_and_a_worth_and_passes_over_what_was_left() -> None:
    one = deal(created(0), said(10, "trial"), said(52, e.DealWon(700, "USD")))
    assert days(one, "cycle_seconds") == {(52, ""): 52 * 86_400}
    assert days(one, "won_minor") == {(52, ""): 700}
    # The amount of today, also where it was another when the stage was entered.
    assert days(one, "cohort_entered_minor") == {(0, "agreed"): 700, (10, "trial"): 700}
    assert days(one, "skipped") == {(52, "offer"): 1}
    assert days(one, "next_entries") == {(10, "agreed"): 1, (52, "offer"): 1}
    # 52 days lie above 49 and at or under 56: the bucket of index 15.
    assert days(one, "cycle:15") == {(52, ""): 1}


def test_instants_belong_to_the_owner_of_that_time_and_what_is_open_to_the_owner_now() -> None:
    one = deal(created(0), said(1, "trial"), said(2, e.DealOwnerChanged("minh")), said(3, "offer"))
    found: dict[str, Counter[str]] = {}
    made = contribution(one, SALES)
    for part in (made.days, made.open):
        for key, cells in part.items():
            found.setdefault(key.place.rep, Counter()).update(cells)
    assert (found["linh"]["cohort_entered"], found["linh"]["cohort_advanced"]) == (2, 2)
    assert (found["minh"]["cohort_entered"], found["minh"]["owner_changes"]) == (1, 1)
    assert (found["linh"]["open"], found["minh"]["open"]) == (0, 1)


def test_what_is_gone_counts_nothing_but_that() -> None:
    merged = deal(created(0), said(1, "trial"), said(4, e.DealMerged("d2")))
    assert counts([merged]) == {"": Counter(merged=1)}
    assert days(merged, "merged") == {(4, ""): 1}
    assert counts([deal(created(0), said(2, e.DealDeleted()))]) == {"": Counter(deleted=1)}
    assert counts([deal(said(1, "trial"))]) == {}


def test_changes_of_the_end_are_counted_and_the_last_one_holds() -> None:
    one = deal(created(0), said(3, e.DealLost()), said(5, e.DealReopened()), said(8, e.DealWon()))
    found = counts([one])[""]
    assert (found["won"], found["lost"], found["reopened"]) == (1, 0, 1)


def test_what_a_crm_does_to_deals_is_counted_on_its_day() -> None:
    one = deal(
        *(created(0), said(1, "trial"), said(1, "offer"), said(2, "Trial phase")),
        *(said(2.5, "trial"), said(3, e.DealOwnerChanged("minh"))),
        *(said(3, e.DealAmountChanged(300, "USD")), said(4, e.DealAmountChanged(300, "USD"))),
    )
    found = counts([one])[""]
    # Two moves at one instant; one to where it is by another name; a new owner, a new amount.
    names = ("simultaneous", "repeated", "owner_changes", "amount_changes")
    assert [found[name] for name in names] == [1, 1, 1, 1]
    # No move said where the deal came from: these four, of which one was none.
    assert found["without_old_stage"] == 4
    assert days(one, "amount_changes") == {(3, ""): 1}


def test_a_deal_moved_to_another_pipeline_counts_there_from_its_creation_on() -> None:
    two = pipelines(
        {"id": "sales", "stages": [{"id": "agreed"}, {"id": "trial"}]},
        {"id": "renewals", "stages": [{"id": "agreed"}, {"id": "trial"}]},
    )
    first = said(0, e.DealCreated("linh", "sales", "agreed", 100, "USD"))
    again = said(0, e.DealCreated("linh", "renewals", "agreed", 100, "USD"))
    corrects = msgspec.structs.replace(again, id="again", causation_id=first.id)
    fold = apply(new_fold("ringside.deals", 10 * DAY), [first, said(1, "trial"), corrects])
    (moved,) = fold.entities.values()
    assert isinstance(moved, Deal)
    found = contribution(moved, two)
    assert {key.place.pipeline for key in (*found.days, *found.open)} == {"renewals"}
    assert counts([moved], two)["agreed"]["cohort_advanced"] == 1


def test_a_bulk_edit_is_a_move_of_each_deal() -> None:
    """A thousand deals, moved by one click: one instant, no old stage, the same sequence."""
    fold = new_fold("ringside.deals")
    assert fold.funnel is not None
    fold.funnel.pipelines = SALES
    names = [f"d{number}" for number in range(1000)]
    made = e.DealCreated("linh", "sales", "agreed", 100, "USD")
    apply(fold, [event(name, DAY0, made, "crm") for name in names])
    moved = [event(name, DAY0 + 60, e.DealStageChanged("trial"), "crm", "7") for name in names]
    apply(fold, [*moved, *moved])
    assert (fold.ledger.applied, fold.ledger.duplicate) == (2000, 1000)
    (day,) = fold.funnel.days.values()
    cells = {place.stage: cells for place, cells in day.places.items()}
    assert (cells["agreed"]["cohort_advanced"], cells["trial"]["cohort_entered"]) == (1000, 1000)


def test_currencies_are_kept_apart() -> None:
    dollars = deal(created(0))
    won = deal(created(0), said(1, e.DealAmountChanged(9_000, "KRW")))
    worth = {
        key.place.currency: cells["created_minor"]
        for one in (dollars, won)
        for key, cells in contribution(one, SALES).days.items()
        if "created_minor" in cells
    }
    assert worth == {"USD": 100, "KRW": 9_000}
