"""`ringside deadletters`: what was refused, why, and another chance for it."""

import heapq
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer
from confluent_kafka import Consumer

from agents import clock
from agents.cli.context import note, out, say, settings_of, warn
from agents.cli.progress import Counting
from agents.cli.tables import plain_table
from agents.kafka import config
from agents.kafka.admin import connect
from agents.kafka.deadletters import DeadLetter, from_record
from agents.kafka.reading import read_to_end
from agents.kafka.retry import Filter, group
from agents.kafka.retry import retry as retry_letters
from agents.kafka.sending import Sender
from agents.settings import Settings
from schemas.codec import Reason
from schemas.topics import DEAD_LETTERS

commands = typer.Typer(
    no_args_is_help=True, add_completion=False, help="List, show and retry refused messages."
)

_HOUR_SECONDS = 3600

OfReason = Annotated[
    Reason | None, typer.Option("--reason", help="Only messages refused for this reason.")
]
OfTopic = Annotated[str | None, typer.Option("--topic", help="Only messages of this topic.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Show at most so many rows.")]
Wait = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for Kafka.")]


@dataclass(slots=True)
class _Group:
    """Dead letters of one reason and topic."""

    count: int = 0
    last_hour: int = 0
    first_at: float = float("inf")
    last_at: float = float("-inf")

    def add(self, letter: DeadLetter, now: float) -> None:
        """Count one."""
        at = letter.origin.at
        self.count += 1
        self.last_hour += now - at < _HOUR_SECONDS
        self.first_at = min(self.first_at, at)
        self.last_at = max(self.last_at, at)

    def cells(self) -> tuple[str, ...]:
        """Return what a row of the table says of them."""
        return (
            *(f"{self.count:,}", f"{self.last_hour:,}"),
            *(_utc(self.first_at), _utc(self.last_at)),
        )


@commands.command("list")
def list_(
    ctx: typer.Context,
    *,
    reason: OfReason = None,
    topic: OfTopic = None,
    limit: Limit = 50,
    wait: Wait = 10,
) -> None:
    """Count refused messages by reason and topic, the most frequent first."""
    settings = settings_of(ctx)
    wanted, now = Filter(reason, topic), clock.now()
    groups: dict[tuple[str, str], _Group] = {}
    for _, letter in _letters(settings, wanted, wait):
        groups.setdefault((letter.reason, letter.origin.topic), _Group()).add(letter, now)
    if not groups:
        say("no dead letters")
        return
    ranked = sorted(groups.items(), key=lambda item: -item[1].count)
    headings = ("reason", "topic", "count", "last hour", "first", "last")
    rows = ((why, where, *counted.cells()) for (why, where), counted in ranked[:limit])
    out().print(plain_table(headings, rows, numbers={"count", "last hour"}))
    if len(ranked) > limit:
        warn(f"{len(ranked) - limit} more rows; --limit shows them")


@commands.command()
def show(  # noqa: PLR0913 - each is an option of the command line
    ctx: typer.Context,
    *,
    reason: OfReason = None,
    topic: OfTopic = None,
    limit: Limit = 20,
    values: Annotated[
        bool, typer.Option("--values", help="Also print the messages, which may name customers.")
    ] = False,
    wait: Wait = 10,
) -> None:
    """Show the newest dead letters: the reason, the place in the message, and its offset."""
    settings = settings_of(ctx)
    newest = heapq.nlargest(
        limit, _letters(settings, Filter(reason, topic), wait), key=lambda pair: _age_key(pair[1])
    )
    if not newest:
        say("no dead letters")
        return
    headings = ("at", "reason", "where", "topic", "partition", "offset", "bytes")
    rows = (_cells(letter) for _, letter in newest)
    out().print(plain_table(headings, rows, numbers={"partition", "offset", "bytes"}))
    if values:
        for _, letter in newest:
            say((letter.message.value or b"").decode("utf-8", "backslashreplace"))


@commands.command()
def retry(
    ctx: typer.Context, *, reason: OfReason = None, topic: OfTopic = None, wait: Wait = 10
) -> None:
    """Send refused messages back to their topics.

    Each dead letter is sent back only once, however often you run this. A message that is refused
    again becomes a new dead letter.
    """
    settings = settings_of(ctx)
    with closing(_consumer(settings, wait)) as consumer, Sender(settings) as sender:
        tally = retry_letters(consumer, sender, Filter(reason, topic))
    for (why, where), count in sorted(tally.sent.items()):
        say(f"{count:,} {why} back to {where}")
    say(f"{tally.sent.total():,} dead letters retried")
    if tally.strangers:
        warn(f"{tally.strangers:,} came from topics that are no source topics; they were left")


def _letters(
    settings: Settings, wanted: Filter, wait_seconds: float
) -> Iterator[tuple[int, DeadLetter]]:
    """Yield the dead letters that are meant, numbered."""
    with (
        closing(_consumer(settings, wait_seconds)) as consumer,
        Counting("dead letters read") as counting,
    ):
        for number, record in enumerate(read_to_end(consumer, DEAD_LETTERS.name), 1):
            counting.advance(number)
            letter = from_record(record.message)
            if letter is not None and wanted.takes(letter):
                yield number, letter


def _consumer(settings: Settings, wait_seconds: float) -> Consumer:
    connect(settings, wait_seconds=wait_seconds, progress=note)
    return Consumer(config.consumer(settings, group(settings.app_id)))


def _age_key(letter: DeadLetter) -> tuple[float, str, int, int]:
    origin = letter.origin
    return origin.at, origin.topic, origin.partition, origin.offset


def _cells(letter: DeadLetter) -> tuple[str, ...]:
    origin = letter.origin
    place = (origin.topic, str(origin.partition), str(origin.offset))
    size = f"{len(letter.message.value or b''):,}"
    return (_utc(origin.at), letter.reason, letter.where, *place, size)


def _utc(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}Z"
