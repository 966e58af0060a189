"""What the state weighs, how fast it is there again, how fast it is in PostgreSQL."""

import asyncio
import secrets
from itertools import takewhile
from pathlib import Path

from agents import clock
from agents.embedded.postgres import Postgres
from agents.postgres.connection import connected
from agents.postgres.migrate import migrate
from agents.postgres.users import create_user
from benchmarks.contenders import folding
from benchmarks.load import floor, to_message
from benchmarks.report import line, say
from benchmarks.run import result
from benchmarks.stage import Stage

REPS = 200
DAY_SECONDS = 86_400.0
DAY_LIMIT_MIB = 300.0
RECOVERY_ENTRIES = 1_000_000
RECOVERY_LIMIT_SECONDS = 30.0
SNAPSHOT_EVENTS = 100_000
_PATIENCE_SECONDS = 30.0


def day_of_panes(stage: Stage, *, rounds: int, events: int) -> None:  # noqa: ARG001 - as all of them
    """Print day_of_panes_mib."""
    found = result("day", ["--day", str(_day(stage))], stage.folder)
    growth_mib = found.pop("growth_mib")
    found.pop("peak_memory_mib")
    line(
        "day_of_panes_mib",
        value=growth_mib,
        **found,
        limit=DAY_LIMIT_MIB,
        is_ok=growth_mib <= DAY_LIMIT_MIB,
    )


def recovery(stage: Stage, *, rounds: int, events: int) -> None:  # noqa: ARG001 - as all of them
    """Print recovery_seconds."""
    app_id = stage.installation("recovery").app_id
    where = ["--bootstrap", stage.bootstrap, "--app-id", app_id]
    say(f"writing {RECOVERY_ENTRIES:,} entries of the changelog")
    more = ["--day", str(_day(stage)), "--entries", str(RECOVERY_ENTRIES)]
    written = result("fill_changelog", [*where, *more], stage.folder)
    found = result("restore", where, stage.folder)
    seconds = found.pop("seconds")
    line(
        "recovery_seconds",
        value=seconds,
        entries=written["entries"],
        changelog_mib=written["bytes"] / 2**20,
        **found,
        limit=RECOVERY_LIMIT_SECONDS,
        is_ok=written["entries"] == RECOVERY_ENTRIES and seconds <= RECOVERY_LIMIT_SECONDS,
    )


def snapshot_rows(stage: Stage, *, rounds: int, events: int) -> None:  # noqa: ARG001 - as all of them
    """Print snapshot_rows_per_second."""
    day = _day(stage)
    server = Postgres.create(stage.folder / "postgres")
    say("starting PostgreSQL")
    server.start()
    try:
        database = server.create_database("ringside")
        password = secrets.token_hex(16)
        asyncio.run(_prepare(database.admin_url, password))
        arguments = ["--url", database.url("bench", password), "--day", str(day)]
        arguments += ["--events", str(SNAPSHOT_EVENTS)]
        found = result("snapshot", arguments, stage.folder)
    finally:
        server.stop()
    line(
        "snapshot_rows_per_second",
        value=found["rows"] / found["insert_seconds"],
        replacing=found["rows"] / found["update_seconds"],
        rows=found["rows"],
        limit=None,
        is_ok=None,
    )


async def _prepare(admin_url: str, password: str) -> None:
    await migrate(admin_url, patience_seconds=_PATIENCE_SECONDS, say=say)
    async with connected(admin_url, patience_seconds=_PATIENCE_SECONDS, say=say) as connection:
        await create_user(connection, "bench", "writer", password)


def _day(stage: Stage) -> Path:
    """Return the file of a day's events, made once."""
    path = stage.folder / "day"
    if not path.exists():
        say(f"simulating a day of {REPS} reps")
        end_at = clock.now()
        events = floor(REPS, end_at - DAY_SECONDS)
        messages = (to_message(event) for event in takewhile(lambda e: e.at < end_at, events))
        say(f"{folding.write(path, messages):,} events")
    return path
