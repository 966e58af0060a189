"""`ringside publish`: JSON Lines of CloudEvents into Kafka."""

import sys
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from agents import clock
from agents.cli.context import note, say, settings_of, warn
from agents.cli.progress import Counting
from agents.errors import InputError, RefusedError
from agents.kafka.admin import connect
from agents.kafka.preflight import check_rights
from agents.kafka.publish import lines, to_message
from agents.kafka.rights import Role
from agents.kafka.sending import Sender
from agents.kafka.topics import check_topics
from agents.settings import Settings
from schemas.codec import Message, Rejected
from schemas.customers import Tokeniser
from schemas.topics import SOURCES

commands = typer.Typer(add_completion=False, rich_markup_mode="rich")

_SHOWN = 20
_AHEAD_SECONDS = 0.005


@commands.command(
    epilog="[bold]Examples[/bold]\n\nringside publish events.jsonl\n\n"
    "zcat week.jsonl.gz | ringside publish - --rate 500 --rejects refused.jsonl"
)
def publish(  # noqa: PLR0913 - each is an option of the command line
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="File to send, or - for standard input.")],
    *,
    rate: Annotated[
        float | None,
        typer.Option("--rate", min=0.001, help="Send at most so many events a second."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad line.")] = False,
    rejects: Annotated[
        Path | None,
        typer.Option("--rejects", dir_okay=False, help="Write refused lines to this file."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check; send nothing.")] = False,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for Kafka.")] = 30,
) -> None:
    """Send events from a file (JSON Lines of CloudEvents) to Kafka.

    Checks each line. Names a refused line by its number, skips it, and exits with 1 at the end.
    Customers' numbers are replaced by tokens before they leave this machine. The order of the lines
    is kept for each call, rep, meeting or deal.
    """
    settings = settings_of(ctx)
    tokeniser = tokeniser_of(settings, dry_run=dry_run)
    with ExitStack() as stack:
        stream, total = opened(stack, file)
        publication = _Publication(
            stream=stream,
            kept=created(stack, rejects),
            sender=None if dry_run else stack.enter_context(sender_of(settings, wait)),
            counting=stack.enter_context(Counting("events", total=total)),
            tokeniser=tokeniser,
            strict=strict,
            rate=rate,
        )
        try:
            publication.run()
        finally:
            publication.report()
    if publication.refused:
        raise RefusedError(publication.refusals())


@dataclass(slots=True, kw_only=True)
class _Publication:
    """One run: where the lines come from, where they go, what has happened so far."""

    stream: BinaryIO
    kept: BinaryIO | None
    sender: Sender | None
    counting: Counting
    tokeniser: Tokeniser
    strict: bool
    rate: float | None
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Send line by line, to the end or (strict) to the first refusal."""
        started_at = clock.monotonic()
        done_bytes = 0
        for number, line in lines(self.stream):
            done_bytes += len(line) + 1
            message = to_message(line, now=clock.now(), tokeniser=self.tokeniser)
            if isinstance(message, Rejected):
                self._refuse(number, line, message)
                if self.strict:
                    break
            else:
                self._send(message, started_at)
            self.counting.advance(self.accepted, done_bytes)
        if self.sender is not None:
            self.sender.finish()

    def report(self) -> None:
        """Say how many there were."""
        if self.sender is None:
            say(f"{self.accepted} events are right; nothing was sent (--dry-run)")
        else:
            self.sender.settle()
            note(self.counting.text())
            say(f"{self.sender.confirmed} events confirmed by Kafka")

    def refusals(self) -> str:
        """Return how many lines were refused, by reason."""
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.refused.most_common())
        lines_ = "1 line was" if self.refused.total() == 1 else f"{self.refused.total()} lines were"
        return f"{lines_} refused ({reasons})"

    def _send(self, message: Message, started_at: float) -> None:
        self.accepted += 1
        if self.sender is None:
            return
        self.sender.send(message)
        if self.rate is not None:
            ahead_seconds = started_at + self.accepted / self.rate - clock.monotonic()
            if ahead_seconds > _AHEAD_SECONDS:
                self.sender.rest(ahead_seconds)

    def _refuse(self, number: int, line: bytes, why: Rejected) -> None:
        if self.refused.total() < _SHOWN:
            place = f" at {why.where}" if why.where else ""
            warn(f"line {number} refused: {why.reason}{place}")
        elif self.refused.total() == _SHOWN:
            warn("more lines are refused; they are only counted from here on")
        self.refused[why.reason] += 1
        if self.kept is not None:
            self.kept.write(line + b"\n")


def tokeniser_of(settings: Settings, *, dry_run: bool) -> Tokeniser:
    """Return what replaces customers' numbers; where nothing is sent it needs no key."""
    if dry_run and settings.customer_key is None:
        return Tokeniser(b"nothing is sent, so any key will do")
    return settings.tokeniser()


def sender_of(settings: Settings, wait_seconds: float) -> Sender:
    """Return a producer, once Kafka is there and its topics are as they should be."""
    admin = connect(settings, wait_seconds=wait_seconds, progress=note)
    check_rights(admin, settings, Role.PUBLISHER)
    check_topics(admin, settings, SOURCES)
    return Sender(settings)


def opened(stack: ExitStack, file: Path) -> tuple[BinaryIO, int | None]:
    """Open a file, and return its size too; standard input has none."""
    if str(file) == "-":
        return sys.stdin.buffer, None
    try:
        return stack.enter_context(file.open("rb")), file.stat().st_size
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None


def created(stack: ExitStack, file: Path | None) -> BinaryIO | None:
    """Create a file to write; None if none is wanted."""
    if file is None:
        return None
    try:
        return stack.enter_context(file.open("wb"))
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None
