"""Whose and of which day: the SQL views over a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from agents.postgres.unknown import unknown_names
from dashboards.views import views
from tests.integration.postgres_support import Users, read
from tests.integration.view_floor import NOON, Floor


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


async def test_the_roster_chooses_what_is_activity(floor: Floor) -> None:
    await floor.pane(rep="mai", calls_dialled=5, meetings_booked=2, activities_logged=10)
    query = "SELECT activity_volume FROM ringside.kpi_rep_day"
    assert await floor.one(query) == (17,)
    await floor.connection.execute(
        "DELETE FROM ringside.roster_activity_volume WHERE measure <> 'meetings_booked'"
    )
    assert await floor.one(query) == (2,)


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


async def test_a_call_over_midnight_is_told_of_by_the_day_it_came_on(floor: Floor) -> None:
    # Seoul is 9 h ahead: 14:59 UTC is 23:59 there. The second call ends at 00:00:30, local time;
    # the third is over midnight in UTC alone.
    await floor.site("seoul", "Asia/Seoul")
    await floor.entry("queue", "loans", "seoul", 20.0, 5.0)
    for name, hour, minute, seconds in (("a", 14, 58, 60), ("b", 14, 59, 90), ("c", 23, 59, 90)):
        offered_at = NOON.replace(hour=hour, minute=minute)
        await floor.connection.execute(
            """INSERT INTO ringside.call (topic, partition, call_id, leg, epoch, last_offset,
                   source, queue, rep, direction, offered_at, ended_at, holds, last_at)
               VALUES ('ringside.any', 0, $1, 1, 1, 1, 'pbx', 'loans', '', 'inbound', $2, $3, 0, $3)
            """,
            *(name, offered_at, offered_at + timedelta(seconds=seconds)),
        )
    found = await floor.rows("SELECT day, site, queue, calls FROM ringside.call_across_midnight")
    assert found == [(NOON.date(), "seoul", "loans", 1)]
