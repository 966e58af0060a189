"""The SQL views over a real PostgreSQL: figures worked out by hand, not by the generator."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest
import pytest_asyncio
from postgres_support import Users, prepared, read

from agents.postgres.unknown import unknown_names
from dashboards import sql
from dashboards.view import UNKNOWN_QUEUE_LIMITS
from dashboards.views import views
from schemas.kpis import BY_NAME, KPIS, Unit
from schemas.measures import ANSWERED_WAIT, SECONDS_BOUNDS
from schemas.roster import default_limits
from streams.kpi import quantile

if TYPE_CHECKING:
    from agents.embedded.postgres import Postgres

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ALWAYS, FOREVER = "-infinity", "infinity"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def users(postgres: Postgres) -> AsyncIterator[Users]:
    """One migrated database for all tests here: `floor` takes back what it put in."""
    database = postgres.create_database("test_views")
    yield await prepared(database)
    postgres.drop_database(database.name)


@pytest.fixture
async def floor(users: Users) -> AsyncIterator[Floor]:
    connection = await asyncpg.connect(users.admin_url)
    everything = connection.transaction()
    await everything.start()
    yield Floor(connection)
    await everything.rollback()
    await connection.close()


class Floor:
    """Puts panes and roster entries into the database, and reads views."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def pane(self, start_at: datetime = NOON, partition: int = 0, **values: object) -> None:
        """A pane; dimensions that are left out do not apply, measures left out are 0."""
        row: dict[str, object] = dict.fromkeys(("queue", "rep", "direction", "kind", "source"), "")
        row |= {"topic": "ringside.any", "partition": partition, "start_at": start_at}
        row |= {"epoch": 1, "last_offset": 1} | values
        places = ", ".join(f"${i}" for i in range(1, len(row) + 1))
        await self.connection.execute(
            f"INSERT INTO ringside.pane ({', '.join(row)}) VALUES ({places})",  # noqa: S608
            *row.values(),
        )

    async def site(self, name: str, zone: str) -> None:
        await self.connection.execute(
            "INSERT INTO ringside.roster_site VALUES ($1, '-infinity', 'infinity', $2, '{}', '{}')",
            *(name, zone),
        )

    async def entry(self, kind: str, *values: object, start: str = "", end: str = "") -> None:
        """An entry of the roster that holds from `start` to `end`, or always."""
        name, *others = values
        held = f"'{start or ALWAYS}', '{end or FOREVER}'"
        places = "".join(f", ${i}" for i in range(2, len(values) + 1))
        await self.connection.execute(
            f"INSERT INTO ringside.roster_{kind} VALUES ($1, {held}{places})",  # noqa: S608
            *(name, *others),
        )

    async def rows(self, query: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await self.connection.fetch(query)]

    async def one(self, query: str) -> tuple[object, ...]:
        found = await self.rows(query)
        assert len(found) == 1, found
        return found[0]


def cumulative(total: int, up_to: dict[int, int]) -> list[int]:
    """Cumulative counts that step up at the bounds in `up_to`."""
    counts, reached = [], 0
    for bound in SECONDS_BOUNDS:
        reached = up_to.get(int(bound), reached)
        counts.append(reached)
    return [*counts, total]


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


async def test_panes_of_two_partitions_are_one_row(floor: Floor) -> None:
    for partition, count in ((0, 3), (1, 4)):
        await floor.pane(partition=partition, queue="a", rep="r", calls_answered=count)
    query = "SELECT start_at, queue, rep, calls_answered FROM ringside.kpi_quarter"
    assert await floor.one(query) == (NOON, "a", "r", 7)
    assert await floor.one("SELECT day, calls_answered FROM ringside.kpi_day") == (
        *(date(2026, 3, 10), 7),
    )


