"""Outbound calls, each counted by hand. T0 is 10:00:00; numbers are seconds after it."""

from datetime import UTC, datetime

import pytest

from schemas import events as e
from schemas.events import Fact
from schemas.kpis import BY_NAME
from streams.kpi import evaluate
from tests.streams.lives import T0, apply, event, new_fold, quarter

DIALLED = (0.0, e.CallDialled("dialler", "campaign"))


def counted(*pieces: tuple[float, Fact]) -> dict[str, float]:
    fold = apply(new_fold("ringside.calls"), [event("c1", T0 + at, data) for at, data in pieces])
    return quarter(fold)


def test_a_rep_who_joins_within_two_seconds_of_the_answer_abandons_nobody() -> None:
    # Rings out 15 s, the rep joins exactly 2 s later, talks 60 s with 10 s on hold, works 5 s.
    cells = counted(
        DIALLED,
        (15, e.CallConnected()),
        (17, e.CallAnswered("linh")),
        (30, e.CallHeld()),
        (40, e.CallResumed()),
        (77, e.CallEnded()),
        (82, e.CallWrapupEnded()),
    )
    assert cells == {
        "calls_dialled": 1,
        "calls_connected": 1,
        "outbound_handled": 1,
        "outbound_dialling_seconds": 15,
        "outbound_talk_seconds": 50,
        "outbound_hold_seconds": 10,
        "outbound_wrapup_seconds": 5,
        # The bounds are 1, 2, 3, 5, 8, 10, 15, 20, 25, 30, 40, 45, 60, 90: 50 s of talk are the
        # thirteenth bucket, 80 s in all the fourteenth; before the wrap-up 75 s were that, too.
        "dialled_talk:12": 1,
        "dialled_handle:13": 1,
    }
    # 15 + 50 + 10 + 5
    assert evaluate(BY_NAME["outbound_average_handle_time_seconds"], cells) == 80
    assert evaluate(BY_NAME["average_dialling_time_seconds"], cells) == 15


@pytest.mark.parametrize(
    ("later", "abandoned"),
    [
        ([(17.5, e.CallAnswered("linh"))], 1),  # the rep came, but late
        ([(40, e.CallAbandoned())], 1),  # nobody came, the customer stayed longer than 2 s
        ([(16.5, e.CallAbandoned())], 0),  # the customer was gone after 1.5 s
        ([], 0),  # nobody can say yet
    ],
)
def test_a_customer_is_abandoned_without_a_rep_within_two_seconds(
    later: list[tuple[float, Fact]], abandoned: int
) -> None:
    cells = counted(DIALLED, (15, e.CallConnected()), *later)
    assert cells["calls_connected"] == 1
    assert cells.get("outbound_abandoned", 0) == abandoned
    assert evaluate(BY_NAME["outbound_abandonment"], cells) == abandoned


def test_connected_and_not_connected_is_dialled() -> None:
    fold = new_fold("ringside.calls")
    for call, end in {"a": e.CallConnected(), "b": e.CallAbandoned(), "c": e.CallEnded()}.items():
        apply(fold, [event(call, T0, DIALLED[1]), event(call, T0 + 30, end)])
    cells = quarter(fold)
    assert (cells["calls_connected"], cells["calls_not_connected"]) == (1, 2)
    assert evaluate(BY_NAME["connect_rate"], cells) == 1 / 3
    assert evaluate(BY_NAME["average_dialling_time_seconds"], cells) == (30 + 30) / 2


def test_a_record_of_an_outbound_call_waits_while_it_rings_out() -> None:
    whole = e.CallCompleted(
        datetime.fromtimestamp(T0, UTC),
        "answered",
        direction="outbound",
        rep="linh",
        wait_seconds=12,
        talk_seconds=30,
        wrapup_seconds=8,
    )
    cells = counted((42, whole))
    assert cells == {
        "calls_dialled": 1,
        "calls_told_by_record": 1,
        "calls_connected": 1,
        "outbound_handled": 1,
        "outbound_dialling_seconds": 12,
        "outbound_talk_seconds": 30,
        "outbound_wrapup_seconds": 8,
        "dialled_talk:9": 1,
        "dialled_handle:12": 1,
    }


def test_after_call_work_of_an_outbound_call_moves_it_to_the_bucket_of_all_of_it() -> None:
    # 15 s of dialling, 40 of talk: 55 s, the bucket up to 60. With 10 s of wrap-up up to 90.
    cells = counted(
        DIALLED, (15, e.CallAnswered("linh")), (55, e.CallEnded()), (65, e.CallWrapupEnded())
    )
    handles = {cell: count for cell, count in cells.items() if cell.startswith("dialled_handle:")}
    assert handles == {"dialled_handle:13": 1}
    # In a bucket from 60 to 90 with one call in it, half lies in the middle.
    assert evaluate(BY_NAME["dialled_handle_p50_seconds"], cells) == 75
