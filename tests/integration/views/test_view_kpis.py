"""The KPIs of the SQL views over a real PostgreSQL, worked out by hand, not by the generator."""

from __future__ import annotations

import random
from datetime import datetime

import pytest

from dashboards import sql
from dashboards.view import UNKNOWN_QUEUE_LIMITS
from dashboards.views import views
from schemas.kpis import BY_NAME, KPIS, Unit
from schemas.measures import ANSWERED_WAIT
from schemas.roster import default_limits
from streams.kpi import quantile
from tests.integration.postgres_support import Users, read
from tests.integration.view_floor import Floor, cumulative

SERVICE_LEVELS = """
    SELECT service_level_answered_of_answered, service_level_handled_of_offered,
        service_level_answered_of_offered, service_level_answered_less_short,
        service_level_answered_less_early, abandonment, average_speed_of_answer_seconds
    FROM ringside.kpi_queue_day
"""


async def the_banks_week(floor: Floor) -> None:
    """A = 7917, b = 3043; within 5, 20 and 60 s: -, 2441, 3631 and 87, 823, 1698."""
    await floor.pane(
        partition=0, queue="bank", rep="avi", direction="inbound",
        calls_answered=4000, call_wait_seconds=900_000.0,
        answered_wait=cumulative(4000, {20: 2000, 60: 3000}),
    )  # fmt: skip
    await floor.pane(
        partition=1, queue="bank", rep="dana", direction="inbound",
        calls_answered=3917, call_wait_seconds=42_945.0,
        answered_wait=cumulative(3917, {20: 441, 60: 631}),
    )  # fmt: skip
    await floor.pane(
        partition=1, queue="bank", direction="inbound",
        calls_abandoned=3043,
        abandoned_wait=cumulative(3043, {5: 87, 20: 823, 60: 1698}),
    )  # fmt: skip


async def test_the_banks_week_has_its_five_service_levels_at_20_seconds(floor: Floor) -> None:
    await the_banks_week(floor)
    await floor.entry("queue", "bank", "hq", 20.0, 5.0)
    shares = await floor.one(SERVICE_LEVELS)
    assert [round(100 * share, 2) for share in shares[:5]] == [30.83, 29.78, 22.27, 22.45, 24.08]
    assert round(100 * shares[5], 4) == 27.7646
    assert round(shares[6], 6) == 119.103827


async def test_another_target_in_the_roster_applies_to_the_past(floor: Floor) -> None:
    await the_banks_week(floor)
    await floor.entry("queue", "bank", "hq", 60.0, 5.0)
    shares = await floor.one(SERVICE_LEVELS)
    assert [round(100 * share, 2) for share in shares[:5]] == [45.86, 48.62, 33.13, 33.39, 39.20]


async def test_a_queue_that_is_not_in_the_roster_has_the_usual_limits_and_an_unknown_site(
    floor: Floor,
) -> None:
    await the_banks_week(floor)
    assert default_limits() == UNKNOWN_QUEUE_LIMITS
    shares = await floor.one(SERVICE_LEVELS)
    assert round(100 * shares[3], 2) == 22.45  # 20 s and 5 s
    assert await floor.one("SELECT site, zone, queue FROM ringside.kpi_queue_day") == (
        *("unknown", "UTC", "bank"),
    )


async def test_a_ratio_without_a_denominator_is_null_and_a_count_of_nothing_is_0(
    floor: Floor,
) -> None:
    await floor.pane(queue="q", calls_transferred_blind=3)
    ratios = [kpi.name for kpi in KPIS if kpi.unit is Unit.RATIO or kpi.name.endswith("_seconds")]
    found = await floor.one(f"SELECT {', '.join(ratios)} FROM ringside.kpi_queue_day")  # noqa: S608
    assert found == (None,) * len(ratios)
    counts = "SELECT calls_transferred_blind, calls_answered FROM ringside.kpi_queue_day"
    assert await floor.one(counts) == (3, 0)


async def test_abandonment_is_of_calls_that_flowed_out_too(floor: Floor) -> None:
    # 6 answered, 3 gave up, 1 flowed out: 3 of 10 gave up. No service level has the one in it.
    await floor.pane(queue="q", rep="r", calls_answered=6)
    await floor.pane(queue="q", calls_abandoned=3, calls_flowed_out=1)
    query = "SELECT abandonment, service_level_answered_of_offered FROM ringside.kpi_queue_day"
    assert await floor.one(query) == (3 / 10, 0.0)


