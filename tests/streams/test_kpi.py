"""KPIs from cells, beside the figures of docs/KPIS.md."""

from typing import Any

import pytest

from schemas import measures as m
from schemas.kpis import BY_NAME, KPIS
from streams.kpi import evaluate, quantile
from streams.panes import Cells

BANK_WEEK: dict[int, Cells] = {
    20: {
        "calls_answered": 7917,
        "calls_abandoned": 3043,
        "answered_wait_within_target": 2441,
        "abandoned_wait_within_target": 823,
        "abandoned_wait_within_short_abandon": 87,
    },
    60: {
        "calls_answered": 7917,
        "calls_abandoned": 3043,
        "answered_wait_within_target": 3631,
        "abandoned_wait_within_target": 1698,
        "abandoned_wait_within_short_abandon": 87,
    },
}


@pytest.mark.parametrize(
    ("rule", "percent_20", "percent_60"),
    [
        ("answered_of_answered", 30.83, 45.86),
        ("handled_of_offered", 29.78, 48.62),
        ("answered_of_offered", 22.27, 33.13),
        ("answered_less_short", 22.45, 33.39),
        ("answered_less_early", 24.08, 39.20),
    ],
)
def test_service_level_by_every_rule(rule: str, percent_20: float, percent_60: float) -> None:
    kpi = BY_NAME[f"service_level_{rule}"]
    for target, percent in ((20, percent_20), (60, percent_60)):
        value = evaluate(kpi, BANK_WEEK[target])
        assert value is not None
        assert round(100 * value, 2) == percent


def test_abandonment_and_speed_of_answer_of_the_same_week() -> None:
    cells: Cells = BANK_WEEK[20] | {"call_wait_seconds": 942_945}
    abandonment = evaluate(BY_NAME["abandonment"], cells)
    answer_seconds = evaluate(BY_NAME["average_speed_of_answer_seconds"], cells)
    assert abandonment is not None
    assert answer_seconds is not None
    assert round(100 * abandonment, 4) == 27.7646
    assert round(answer_seconds, 6) == 119.103827


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.name)
def test_of_nothing_nothing_is_known(kpi: Any) -> None:  # noqa: ANN401
    assert evaluate(kpi, {}) is None
    assert evaluate(kpi, {"something_else": 5}) is None


def test_zero_of_some_is_zero() -> None:
    assert evaluate(BY_NAME["abandonment"], {"calls_answered": 4}) == 0
    assert evaluate(BY_NAME["win_rate"], {"deals_lost": 1}) == 0


def test_a_denominator_that_is_all_left_out_defines_nothing() -> None:
    # Two calls, both given up within the target.
    cells: Cells = {"calls_abandoned": 2, "abandoned_wait_within_target": 2}
    assert evaluate(BY_NAME["service_level_answered_less_early"], cells) is None
    assert evaluate(BY_NAME["service_level_answered_of_offered"], cells) == 0


@pytest.mark.parametrize(
    ("name", "cells", "value"),
    [
        # talk, hold and after-call work: 800 s for four calls
        (
            "average_handle_time_seconds",
            {
                "call_talk_seconds": 600,
                "call_hold_seconds": 60,
                "call_wrapup_seconds": 140,
                "calls_handled": 4,
            },
            200,
        ),
        # (1800 + 600) / (1800 + 600 + 600); pauses and ringing are not in it
        (
            "occupancy",
            {
                "rep_on_call_seconds": 1800,
                "rep_wrapup_seconds": 600,
                "rep_available_seconds": 600,
                "rep_paused_seconds": 900,
                "rep_ringing_seconds": 100,
            },
            0.8,
        ),
        # 2400 of 4000 signed in
        (
            "utilisation",
            {
                "rep_on_call_seconds": 1800,
                "rep_wrapup_seconds": 600,
                "rep_available_seconds": 600,
                "rep_paused_seconds": 900,
                "rep_ringing_seconds": 100,
            },
            0.6,
        ),
        ("connect_rate", {"calls_dialled": 8, "calls_connected": 2}, 0.25),
        # cancelled ones are neither held nor missed
        (
            "meeting_no_show_rate",
            {"meetings_held": 3, "meetings_no_show": 1, "meetings_cancelled": 9},
            0.25,
        ),
        ("win_rate", {"deals_won": 3, "deals_lost": 1}, 0.75),
        ("calls_offered", {"calls_offered": 5}, 5),
    ],
)
def test_other_ratios_and_totals(name: str, cells: Cells, value: float) -> None:
    assert evaluate(BY_NAME[name], cells) == pytest.approx(value, abs=1e-12)


def waits(*seconds: float) -> dict[str, float]:
    cells: dict[str, float] = {}
    for one in seconds:
        cell = m.ANSWERED_WAIT.cells[m.ANSWERED_WAIT.bucket(one)]
        cells[cell] = cells.get(cell, 0) + 1
    return cells


@pytest.mark.parametrize(
    ("seconds", "q", "value"),
    [
        # All four in (15, 20]: the median is half-way in.
        ((16, 17, 18, 19), 0.5, 17.5),
        # Two in (0, 1], two in (8, 10]: the second of four is at the end of the first bucket.
        ((0.5, 0.5, 9, 9), 0.5, 1),
        # Rank 3.6 of 4: 1.6 of 2 into (8, 10].
        ((0.5, 0.5, 9, 9), 0.9, 9.6),
        # Above the last bound nothing is known but that.
        ((4000, 5000), 0.5, 3600),
        ((16, 5000, 5000), 0.9, 3600),
        # Rank 0.9 of 1 in (3600 is the last) (1800, 3600].
        ((2000,), 0.9, 3420),
    ],
)
def test_quantiles_are_interpolated_within_their_bucket(
    seconds: tuple[float, ...], q: float, value: float
) -> None:
    assert quantile(m.ANSWERED_WAIT, q, waits(*seconds)) == pytest.approx(value, abs=1e-9)


def test_a_quantile_kpi_reads_its_own_histogram() -> None:
    cells = waits(16, 17, 18, 19)
    assert evaluate(BY_NAME["answered_wait_p50_seconds"], cells) == 17.5
    assert evaluate(BY_NAME["talk_p90_seconds"], cells) is None
