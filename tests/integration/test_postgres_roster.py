"""The roster in the database: replaced as a whole, only by a newer one, dated by its sites."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest
from postgres_support import Users, prepared, read

from agents.embedded.postgres import Database
from agents.postgres.pool import Database as Pool
from agents.postgres.roster import RosterWriter
from schemas.pipelines import Pipeline, Pipelines, Stage
from schemas.roster import Queue, Rep, Roster, Site, Team

HCMC = Site(id="hcmc", zone="Asia/Ho_Chi_Minh", holidays=(date(2026, 1, 1),))
ROSTER = Roster(
    sites=(HCMC,),
    teams=(Team(id="red", site="hcmc"), Team(id="blue", site="hcmc")),
    reps=(
        Rep(id="mai", team="red"),
        Rep(id="mai", team="blue", since="2026-03-01"),
        Rep(id="mai", team=None, since="2026-04-01"),
    ),
    queues=(Queue(id="sales", site="hcmc", target_seconds=30),),
    activity_volume=("calls_answered",),
)


@pytest.fixture
async def users(database: Database) -> Users:
    return await prepared(database)


@pytest.fixture
async def roster(users: Users) -> AsyncIterator[RosterWriter]:
    pool = Pool(users.writer_url)
    yield RosterWriter(pool)
    await pool.close()


async def test_entries_hold_from_midnight_at_their_site_to_the_next(
    users: Users, roster: RosterWriter
) -> None:
    assert await roster.write(ROSTER, 7)
    # Ho Chi Minh City is seven hours ahead: the 1st begins at 17:00 UTC on the day before.
    march, april = (datetime(2026, m, d, 17, tzinfo=UTC) for m, d in ((2, 28), (3, 31)))
    always = await read(users.reader_url, "SELECT '-infinity'::timestamptz")
    found = await read(
        users.reader_url, "SELECT team, valid_from, valid_to FROM roster_rep ORDER BY valid_from"
    )
    assert found == [("red", *always[0], march), ("blue", march, april)]
    ((target, short, is_open),) = await read(
        users.reader_url,
        "SELECT target_seconds, short_abandon_seconds, valid_to = 'infinity' FROM roster_queue",
    )
    assert (target, short, is_open) == (30, 5, True)
    site = "SELECT zone, holidays, working_hours ->> 'sat', working_hours -> 'sun' FROM roster_site"
    assert await read(users.reader_url, site) == [
        ("Asia/Ho_Chi_Minh", [date(2026, 1, 1)], "08:30-17:00", None)
    ]
    assert await read(users.reader_url, "TABLE roster_activity_volume") == [("calls_answered",)]


@pytest.mark.parametrize("version", [7, 6])
async def test_an_older_or_equal_version_changes_nothing(
    users: Users, roster: RosterWriter, version: int
) -> None:
    await roster.write(ROSTER, 7)
    assert not await roster.write(Roster(), version)
    assert await read(users.reader_url, "SELECT count(*) FROM roster_team") == [(2,)]


async def test_a_newer_version_replaces_all_of_it(users: Users, roster: RosterWriter) -> None:
    await roster.write(ROSTER, 7)
    assert await roster.write(Roster(sites=(HCMC,), activity_volume=()), 8)
    query = """SELECT (SELECT count(*) FROM roster_site), (SELECT count(*) FROM roster_team),
                      (SELECT count(*) FROM roster_rep), (SELECT count(*) FROM roster_queue),
                      (SELECT count(*) FROM roster_activity_volume),
                      (SELECT version FROM roster_version)"""
    assert await read(users.reader_url, query) == [(1, 0, 0, 0, 0, 8)]


async def test_of_many_workers_one_writes_it(users: Users, roster: RosterWriter) -> None:
    done = await asyncio.gather(*(roster.write(ROSTER, 7) for _ in range(5)))
    assert sorted(done) == [False, False, False, False, True]
    assert await read(users.reader_url, "SELECT count(*) FROM roster_team") == [(2,)]


async def test_pipelines_are_replaced_with_the_roster(users: Users, roster: RosterWriter) -> None:
    stages = (Stage(id="new", title="New"), Stage(id="demo"), Stage(id="offer", names=("Quote",)))
    sales = Pipeline(id="sales", names=("default",), zone=HCMC.zone, stages=stages[::2])
    later = Pipeline(id="sales", since="2026-03-01", zone=HCMC.zone, stages=stages, won=("Done",))
    assert await roster.write(ROSTER, 7, Pipelines(pipelines=(sales, later)))
    names = await read(users.reader_url, "SELECT name, pipeline FROM pipeline_name ORDER BY 1")
    assert names == [("default", "sales"), ("sales", "sales")]
    found = await read(
        users.reader_url,
        """SELECT valid_from = '-infinity', stage, title, position, is_own, next_stage
           FROM pipeline_stage ORDER BY valid_from, position""",
    )
    assert found == [
        (True, "new", "New", 1.0, True, "offer"),
        (True, "demo", "demo", 1.5, False, "offer"),
        (True, "offer", "offer", 2.0, True, "won"),
        (False, "new", "New", 1.0, True, "demo"),
        (False, "demo", "demo", 2.0, True, "offer"),
        (False, "offer", "offer", 3.0, True, "won"),
    ]
    # Midnight in Ho Chi Minh City; a name of either version is known in both.
    query = """SELECT valid_from, stage FROM pipeline_stage_name
               WHERE name = $1 AND valid_to = 'infinity'"""
    since = datetime(2026, 2, 28, 17, tzinfo=UTC)
    assert await read(users.reader_url, query.replace("$1", "'Quote'")) == [(since, "offer")]
    assert await read(users.reader_url, query.replace("$1", "'Done'")) == [(since, "won")]
    assert await roster.write(ROSTER, 8)
    assert await read(users.reader_url, "SELECT count(*) FROM pipeline_stage") == [(0,)]
