"""What teams have reached of their monthly targets, from the panes of a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from postgres_support import Users, prepared, sink_on, snapshot

from agents.embedded.postgres import Database
from agents.metrics.expected import Expectations, expected_families
from agents.postgres.baseline import LOCK_KEY
from agents.postgres.pool import Database as Pool
from agents.postgres.roster import RosterWriter
from agents.postgres.targets import TargetStore
from agents.targets import TARGET_KEPT_SECONDS, TARGET_SECONDS, TargetKeeper
from schemas.roster import Rep, Roster, Site, Team
from streams.facts import Amount, Dims
from streams.roster import RosterIndex
from streams.snapshot import PaneKey
from streams.targets import Progress


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-10:00")
NOW = at("2026-11-13T03:00")  # 10:00 in Hanoi on Friday the 13th: ten of 21 working hours have gone
ROSTER = Roster(
    sites=(
        Site(id="hanoi", zone="Asia/Ho_Chi_Minh", working_hours=WEEK),
        Site(id="hq", zone="UTC", working_hours=WEEK, monthly_targets={"deals_won": 7}),
    ),
    teams=(
        Team(id="north", site="hanoi", monthly_targets={"deals_won": 40, "meetings_held": 10}),
        Team(id="south", site="hanoi"),
        Team(id="far", site="hq"),  # which has its site's target
    ),
    reps=(
        Rep(id="linh", team="north"),
        Rep(id="minh", team="south"),
        Rep(id="minh", team="north", since="2026-11-10"),
        Rep(id="tom", team="far"),
    ),
)
INDEX = RosterIndex(ROSTER)
NORTH_DEALS = Progress("north", "hanoi", "deals_won", 40, 11, 10 / 21)


def panes() -> dict[PaneKey, dict[str, Amount]]:
    found: dict[PaneKey, dict[str, Amount]] = {}
    for rep, when, deals in (
        ("linh", "2026-10-31T16:45", 100),  # a quarter to midnight in Hanoi: last month
        ("linh", "2026-10-31T17:00", 1),  # November there
        ("linh", "2026-11-12T02:00", 4),
        ("minh", "2026-11-09T02:00", 50),  # for the team that he was in
        ("minh", "2026-11-10T02:00", 6),
        ("tom", "2026-10-31T17:00", 200),  # at headquarters October goes on for seven hours
        ("tom", "2026-11-02T09:00", 3),
    ):
        found[PaneKey(at(when), Dims("", rep, "", "", "crm"))] = {"deals_won": deals}
    return found


@pytest.fixture
async def users(database: Database) -> Users:
    users = await prepared(database)
    pool = Pool(users.writer_url)
    await RosterWriter(pool).write(ROSTER, 1)
    await pool.close()
    return users


async def fill(users: Users) -> None:
    async with sink_on(users.writer_url) as sink:
        await sink.write([snapshot(10, panes())])


async def test_each_team_is_added_up_over_the_month_of_its_site(users: Users) -> None:
    pool = Pool(users.writer_url)
    store = TargetStore(pool)
    assert await store.progress(INDEX, NOW) is None  # nothing has been counted
    await fill(users)
    assert await store.progress(INDEX, NOW) == (
        # At 03:00 in UTC the 13th has not begun to count: nine hours.
        Progress("far", "hq", "deals_won", 7, 3, 9 / 21),
        NORTH_DEALS,
        Progress("north", "hanoi", "meetings_held", 10, 0, 10 / 21),
    )
    other = Pool(users.writer_url)
    async with other.transaction() as connection:
        assert await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK_KEY)
        assert await store.progress(INDEX, NOW) is None
    await other.close()
    await pool.close()


async def test_the_worker_that_tells_shows_it_until_it_is_old(users: Users) -> None:
    await fill(users)
    pool, now, tells = Pool(users.writer_url), [float(NOW)], [False]
    keeper = TargetKeeper(
        TargetStore(pool),
        roster=lambda: INDEX,
        tells=lambda: tells[0],
        now=lambda: now[0],
    )
    await keeper.look()
    assert keeper.progress() == ()
    tells[0] = True
    await keeper.look()
    assert NORTH_DEALS in keeper.progress()
    known = Expectations(None, progress=keeper.progress())
    who = {"team": "north", "site": "hanoi", "measure": "deals_won"}
    shown = {
        sample.name: sample.value
        for family in expected_families(known, INDEX, now[0])
        for sample in family.samples
        if sample.labels == who
    }
    assert shown == {
        "ringside_monthly_target": 40,
        "ringside_monthly_target_reached": 11,
        "ringside_monthly_target_time_ratio": pytest.approx(10 / 21),
    }
    # Not added up again before it is time; a database that stays away is no data in the end.
    await pool.close()
    now[0] += TARGET_SECONDS - 1
    await keeper.look()
    assert keeper.progress()
    now[0] = NOW + TARGET_KEPT_SECONDS
    assert keeper.progress() == ()