async def test_a_day_on_which_the_clocks_go_back_has_25_hours(floor: Floor) -> None:
    await floor.site("berlin", "Europe/Berlin")
    await floor.entry("queue", "q", "berlin", 20.0, 5.0)
    # 25 October 2026: 00:00 is 22:00 UTC the day before, 24:00 is 23:00 UTC.
    midnight = datetime(2026, 10, 24, 22, tzinfo=UTC)
    for quarter in range(-1, 101):
        start_at = midnight + timedelta(minutes=15 * quarter)
        await floor.pane(start_at, queue="q", calls_offered=1)
    counts = await floor.rows("SELECT day, calls_offered FROM ringside.kpi_queue_day ORDER BY day")
    assert counts == [(date(2026, 10, 24), 1), (date(2026, 10, 25), 100), (date(2026, 10, 26), 1)]


async def test_a_day_begins_at_the_midnight_of_the_site(floor: Floor) -> None:
    await floor.site("hanoi", "Asia/Ho_Chi_Minh")
    await floor.site("ny", "America/New_York")
    await floor.entry("queue", "east", "hanoi", 20.0, 5.0)
    await floor.entry("queue", "west", "ny", 20.0, 5.0)
    at = datetime(2026, 3, 10, 18, tzinfo=UTC)  # 01:00 on the 11th in Hanoi, 14:00 in New York
    for queue in ("east", "west"):
        await floor.pane(at, queue=queue, calls_offered=1)
    days = await floor.rows("SELECT queue, site, day FROM ringside.kpi_queue_day ORDER BY queue")
    assert days == [("east", "hanoi", date(2026, 3, 11)), ("west", "ny", date(2026, 3, 10))]


async def test_a_roster_that_comes_late_moves_what_was_counted_as_unknown(floor: Floor) -> None:
    await floor.pane(rep="mai", meetings_booked=2)
    query = "SELECT site, team, rep, meetings_booked FROM ringside.kpi_rep_day"
    assert await floor.one(query) == ("unknown", "unknown", "mai", 2)
    await floor.site("hanoi", "Asia/Ho_Chi_Minh")
    await floor.entry("team", "north", "hanoi")
    await floor.entry("rep", "mai", "north")
    assert await floor.one(query) == ("hanoi", "north", "mai", 2)


async def test_names_that_the_roster_does_not_have_are_listed(floor: Floor) -> None:
    await floor.site("hanoi", "Asia/Ho_Chi_Minh")
    await floor.entry("queue", "sales", "hanoi", 20, 5)
    await floor.pane(queue="sales", rep="mai", direction="inbound", calls_answered=1)
    await floor.pane(queue="slaes", direction="inbound", calls_offered=1)
    found = await unknown_names(floor.connection, since_at=0.0)
    assert [(name.kind, name.name, name.quarters) for name in found] == [
        ("rep", "mai", 1),
        ("queue", "slaes", 1),
    ]


async def test_a_rep_who_changes_teams_counts_for_each_at_its_time(floor: Floor) -> None:
    # The entry ends, exclusive, where the next begins: the pane of 12:00 is the new team's.
    await floor.entry("rep", "mai", "north", end="2026-03-10T12:00Z")
    await floor.entry("rep", "mai", "south", start="2026-03-10T12:00Z", end="2026-03-10T12:30Z")
    for minutes, deals in ((-15, 1), (0, 2), (15, 4), (30, 8)):
        await floor.pane(NOON + timedelta(minutes=minutes), rep="mai", deals_won=deals)
    won = await floor.rows("SELECT team, deals_won FROM ringside.kpi_team_day ORDER BY team")
    assert won == [("north", 1), ("south", 6), ("unknown", 8)]


async def test_a_lead_of_nobody_belongs_to_no_team_and_no_site(floor: Floor) -> None:
    await floor.pane(leads_created=3)
    query = "SELECT site, team, zone, leads_created FROM ringside.kpi_day"
    assert await floor.one(query) == ("", "", "UTC", 3)
    assert await floor.rows("SELECT * FROM ringside.kpi_team_day") == []


async def test_a_call_belongs_to_the_site_of_its_queue_and_the_team_of_its_rep(
    floor: Floor,
) -> None:
    await floor.entry("team", "north", "hanoi")
    await floor.entry("rep", "mai", "north")
    await floor.entry("queue", "sales", "saigon", 20.0, 5.0)
    await floor.pane(queue="sales", rep="mai", calls_answered=1)
    await floor.pane(rep="mai", calls_dialled=1)
    located = await floor.rows("SELECT queue, team, site FROM ringside.pane_located ORDER BY queue")
    assert located == [("", "north", "hanoi"), ("sales", "north", "saigon")]


