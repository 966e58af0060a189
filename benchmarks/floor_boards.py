"""How long the boards of the floor take PostgreSQL: 200 reps, with a day's rows and a week's."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import takewhile
from pathlib import Path

from agents import clock
from agents.embedded.postgres import Database
from agents.postgres.connection import Connection
from agents.postgres.roster import RosterWriter
from agents.postgres.sink import PostgresSink
from benchmarks.board_sql import admin, seconds_of, served, writer_of
from benchmarks.contenders import folding
from benchmarks.load import SEED, TEAMS, to_message
from benchmarks.report import line, say
from benchmarks.settings import settings_for
from benchmarks.stage import Stage
from dashboards.queries import Query, queries
from schemas.notes import Note, Notes
from schemas.topics import CUSTOMERS
from streams.fold import Fold
from streams.ledger import Ledger
from streams.simulation import FloorPlan, simulate
from streams.simulation.plan_roster import plan_pipelines, plan_roster
from streams.snapshot import Snapshot

REPS = 200
SHIFT_SECONDS = 8 * 3600.0
DAYS = 7
SPAN = {
    "floor": timedelta(hours=3),
    "queue": timedelta(hours=24),
    "rep": timedelta(hours=8),
    "contacts": timedelta(days=7),
    "activity": timedelta(days=7),
    "service": timedelta(hours=1),
    "alerts": timedelta(hours=12),
}
"""What each board looks at when nobody chooses another time."""
LIMIT_SECONDS = 0.3
"""A board is asked every 5 to 30 s, by a few screens at once."""
_TIMES = {
    "call": "offered_at answered_at abandoned_at transferred_at ended_at wrapup_ended_at last_at "
    "connected_at closed_by_us_at",
    "rep_turn": "since until",
    "pane": "start_at",
    "meeting": "booked_at starts_at",
    "activity": "logged_at",
}
_KEYS = {"call": "call_id", "meeting": "meeting_id", "activity": "activity_id"}


def floor_boards(stage: Stage, *, rounds: int, events: int) -> None:  # noqa: ARG001 - as all of them
    """Print floor_boards_1_day and floor_boards_7_days."""
    asyncio.run(_boards(stage.folder))


async def _boards(home: Path) -> None:
    asked = [one for one in queries() if one.board in SPAN and one.datasource == "postgres"]
    with served(home / "postgres-floor") as database:
        await _fill(database, home / "shift")
        for days in (1, DAYS):
            await _copy(database, days)
            _tell(days, await seconds_of(database, asked, SPAN))


def _tell(days: int, seconds: dict[Query, float]) -> None:
    slowest = max(seconds, key=lambda query: seconds[query])
    line(
        f"floor_boards_{days}_days",
        value=seconds[slowest],
        slowest_panel=f"{slowest.board}: {slowest.panel}",
        **{
            f"{board}_seconds": sum(took for query, took in seconds.items() if query.board == board)
            for board in SPAN
        },
        limit=LIMIT_SECONDS,
        is_ok=seconds[slowest] <= LIMIT_SECONDS,
    )


async def _fill(database: Database, path: Path) -> None:
    """Write a shift as checkpoints do, one for each minute of it."""
    plan = FloorPlan.sized(reps=REPS, teams=TEAMS, always_open=True)
    end_at = clock.now()
    say(f"simulating {SHIFT_SECONDS / 3600:.0f} h of {REPS} reps")
    happened = simulate(plan, seed=SEED, start_at=float(int(end_at - SHIFT_SECONDS)))
    messages = (to_message(event) for event in takewhile(lambda e: e.at < end_at, happened))
    say(f"{folding.write(path, messages):,} events")
    pool = await writer_of(database)
    await RosterWriter(pool).write(plan_roster(plan), 1, plan_pipelines(plan))
    sink = PostgresSink(pool, lateness_of=lambda _: 0.0)
    for snapshots in _checkpoints(path):
        await sink.write(snapshots)
    await pool.close()


def _checkpoints(path: Path) -> Iterator[Sequence[Snapshot]]:
    settings = settings_for("127.0.0.1:9", "boards")
    lateness_seconds = settings.lateness_of(CUSTOMERS.name)
    customers = Fold(CUSTOMERS.name, 0, ledger=Ledger(1), lateness_seconds=lateness_seconds)
    for by_shard in folding.Folding().checkpoints(path, every_seconds=600.0):
        for changes in (one for some in by_shard.values() for one in some):
            for notes in _some(changes.notes):
                told = Notes(changes.topic, changes.partition, notes)
                customers.apply(told, customers.ledger.next_offset)
            yield [changes.snapshot]
        met = customers.take_changes()
        if met is not None:
            yield [met.snapshot]


def _some(notes: Sequence[Note]) -> Iterator[tuple[Note, ...]]:
    for begin in range(0, len(notes), 100):
        yield tuple(notes[begin : begin + 100])


async def _copy(database: Database, days: int) -> None:
    """Put the shift also on the days before, under other names."""
    async with admin(database) as connection:
        if days > 1:
            say(f"copying it to {days - 1} days before")
            await connection.execute("SET session_replication_role = replica")  # no triggers
            for table, times in _TIMES.items():
                await connection.execute(await _copies(connection, table, times.split(), days))
        await connection.execute("VACUUM ANALYZE")


async def _copies(connection: Connection, table: str, times: list[str], days: int) -> str:
    found = await connection.fetch(
        """SELECT attname FROM pg_attribute
           WHERE attrelid = ('ringside.' || $1)::regclass AND attnum > 0 AND NOT attisdropped
               AND attgenerated = ''
           ORDER BY attnum""",
        table,
    )
    columns = [name for (name,) in found]
    shown = [
        f"{name} - day * interval '1 day'"
        if name in times
        else f"{name} || '-' || day"
        if name == _KEYS.get(table)
        else name
        for name in columns
    ]
    return f"""INSERT INTO ringside.{table} ({", ".join(columns)})
        SELECT {", ".join(shown)} FROM ringside.{table}, generate_series(1, {days - 1}) AS day"""  # noqa: S608
