"""`ringside worker`: events in; metrics and rows out."""

import asyncio
from typing import Annotated

import typer
import uvloop

from agents import compiled, log
from agents.cli.context import settings_of
from agents.errors import DatabaseError, SettingsError
from agents.kafka.admin import connect
from agents.kafka.installation import check_installation, identity_of
from agents.kafka.preflight import check_rights
from agents.kafka.rights import Role
from agents.kafka.topics import check_topics
from agents.postgres.identity import database_id
from agents.settings import Settings
from agents.worker import Worker

commands = typer.Typer(help="Run a worker.", add_completion=False)

logger = log.get(__name__)

TO_COMPILE = "install a C compiler and Python's headers, then install Ringside again"


@commands.command()
def worker(
    ctx: typer.Context,
    *,
    wait_seconds: Annotated[
        float, typer.Option("--wait", help="Seconds to wait for Kafka at the start.")
    ] = 60.0,
    moved: Annotated[
        bool,
        typer.Option(
            "--moved", help="Accept that this installation has a new database or customers' key."
        ),
    ] = False,
) -> None:
    """Count events from Kafka, serve metrics, and write rows to PostgreSQL.

    Start up to as many workers as there are partitions; they share them. Ctrl-C or SIGTERM stops a
    worker: it writes what it has counted and hands over its partitions. If a worker is killed,
    another goes on from its last checkpoint, and nothing is lost or counted twice.
    """
    settings = settings_of(ctx)
    settings.required("customer_key")
    slow = compiled.missing()
    if slow:
        logger.warning(
            "not compiled: counts the same, at about half the speed", modules=slow, todo=TO_COMPILE
        )
    _prepare_folder(settings)
    admin = connect(settings, wait_seconds=wait_seconds, progress=logger.warning)
    check_rights(admin, settings, Role.WORKER)
    check_topics(admin, settings)
    _check_installation(settings, moved=moved)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings))


def _check_installation(settings: Settings, *, moved: bool) -> None:
    """Refuse to work under the name of another installation.

    A database that does not answer now is no reason to wait: it is asked at the next start.
    """
    database, known = None, True
    if settings.database_url is not None:
        try:
            database = asyncio.run(database_id(settings.required("database_url")))
        except DatabaseError as error:
            known = False
            logger.warning("not known whether it is the right database", why=str(error))
    mine = identity_of(settings, database)
    check_installation(settings, mine, database_known=known, moved=moved)


async def _run(settings: Settings) -> None:
    await Worker(settings).run()


def _prepare_folder(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        probe = settings.data_dir / ".writable"
        # A file without a byte finds room on a full disk.
        probe.write_bytes(bytes(4096))
        probe.unlink()
    except OSError as error:
        raise SettingsError(
            f"RINGSIDE_DATA_DIR={str(settings.data_dir)!r} cannot be written ({error.strerror}). "
            "Make it writable for this user, or choose another folder"
        ) from None