async def test_a_team_that_serves_another_sites_queue_has_its_own_day_and_is_one_row(
    floor: Floor,
) -> None:
    await floor.site("hanoi", "Asia/Ho_Chi_Minh")
    await floor.site("ny", "America/New_York")
    await floor.entry("team", "north", "hanoi")
    await floor.entry("rep", "mai", "north")
    await floor.entry("queue", "west", "ny", 20.0, 5.0)
    at = datetime(2026, 3, 10, 18, tzinfo=UTC)  # 01:00 on the 11th in Hanoi, 14:00 in New York
    await floor.pane(at, queue="west", rep="mai", calls_answered=3)
    await floor.pane(at, rep="mai", calls_dialled=2)
    of_team = "SELECT day, site, zone, team, activity_volume FROM ringside.kpi_team_day"
    assert await floor.one(of_team) == (
        *(date(2026, 3, 11), "hanoi", "Asia/Ho_Chi_Minh", "north", 5),
    )
    of_queue = "SELECT day, site, queue, calls_answered FROM ringside.kpi_queue_day"
    assert await floor.rows(of_queue) == [(date(2026, 3, 10), "ny", "west", 3)]


async def test_a_ratio_without_a_denominator_is_null_and_a_count_of_nothing_is_0(
    floor: Floor,
) -> None:
    await floor.pane(queue="q", calls_flowed_out=3)
    ratios = [kpi.name for kpi in KPIS if kpi.unit is Unit.RATIO or kpi.name.endswith("_seconds")]
    found = await floor.one(f"SELECT {', '.join(ratios)} FROM ringside.kpi_queue_day")  # noqa: S608
    assert found == (None,) * len(ratios)
    counts = "SELECT calls_flowed_out, calls_answered FROM ringside.kpi_queue_day"
    assert await floor.one(counts) == (3, 0)


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


async def test_the_roster_chooses_what_is_activity(floor: Floor) -> None:
    await floor.pane(rep="mai", calls_dialled=5, meetings_booked=2, activities_logged=10)
    query = "SELECT activity_volume FROM ringside.kpi_rep_day"
    assert await floor.one(query) == (17,)
    await floor.connection.execute(
        "DELETE FROM ringside.roster_activity_volume WHERE measure <> 'meetings_booked'"
    )
    assert await floor.one(query) == (2,)


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


async def test_readers_read_every_view_and_write_none(users: Users) -> None:
    for view in views():
        await read(users.reader_url, f"SELECT * FROM ringside.{view.name}")  # noqa: S608
    reader = await asyncpg.connect(users.reader_url)
    try:
        # A reader's transactions are read-only; should that be switched off, rights remain.
        await reader.execute("SET default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute("DELETE FROM ringside.pane")
    finally:
        await reader.close()


async def test_a_bound_on_the_time_of_a_quarter_reaches_the_index_of_the_panes(
    floor: Floor,
) -> None:
    await floor.connection.execute("SET enable_seqscan = off")
    plan = await floor.rows(
        """EXPLAIN SELECT rep, sum(calls_answered) FROM ringside.kpi_quarter
           WHERE start_at >= '2026-03-10' AND start_at < '2026-03-11' GROUP BY rep"""
    )
    assert any("pane_start_at" in str(line) for (line,) in plan), plan


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
    # By end: 3 in time of 4 answered and 2 given up. Abandoned 5, short 2, answered 5: 3 of 8.
    of = {"queue": "loans", "direction": "inbound"}
    await floor.pane(calls_abandoned=5, calls_abandoned_by_end=2, **of,
                     abandoned_wait=cumulative(5, {5: 2}))  # fmt: skip
    await floor.pane(rep="an", calls_answered=5, calls_answered_by_end=4, **of,
                     answered_wait_by_end=cumulative(4, {20: 3}))  # fmt: skip
    row = await floor.one(
        """SELECT service_level_answered_of_offered_by_end, abandonment_less_short
           FROM ringside.kpi_queue_quarter"""
    )
    assert row == (3 / 6, 3 / 8)
