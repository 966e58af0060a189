"""The baseline in PostgreSQL: learnt from panes by one at a time, kept by version, read back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from postgres_support import Users, prepared, read, sink_on, snapshot

from agents.baseline import BaselineKeeper
from agents.embedded.postgres import Database
from agents.postgres.baseline import LOCK_KEY, BaselineStore, NoHistoryError
from agents.postgres.pool import Database as Pool
from agents.postgres.roster import RosterWriter
from schemas.roster import Rep, Roster, Site, Team
from streams.baseline.build import Series
from streams.facts import Amount, Dims
from streams.roster import RosterIndex
from streams.snapshot import PaneKey

MONDAY = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp())
WEEK = 7 * 86_400
NOW = MONDAY + 6 * WEEK + 3600.0
ROSTER = Roster(
    sites=(Site(id="hq", zone="UTC", working_hours={"mon": "10:00-10:30"}),),
    teams=(Team(id="red", site="hq"),),
    reps=(Rep(id="mai", team="red"),),
    activity_volume=("calls_answered", "activities_logged"),
)
INDEX = RosterIndex(ROSTER)


def panes() -> dict[PaneKey, dict[str, Amount]]:
    """Six Mondays: at 10:00 two calls that waited 30 s each, and an e-mail; at 10:15 nothing."""
    found: dict[PaneKey, dict[str, Amount]] = {}
    for week in range(6):
        at = MONDAY + week * WEEK + 36_000
        call = Dims("", "mai", "inbound", "", "pbx/1")
        found[PaneKey(at, call)] = {"calls_answered": 2, "call_wait_seconds": 60.0}
        mail = Dims("", "mai", "", "email", "crm")
        found[PaneKey(at, mail)] = {"activities_logged": 1, "leads_created": 5}
    return found


@pytest.fixture
async def users(database: Database) -> Users:
    return await prepared(database)


@pytest.fixture
async def store(users: Users) -> AsyncIterator[BaselineStore]:
    pool = Pool(users.writer_url)
    yield BaselineStore(pool)
    await pool.close()


async def fill(users: Users) -> None:
    pool = Pool(users.writer_url)
    await RosterWriter(pool).write(ROSTER, 1)
    await pool.close()
    async with sink_on(users.writer_url) as sink:
        await sink.write([snapshot(10, panes())])


async def test_what_was_learnt_from_the_panes_is_read_back(
    users: Users, store: BaselineStore
) -> None:
    await fill(users)
    version = await store.rebuild(INDEX, NOW)
    baseline = await store.newest()
    assert baseline is not None
    assert (baseline.version, baseline.computed_at) == (version, NOW)
    volume = baseline.profiles[Series("team", "red", "hq", "activity_volume")]
    # The roster's activity: two calls and an e-mail, the leads not. Of the three together 60 s of
    # waiting were known late. At 10:00 on Monday, which is quarter 40 of the week.
    assert volume.slots[40].expected == pytest.approx(3)
    assert volume.slots[41].expected == 0
    assert (volume.weeks, volume.delay_seconds) == (6, 20)
    leads = baseline.profiles[Series("team", "red", "hq", "leads_created")]
    assert leads.slots[40].expected == pytest.approx(5)
    sources = {series.name for series in baseline.profiles if series.subject == "source"}
    assert sources == {"pbx/1", "crm"}


async def test_one_learns_at_a_time(users: Users, store: BaselineStore) -> None:
    await fill(users)
    other = Pool(users.writer_url)
    async with other.transaction() as connection:
        assert await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK_KEY)
        assert await store.rebuild(INDEX, NOW) is None
    await other.close()
    assert await store.rebuild(INDEX, NOW) is not None


async def test_workers_that_find_it_old_together_learn_it_once(users: Users) -> None:
    await fill(users)
    pools = [Pool(users.writer_url) for _ in range(3)]
    keepers = [
        BaselineKeeper(
            BaselineStore(pool), roster=lambda: INDEX, rebuild_seconds=3600, now=lambda: NOW
        )
        for pool in pools
    ]
    await asyncio.gather(*(keeper.look() for keeper in keepers))
    for keeper in keepers:
        await keeper.look()
    for pool in pools:
        await pool.close()
    assert await read(users.reader_url, "SELECT count(*) FROM baseline") == [(1,)]
    versions = {keeper.current.version for keeper in keepers if keeper.current is not None}
    assert len(versions) == 1


async def test_old_versions_go_and_the_last_thirty_stay(users: Users, store: BaselineStore) -> None:
    await fill(users)
    for hour in range(32):
        await store.rebuild(INDEX, NOW + hour * 3600)
    assert await read(users.reader_url, "SELECT count(*), max(version) FROM baseline") == [(30, 32)]
    counted = "SELECT count(DISTINCT version) FROM baseline_profile"
    assert await read(users.reader_url, counted) == [(30,)]


async def test_without_history_nothing_is_learnt(users: Users, store: BaselineStore) -> None:
    with pytest.raises(NoHistoryError):
        await store.rebuild(INDEX, NOW)
    assert await store.newest() is None
    assert await read(users.reader_url, "SELECT count(*) FROM baseline") == [(0,)]


async def test_a_replay_is_announced_until_its_time_is_over(store: BaselineStore) -> None:
    assert await store.replay_until(NOW) == 0
    await store.announce_replay(NOW, until_at=NOW + 600, note="last March again")
    assert await store.replay_until(NOW + 599) == NOW + 600
    assert await store.replay_until(NOW + 601) == 0
