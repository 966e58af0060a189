"""A deal's way: what was said of it, in whatever order, as stays in stages and an end."""

from itertools import permutations

import pytest

from schemas import events as e
from schemas.events import Event, Fact
from streams.journeys import Journey, journey
from streams.pipelines import EMPTY, PipelineIndex
from tests.streams.sales import DAY, DAY0, SALES, created, deal, pipelines, said


def way(*sayings: Event, by: PipelineIndex = SALES) -> Journey:
    return journey(deal(*sayings), by)


def stays(of: Journey) -> list[tuple[str, float, float | None]]:
    """Each stay: the stage, and from which day to which."""
    return [
        (
            visit.stage,
            (visit.entered_at - DAY0) / DAY,
            None if visit.left_at is None else (visit.left_at - DAY0) / DAY,
        )
        for visit in of.visits
    ]


def day(at: float | None) -> float | None:
    return None if at is None else (at - DAY0) / DAY


def test_from_stage_to_stage_and_won() -> None:
    found = way(created(0), said(2, "trial"), said(5, "offer"), said(9, e.DealWon()))
    assert stays(found) == [("agreed", 0, 2), ("trial", 2, 5), ("offer", 5, 9)]
    assert (found.status, day(found.ended_at), found.now) == ("won", 9, None)


def test_an_open_deal_is_still_in_its_last_stage() -> None:
    found = way(created(0), said(2, "trial"))
    assert found.now == found.visits[-1]
    assert stays(found)[-1] == ("trial", 2, None)


def test_a_move_to_where_it_is_already_is_none_also_under_another_name() -> None:
    found = way(created(0), said(2, "trial"), said(3, "Trial phase"), said(4, "trial"))
    assert stays(found) == [("agreed", 0, 2), ("trial", 2, None)]
    assert [day(at) for at in found.repeated] == [3, 4]


def test_a_stage_that_stands_for_an_end_is_that_end() -> None:
    found = way(created(0), said(3, "Closed won"), said(3, e.DealWon()))
    assert (found.status, day(found.ended_at), stays(found)) == ("won", 3, [("agreed", 0, 3)])
    lost = way(created(0), said(3, "Closed lost"), said(4, e.DealLost("price")))
    assert (lost.status, day(lost.ended_at), lost.reason) == ("lost", 3, "price")


def test_the_last_word_counts() -> None:
    found = way(created(0), said(3, e.DealLost("price")), said(5, "offer"), said(8, e.DealWon()))
    assert stays(found) == [("agreed", 0, 3), ("offer", 5, 8)]
    assert (found.status, found.reason, [day(at) for at in found.reopened]) == ("won", None, [5])


def test_reopened_without_a_stage_it_goes_on_where_it_stopped_with_one_there() -> None:
    ended = (created(0), said(2, "trial"), said(4, e.DealLost()))
    resumed = way(*ended, said(7, e.DealReopened()))
    assert stays(resumed) == [("agreed", 0, 2), ("trial", 2, 4), ("trial", 7, None)]
    elsewhere = way(*ended, said(7, e.DealReopened("agreed")))
    assert stays(elsewhere) == [("agreed", 0, 2), ("trial", 2, 4), ("agreed", 7, None)]
    same = way(*ended, said(7, e.DealReopened("trial")))
    assert stays(same) == stays(resumed)
    assert same.repeated == ()


def test_several_moves_at_one_instant_go_forward_unless_a_sequence_says_otherwise() -> None:
    at_once = [said(3, "offer"), said(3, "trial"), said(3, e.DealWon())]
    for order in permutations(at_once):
        found = way(created(0), *order)
        assert [stage for stage, *_ in stays(found)] == ["agreed", "trial", "offer"]
        assert found.status == "won"
    back = [said(3, "offer", "00001"), said(3, "trial", "00002")]
    for order in permutations(back):
        assert [stage for stage, *_ in stays(way(created(0), *order))] == [
            *("agreed", "offer", "trial"),
        ]


def test_unknown_stages_are_stays_of_their_own() -> None:
    found = way(created(0), said(2, "nonsense"), said(4, "rubbish"), said(5, "trial"))
    assert stays(found)[1:3] == [("unknown", 2, 4), ("unknown", 4, 5)]
    assert {stage for stage, *_ in stays(way(created(0), by=EMPTY))} == {"unknown"}


@pytest.mark.parametrize("gone", [e.DealDeleted(), e.DealMerged("d2")])
def test_a_deal_that_comes_back_from_being_gone_is_reopened(gone: Fact) -> None:
    found = way(created(0), said(2, gone), said(3, e.DealReopened()))
    assert stays(found) == [("agreed", 0, 2), ("agreed", 3, None)]


def test_each_move_is_read_with_the_names_of_its_time() -> None:
    told = {"id": "sales", "stages": [{"id": "agreed", "names": ["First"]}, {"id": "trial"}]}
    later = {
        "id": "sales",
        "from": "2026-09-04",
        "stages": [{"id": "agreed"}, {"id": "trial", "names": ["First"]}],
    }
    found = way(created(0, "First"), said(3, "First"), by=pipelines(told, later))
    assert stays(found) == [("agreed", 0, 3), ("trial", 3, None)]