async def test_abandonment_is_not_told_of_a_rep_and_occupancy_not_of_a_queue(floor: Floor) -> None:
    await floor.pane(queue="q", rep="r", calls_answered=4, rep_on_call_seconds=60.0)
    of_rep = "SELECT abandonment, calls_answered, occupancy FROM ringside.kpi_rep_day"
    assert await floor.one(of_rep) == (None, 4, 1.0)
    of_queue = "SELECT abandonment, calls_answered, occupancy FROM ringside.kpi_queue_day"
    assert await floor.one(of_queue) == (0.0, 4, None)


async def test_percentiles_are_of_the_merged_histogram(floor: Floor) -> None:
    # 60 and 40 calls: 50 within 10 s, all within 15 s. The 90th is 40 of 50 into (10, 15].
    await floor.pane(
        partition=0, queue="q", rep="a", answered_wait=cumulative(60, {10: 50, 15: 60})
    )
    await floor.pane(partition=1, queue="q", rep="b", answered_wait=cumulative(40, {15: 40}))
    await floor.pane(partition=2, queue="q", rep="c", calls_answered=0)  # no histogram
    query = """SELECT answered_wait_p50_seconds, answered_wait_p90_seconds, talk_p90_seconds
               FROM ringside.kpi_queue_day"""
    assert await floor.one(query) == (10.0, 14.0, None)


async def test_a_percentile_above_the_last_bound_is_the_last_bound(floor: Floor) -> None:
    await floor.pane(queue="q", rep="a", talk=cumulative(10, {3600: 8}))
    assert await floor.one("SELECT talk_p90_seconds FROM ringside.kpi_queue_day") == (3600.0,)


async def test_sql_and_the_core_interpolate_alike(floor: Floor) -> None:
    seeded = random.Random(7)  # noqa: S311 - data for a test
    for _ in range(200):
        buckets = [seeded.choice((0, 0, 1, 5, 100)) for _ in ANSWERED_WAIT.cells]
        counts = [sum(buckets[: i + 1]) for i in range(len(buckets))]
        q = seeded.choice((0.01, 0.5, 0.9, 0.99))
        found = await floor.connection.fetchval(
            f"SELECT ringside.quantile($1, {sql.BOUNDS}, $2)", counts, q
        )  # fmt: skip
        expected = quantile(ANSWERED_WAIT, q, dict(zip(ANSWERED_WAIT.cells, buckets, strict=True)))
        assert found == (None if expected is None else pytest.approx(expected)), (buckets, q)


@pytest.mark.parametrize(("limit", "expected"), [(20.0, 7), (0.5, 0), (1.0, 2), (3600.0, 9)])
async def test_what_is_at_a_limit_is_within_it(floor: Floor, limit: float, expected: int) -> None:
    counts = cumulative(11, {1: 2, 20: 7, 25: 9})
    query = f"SELECT ringside.count_within($1, {sql.BOUNDS}, $2)"
    assert await floor.connection.fetchval(query, counts, limit) == expected


async def test_nothing_is_within_a_limit_where_there_is_no_histogram(floor: Floor) -> None:
    query = f"SELECT ringside.count_within(NULL, {sql.BOUNDS}, 20)"
    assert await floor.connection.fetchval(query) == 0


async def test_every_view_of_kpis_has_every_kpi_in_the_same_type(users: Users) -> None:
    columns = await read(
        users.admin_url,
        """SELECT table_name::text, column_name::text, data_type::text
           FROM information_schema.columns
           WHERE table_schema = 'ringside' AND table_name ~ '^kpi_(queue|team|rep)_'""",
    )
    types = {Unit.COUNT: "bigint"}
    for name in (view.name for view in views() if view.name.count("_") == 2):
        if not name.startswith("kpi_"):
            continue
        found = {column: type_ for table, column, type_ in columns if table == name}
        for kpi in KPIS:
            assert found[kpi.name] == types.get(kpi.unit, "double precision"), (name, kpi.name)


