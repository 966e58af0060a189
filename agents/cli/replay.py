"""`ringside replay`: count everything once more, see what would change, and take it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer
from confluent_kafka.admin import AdminClient

from agents.cli.context import note, out, say, settings_of
from agents.cli.progress import Counting
from agents.cli.tables import plain_table
from agents.errors import InputError
from agents.kafka.admin import connect
from agents.kafka.installation import check_not_half_taken, mark_half_taken
from agents.postgres.connection import Connection, open_connection
from agents.postgres.errors import explained
from agents.replay import building, tables, taking
from agents.settings import Settings
from schemas.topics import TABLES, changelog, installation

commands = typer.Typer(no_args_is_help=True, add_completion=False)

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="INSTANT",
        help="Leave rows from before this instant unchanged, e.g. 2026-09-01T00:00Z.",
    ),
]


@dataclass(frozen=True, slots=True)
class _Work:
    """What every step needs."""

    settings: Settings
    admin: AdminClient
    runner: asyncio.Runner
    connection: Connection


@contextmanager
def _work(ctx: typer.Context) -> Iterator[_Work]:
    settings = settings_of(ctx)
    url = settings.required("database_admin_url")
    admin = connect(settings, wait_seconds=10, progress=note)
    with asyncio.Runner() as runner, explained(url):
        connection = runner.run(open_connection(url, application="ringside replay"))
        try:
            yield _Work(settings, admin, runner, connection)
        finally:
            runner.run(connection.close())


@commands.callback(invoke_without_command=True)
def replay(ctx: typer.Context, *, since: _From = None) -> None:
    """Count everything again beside the live numbers, compare, and switch over.

    `ringside replay --from INSTANT` is `ringside replay start --from INSTANT`.
    """
    if ctx.invoked_subcommand is None:
        start(ctx, since=since)
    elif since is not None:
        raise InputError("--from belongs behind `ringside replay start`")


@commands.command()
def start(ctx: typer.Context, *, since: _From = None) -> None:
    """Count all events of the source topics again, beside the live numbers.

    Live traffic goes on, and boards do not change yet. If you interrupt it, start it again and it
    goes on where it was. When it has finished, starting it again adds the events since then.
    """
    try:
        from_at = tables.instant(since) if since is not None else _BEGINNING
    except ValueError:
        raise InputError(f"{since!r} is not an instant; write it like 2026-09-01T00:00Z") from None
    with _work(ctx) as work:
        replay = work.runner.run(tables.prepare(work.connection, from_at))
        if since is not None and replay.since != from_at:
            other = f"{replay.since:%Y-%m-%dT%H:%MZ}"
            raise InputError(f"there is a replay from {other} already; drop it first")
        reached = _build(work, replay)
        say(f"epoch {replay.epoch}: {sum(reached.values())} messages folded")
        say("`ringside replay diff` lists what it would change")


def _build(work: _Work, replay: tables.Replay) -> dict[building.Place, int]:
    rows = tables.RowWriter(work.runner, work.connection, work.settings)
    with Counting("messages replayed") as counting:
        return building.build(
            work.settings,
            work.admin,
            rows,
            epoch=replay.epoch,
            report=lambda done, _: counting.advance(done),
        )


@commands.command()
def diff(ctx: typer.Context) -> None:
    """List what taking the replay would change, by day: rows, and the sums of measures."""
    with _work(ctx) as work:
        found = work.runner.run(tables.differences(work.connection))
        sums = work.runner.run(tables.measure_differences(work.connection))
    if not found:
        say("no difference: every row is as the live workers have it")
        return
    headings = ("day", "table", "added", "removed", "changed")
    rows = ((one.day, one.table, *map(str, one[2:])) for one in found)
    out().print(plain_table(headings, rows, numbers=headings[2:]))
    if sums:
        headings = ("day", "measure", "live", "replayed", "by")
        rows = (
            (
                *(one.day, one.measure, f"{one.live:g}", f"{one.replayed:g}"),
                f"{one.replayed - one.live:+g}",
            )
            for one in sums
        )
        out().print(plain_table(headings, rows, numbers=headings[2:]))


@commands.command()
def take(ctx: typer.Context) -> None:
    """Replace the live state by the replay. Stop all workers first, and start them afterwards.

    Counts the events that came meanwhile, replaces all rows in one transaction, then replaces the
    workers' state. If it is interrupted, run it again; until then no worker starts.
    """
    with _work(ctx) as work:
        replay = work.runner.run(tables.current(work.connection))
        taking.check_stopped(work.settings, work.admin)
        reached = _build(work, replay)
        mark_half_taken(work.settings, is_half_taken=True)
        _check_stopped_still(work)
        for table, count in work.runner.run(tables.take(work.connection)).items():
            say(f"{table}: {count} rows")
        records = sum(
            taking.take_state(work.settings, shard) for shard in range(work.settings.partitions)
        )
        taking.commit(work.settings, reached)
        mark_half_taken(work.settings, is_half_taken=False)
        say(f"the workers' state: {records} records")
        say("taken. Start the workers; `ringside replay drop` removes what the replay used")


def _check_stopped_still(work: _Work) -> None:
    """Folding what came meanwhile may have taken long enough for a worker to be started."""
    try:
        taking.check_stopped(work.settings, work.admin)
    except taking.StillRunningError:
        mark_half_taken(work.settings, is_half_taken=False)
        raise


@commands.command()
def drop(ctx: typer.Context) -> None:
    """Remove the replay: its tables and its topics. The live state does not change.

    A replay that is half taken cannot be removed: run `take` again first.
    """
    with _work(ctx) as work:
        check_not_half_taken(work.settings)
        work.runner.run(tables.drop(work.connection))
        own = building.replay_settings(work.settings)
        names = [changelog(own.app_id, table).name for table in TABLES]
        names.append(installation(own.app_id).name)
        there = set(work.admin.list_topics(timeout=10).topics)
        gone = [name for name in names if name in there]
        if gone:
            for answer in work.admin.delete_topics(gone, operation_timeout=30).values():
                answer.result()
        say(f"removed {len(gone)} topics and the tables")
