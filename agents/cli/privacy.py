"""`ringside privacy`: what is known of a customer, and forgetting it."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated

import typer
from confluent_kafka import Consumer

from agents import clock
from agents.cli.context import note, say, settings_of, warn
from agents.errors import InputError
from agents.kafka import config, privacy
from agents.kafka.admin import connect
from agents.postgres.connection import connected
from agents.postgres.privacy import erase as erase_rows
from agents.postgres.privacy import has_read
from agents.postgres.privacy import renew as renew_rows
from agents.settings import Settings
from schemas.customers import Tokeniser, is_token

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Look up a customer's token, or erase a customer.",
)

_LOOK_SECONDS = 0.5
Number = Annotated[
    bool, typer.Option("--number", help="Ask for a number instead, or read it from standard input.")
]


@commands.command()
def token(ctx: typer.Context) -> None:
    """Print the tokens of a number, newest key first. Asks for the number without showing it."""
    for found in settings_of(ctx).tokeniser().tokens(_asked()):
        say(found)


@commands.command()
def renew(ctx: typer.Context) -> None:
    """Replace older tokens by the newest in rows from before a rotation of the key.

    Run it when all workers have the new key; until then they would write older tokens again. Safe
    to repeat.
    """
    settings = settings_of(ctx)
    url, tokeniser = settings.required("database_admin_url"), settings.tokeniser()
    if not tokeniser.has_older:
        raise InputError("RINGSIDE_CUSTOMER_KEY holds one key: no token is of an older one")
    for table, count in asyncio.run(_renew(url, tokeniser)).items():
        say(f"{table}: {count} rows")


async def _renew(url: str, tokeniser: Tokeniser) -> dict[str, int]:
    async with connected(url, patience_seconds=0, say=warn) as connection:
        return await renew_rows(connection, tokeniser.token)


@commands.command()
def erase(
    ctx: typer.Context,
    token: Annotated[
        str | None, typer.Argument(help="The token, as rows and boards show it.")
    ] = None,
    *,
    number: Number = False,
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to wait for the workers.")
    ] = 60,
) -> None:
    """Forget a customer: no row, no state and no changelog names the token any more.

    What was counted stays counted. Safe to repeat. Messages in the source topics and dead letters
    stay until their retention has passed; the dead letters are listed.
    """
    settings = settings_of(ctx)
    if (token is None) != number:
        raise InputError("give either a token or --number")
    asked = _asked() if number else None
    if token is not None and not is_token(token):
        raise InputError(f"{token!r} is not a token; use --number to give a number")
    tokens = [*settings.tokeniser().tokens(asked or token or "")]
    url = settings.required("database_admin_url")
    with _consumer(settings) as consumer:
        offsets = privacy.ask(settings, consumer, tokens, at=clock.now())
        say(f"asked the workers to forget, in {len(offsets)} partitions")
        rows, done = asyncio.run(_erase(url, tokens, offsets, wait))
        for table, count in rows.items():
            say(f"{table}: {count} rows")
        letters = list(privacy.in_dead_letters(consumer, tokens, asked))
    _tell_of_letters(letters)
    if not done:
        warn(
            f"not every worker has come that far within {wait:g} s; they will forget when they do. "
            "Run the same again later, so that what they write until then is erased, too"
        )
        raise typer.Exit(1)


async def _erase(
    url: str, tokens: list[str], offsets: privacy.Offsets, wait_seconds: float
) -> tuple[dict[str, int], bool]:
    async with connected(url, patience_seconds=0, say=warn) as connection:
        deadline = clock.monotonic() + wait_seconds
        # First the workers: what they write after that names nobody.
        done = await has_read(connection, offsets)
        while not done and clock.monotonic() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)
            done = await has_read(connection, offsets)
        return await erase_rows(connection, tokens), done


def _tell_of_letters(letters: list[tuple[int, int]]) -> None:
    if not letters:
        say("dead letters: none holds it")
        return
    places = ", ".join(f"{partition}/{offset}" for partition, offset in letters[:20])
    more = f" and {len(letters) - 20} more" if len(letters) > 20 else ""
    warn(
        f"dead letters: {len(letters)} may hold it, at partition/offset {places}{more}. They go "
        "when the topic's retention has passed; kafka-delete-records.sh removes all up to an offset"
    )


def _asked() -> str:
    """Return the number that somebody types, unseen, or that stdin holds."""
    text = typer.prompt("Number", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not str(text).strip():
        raise InputError("no number was given")
    return str(text).strip()


@contextmanager
def _consumer(settings: Settings) -> Iterator[Consumer]:
    connect(settings, wait_seconds=10, progress=note)
    found = Consumer(config.consumer(settings, privacy.group(settings.app_id)))
    with closing(found) as consumer:
        yield consumer
