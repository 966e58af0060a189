"""Stays and journeys, kept as rows: read by the boards, made anew, taken back, and never stale."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from boards import Asked, with_macros
from deals_support import apply_pipelines, database_of, folded, write_deals
from postgres_support import Users, read, session
from query_plans import rows_touched

from agents.embedded.postgres import Postgres
from benchmarks.deal_load import STAGES, lived
from dashboards.queries import queries
from schemas.events import Event
from schemas.pipelines import Pipeline, Pipelines, Stage

COUNT = 600
END_AT = datetime(2026, 9, 21, tzinfo=UTC)
PIPELINES = Pipelines(
    pipelines=(Pipeline(id="sales", stages=tuple(Stage(id=name) for name in STAGES)),)
)
ROWS = """
    SELECT deal_id, stay, stage, entered_at, left_at, left_by, advanced_at, path_step
    FROM ringside.deal_stay ORDER BY deal_id, stay"""
JOURNEYS = """
    SELECT deal_id, stays, pipeline, status, ended_at, stage
    FROM ringside.deal_journey ORDER BY deal_id"""


@pytest.fixture(scope="module")
def users(postgres: Postgres) -> Iterator[Users]:
    """Six hundred deals of a year."""
    with database_of(postgres, "stays", told(), PIPELINES) as users:
        yield users


def told() -> Iterator[Event]:
    return lived(COUNT, end_at=END_AT.timestamp())


LOOKS_AT_ALL = {
    # What is usual in a stage, or what deals come to in the end, is learnt from all of them.
    *("Ageing", "Open deals", "Time in stage", "How long stays last"),
    "Won so far and expected, by week of entry",
}


async def test_no_panel_takes_lives_apart_and_most_read_only_their_time(users: Users) -> None:
    """Of a week of a year that is a fiftieth, and its deals' other stays are not read."""
    asked = Asked("", "", END_AT, span=timedelta(days=7))
    shown = [
        query
        for query in queries()
        if query.board in ("pipeline", "deals")
        and query.datasource == "postgres"
        and not query.panel.startswith(("$", "Alerts"))
    ]
    assert len(shown) > 15
    async with session(users.reader_url) as connection:
        stays = await connection.fetchval("SELECT count(*) FROM ringside.deal_stay")
        for query in shown:
            touched = await rows_touched(connection, with_macros(query.expression, asked))
            assert "deal" not in touched, query
            if query.panel not in LOOKS_AT_ALL:
                # A panel asks the stays of the time up to four times, and of the time before.
                assert touched.get("deal_stay", 0) < stays / 5, (query.panel, touched, stays)
                assert touched.get("deal_journey", 0) <= COUNT * 2, (query.panel, touched)


async def test_they_are_made_anew_wherever_that_was_left_off(users: Users) -> None:
    """As if whoever changed the pipelines had been killed before all deals were judged anew."""
    before = await read(users.reader_url, ROWS), await read(users.reader_url, JOURNEYS)
    assert len(before[0]) > 2 * COUNT
    async with session(users.admin_url) as connection:
        await connection.execute(
            """DELETE FROM ringside.deal_stay WHERE stage = 'offer';
               UPDATE ringside.deal_stay SET left_by = '?' WHERE stage = 'new';
               UPDATE ringside.deal_stay SET stay = stay + 90 WHERE stage = 'contacted';
               UPDATE ringside.deal_journey SET judged_by = 0, status = 'lost'"""
        )
    assert await read(users.reader_url, ROWS) != before[0]
    assert not await apply_pipelines(users, PIPELINES)
    assert (await read(users.reader_url, ROWS), await read(users.reader_url, JOURNEYS)) == before


async def test_what_is_written_again_as_it_was_changes_no_row(users: Users) -> None:
    """A worker that takes over a partition writes all that it has."""
    versions = "SELECT xmin::text, ctid::text FROM ringside.deal_stay ORDER BY 2"
    before = await read(users.admin_url, versions)
    fold = folded(told())
    fold.ledger.epoch = 2
    await write_deals(users, fold)
    assert await read(users.admin_url, "SELECT DISTINCT epoch FROM ringside.deal") == [(2,)]
    assert await read(users.admin_url, versions) == before


async def test_what_is_deleted_takes_its_rows_along(users: Users) -> None:
    async with session(users.admin_url) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("DELETE FROM ringside.deal WHERE deal_id < 'deal-0000010'")
        for table in ("deal_journey", "deal_stay"):
            query = f"SELECT count(DISTINCT deal_id) FROM ringside.{table}"  # noqa: S608
            assert await connection.fetchval(query) == COUNT - 10
        await transaction.rollback()
