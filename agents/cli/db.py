"""`ringside db`: the PostgreSQL schema, and who may use it."""

import asyncio
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from agents.cli.context import say, settings_of, warn
from agents.cli.prune import prune_
from agents.errors import InputError
from agents.postgres.connection import connected
from agents.postgres.errors import place
from agents.postgres.migrate import Migrated, migrate
from agents.postgres.revisions import require_current, revision_of
from agents.postgres.users import create_user
from agents.settings import Settings

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Create, migrate and prune the PostgreSQL schema; make its users.",
)
commands.command("prune")(prune_)

Patience = Annotated[
    float,
    typer.Option("--wait", min=0, help="Seconds to wait for a server that is starting."),
]
_T = TypeVar("_T")


class RoleName(StrEnum):
    """What a user may do."""

    WRITER = "writer"
    READER = "reader"
    PRUNER = "pruner"


@commands.command("migrate")
def migrate_(ctx: typer.Context, *, wait_seconds: Patience = 30.0) -> None:
    """Upgrade the database to this release: roles, tables, views, rights. Safe to repeat.

    Connects with RINGSIDE_DATABASE_ADMIN_URL: a superuser, or an owner of the database who may
    create roles. Everything happens in one transaction.
    """
    url = settings_of(ctx).required("database_admin_url")
    done = _run(migrate(url, patience_seconds=wait_seconds, say=warn))
    say(f"{place(url)}: {_schema(done)}")
    say(f"views: {done.views} made anew")
    say("rights: granted to ringside_writer, ringside_reader and ringside_pruner")


@commands.command()
def check(ctx: typer.Context, *, wait_seconds: Patience = 0.0) -> None:
    """Check whether the schema is what this release needs; exit with 1 if it is not."""
    url = _any_url(settings_of(ctx))

    async def revision() -> str | None:
        async with connected(url, patience_seconds=wait_seconds, say=warn) as connection:
            return await revision_of(connection)

    found = _run(revision())
    require_current(found)
    say(f"{place(url)}: the schema is current (revision {found})")


@commands.command("create-user")
def create_user_(
    ctx: typer.Context,
    *,
    name: Annotated[str, typer.Argument(help="Name of the user, e.g. worker or grafana.")],
    role: Annotated[RoleName, typer.Option(help="For a worker, for Grafana, or for `db prune`.")],
    password_file: Annotated[Path, typer.Option(help="File with the password on one line.")],
    wait_seconds: Patience = 30.0,
) -> None:
    """Create a user who may log in, or change the password or role of one."""
    url = settings_of(ctx).required("database_admin_url")
    password = _password(password_file)

    async def create() -> bool:
        async with connected(url, patience_seconds=wait_seconds, say=warn) as connection:
            require_current(await revision_of(connection))
            return await create_user(connection, name, role.value, password)

    verb = "created" if _run(create()) else "already there; password and role set"
    say(f"{place(url)}: user {name} ({role.value}) {verb}")


def _run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    return asyncio.run(coroutine)


def _schema(done: Migrated) -> str:
    if done.before == done.after:
        return f"the schema is current (revision {done.after})"
    return f"migrated from {done.before or 'nothing'} to revision {done.after}"


def _any_url(settings: Settings) -> str:
    given = settings.database_url or settings.database_admin_url
    return given.get_secret_value() if given is not None else settings.required("database_url")


def _password(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is not text"
        raise InputError(f"--password-file {path} cannot be read: {why}") from None
