"""How long the boards of deals take PostgreSQL, and what it costs to keep what they read."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

from agents import clock
from agents.embedded.postgres import Database
from agents.postgres.roster import RosterWriter
from agents.postgres.sink import PostgresSink
from benchmarks.board_sql import admin, seconds_of, served, writer_of
from benchmarks.deal_load import STAGES, lived
from benchmarks.report import line, say
from benchmarks.stage import Stage
from dashboards.queries import queries
from schemas.pipelines import Pipeline, Pipelines
from schemas.pipelines import Stage as StageOf
from schemas.roster import Roster
from schemas.topics import DEALS
from streams.deal_state import Deal
from streams.deals import step
from streams.ledger import Ledger
from streams.snapshot import Snapshot

COUNT = 100_000
COPIES = 10
"""A million is the hundred thousand ten times: to write as many takes minutes, and says no more."""
SPAN = {"pipeline": timedelta(days=90), "deals": timedelta(days=30)}
"""What the boards look at when nobody chooses another time."""
_PIPELINES = Pipelines(
    pipelines=(Pipeline(id="sales", stages=tuple(StageOf(id=name) for name in STAGES)),)
)
_CHECKPOINT_DEALS = 10_000


def deal_boards(stage: Stage, *, rounds: int, events: int) -> None:  # noqa: ARG001 - as all of them
    """Print deal_boards_100000 and deal_boards_1000000."""
    asyncio.run(_boards(stage.folder / "postgres-deals"))


async def _boards(home: Path) -> None:
    """Write deals with whole lives; ask every panel of them, then of ten times as many."""
    with served(home) as database:
        written_seconds = await _fill(database, COUNT)
        _tell(COUNT, await _ask(database), write_us_per_deal=written_seconds / COUNT * 1e6)
        await _copy(database)
        _tell(COUNT * COPIES, await _ask(database))


def _tell(count: int, seconds: dict[str, float], **more: float) -> None:
    ordered = sorted(seconds, key=lambda panel: -seconds[panel])
    line(
        f"deal_boards_{count}",
        value=seconds[ordered[0]],
        slowest_panel=ordered[0],
        panels=len(ordered),
        all_panels_seconds=sum(seconds.values()),
        **more,
        limit=None,
        is_ok=None,
    )


async def _copy(database: Database) -> None:
    """Put copies of all deals, and of how they have gone, beside them, under other names."""
    say(f"copying them {COPIES - 1} times")
    async with admin(database) as connection:
        await connection.execute("SET session_replication_role = replica")  # no triggers
        for table in ("deal", "deal_journey", "deal_stay"):
            columns = await connection.fetchval(
                """SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
                   WHERE attrelid = ('ringside.' || $1)::regclass AND attnum > 3""",
                table,
            )
            await connection.execute(
                f"""INSERT INTO ringside.{table} (topic, partition, deal_id, {columns})
                    SELECT topic, partition, deal_id || '-' || copy, {columns}
                    FROM ringside.{table}, generate_series(2, {COPIES}) AS copy"""  # noqa: S608
            )
        await connection.execute("VACUUM ANALYZE")


async def _fill(database: Database, count: int) -> float:
    """Write the deals as checkpoints do; return how long that took."""
    pool = await writer_of(database)
    await RosterWriter(pool).write(Roster(), 1, _PIPELINES)
    sink = PostgresSink(pool, lateness_of=lambda _: 0.0)
    say(f"writing {count:,} deals")
    seconds = 0.0
    for number, deals in enumerate(_checkpoints(count), 1):
        began_at = time.monotonic()
        await sink.write([Snapshot(DEALS.name, 0, Ledger(1, number), {}, dict(deals))])
        seconds += time.monotonic() - began_at
    await pool.close()
    async with admin(database) as connection:
        await connection.execute("VACUUM ANALYZE")
    return seconds


def _checkpoints(count: int) -> Iterator[dict[str, Deal]]:
    deals: dict[str, Deal] = {}
    for event in lived(count, end_at=clock.now()):
        deals[event.subject], _ = step(deals.get(event.subject), event)
    rest = iter(deals.items())
    while some := dict(islice(rest, _CHECKPOINT_DEALS)):
        yield some


async def _ask(database: Database) -> dict[str, float]:
    """Return how long each panel took."""
    say("asking the boards")
    asked = [
        query
        for query in queries()
        if query.board in SPAN and query.datasource == "postgres" and query.panel != "Alerts"
    ]
    found = await seconds_of(database, asked, SPAN)
    return {query.panel: seconds for query, seconds in found.items()}