def test_the_formula_of_the_catalogue_is_the_formula_in_sql() -> None:
    assert sql.value(BY_NAME["win_rate"]) == (
        "CASE WHEN sum(deals_won) + sum(deals_lost) > 0 "
        "THEN (sum(deals_won))::double precision / (sum(deals_won) + sum(deals_lost)) END"
    )


async def test_calls_that_wait_within_the_target_are_counted_at_the_moment_of_reading(
    floor: Floor,
) -> None:
    # In the queue for 0, 10 and 30 s with a target of 20 s; the fourth was answered meanwhile.
    await floor.entry("queue", "loans", "hanoi", 20.0, 5.0)
    of = {"queue": "loans", "direction": "inbound", "source": "pbx"}
    starts = set()
    for name, seconds, outcome in (
        *(("a", 0, None), ("b", 10, None), ("c", 30, None)),
        ("d", 0, "answered"),
    ):
        (start,) = await floor.one(
            f"SELECT date_bin('15 min', now() - interval '{seconds} s', 'epoch')"
        )
        starts.add(start)
        await floor.connection.execute(
            """INSERT INTO ringside.call (topic, partition, call_id, leg, epoch, last_offset,
                   source, queue, rep, direction, offered_at, holds, outcome, last_at)
               VALUES ('ringside.any', 0, $1, 1, 1, 1, 'pbx', 'loans', '', 'inbound',
                   now() - make_interval(secs => $2), 0, $3, now())""",
            *(name, seconds, outcome),
        )
    for start in starts:
        assert isinstance(start, datetime)
        await floor.pane(start, calls_offered=4, **of)
    waiting = await floor.rows("SELECT sum(calls_waiting_within_target) FROM ringside.kpi_quarter")
    assert waiting == [(2,)]


async def test_of_a_past_interval_best_and_worst_service_level_are_the_service_level(
    floor: Floor,
) -> None:
    # Offered 6: answered 3 (2 in time), given up 1, flowed out 1, closed by us 1: 2 of 4.
    of = {"queue": "loans", "direction": "inbound"}
    await floor.pane(
        calls_offered=6, calls_abandoned=1, calls_flowed_out=1, calls_closed_waiting=1, **of
    )
    await floor.pane(rep="an", calls_answered=3, answered_wait=cumulative(3, {20: 2}), **of)
    row = await floor.one(
        """SELECT service_level_answered_of_offered, service_level_answered_of_offered_best,
               service_level_answered_of_offered_worst
           FROM ringside.kpi_queue_quarter"""
    )
    assert row == (2 / 4, 2 / 4, 2 / 4)


async def test_by_end_and_without_short_abandons(floor: Floor) -> None:
    # Came: 5 answered; 5 given up, 2 of them within 5 s, so 3 of 8. Ended: 4 answered, 3 of them in
    # time; 2 given up, at 3 s and 15 s. In time 3 of 4 answered, 3 of all 6, 3 of 5 but the short,
    # 3 of 4 but both early ones, and with these 5 of 6 were answered or given up. One flowed out
    # then: 2 of 7 gave up, and but the short one 1 of 6.
    of = {"queue": "loans", "direction": "inbound"}
    await floor.pane(calls_abandoned=5, calls_abandoned_by_end=2, calls_flowed_out_by_end=1, **of,
                     abandoned_wait=cumulative(5, {5: 2}),
                     abandoned_wait_by_end=cumulative(2, {5: 1, 20: 2}))  # fmt: skip
    await floor.pane(rep="an", calls_answered=5, calls_answered_by_end=4, **of,
                     answered_wait_by_end=cumulative(4, {20: 3}))  # fmt: skip
    row = await floor.one(
        """SELECT abandonment_less_short, service_level_answered_of_answered_by_end,
               service_level_answered_of_offered_by_end, service_level_answered_less_short_by_end,
               service_level_answered_less_early_by_end, service_level_handled_of_offered_by_end,
               abandonment_by_end, abandonment_less_short_by_end
           FROM ringside.kpi_queue_quarter"""
    )
    assert row == (3 / 8, 3 / 4, 3 / 6, 3 / 5, 3 / 4, 5 / 6, 2 / 7, 1 / 6)
