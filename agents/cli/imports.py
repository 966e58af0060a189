"""`ringside import`: what other programs exported, into Kafka."""

import csv
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from agents import clock
from agents.cli.context import note, say, settings_of, warn
from agents.cli.progress import Counting
from agents.cli.publish import created, opened, sender_of, tokeniser_of
from agents.errors import InputError, RefusedError
from agents.imports import mapping as mappings
from agents.imports.deals import Found, Refused, deals, event_of
from agents.imports.mapping import Mapping
from agents.kafka.publish import to_message
from agents.kafka.sending import Sender
from agents.simulating.period import parse_instant
from schemas.codec import Rejected, encode
from schemas.customers import Tokeniser

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Import deals from a CRM's export.",
)

_SHOWN = 20


@commands.callback()
def _group() -> None:
    """Import deals that another program exported."""


@commands.command(
    "deals",
    epilog="[bold]Examples[/bold]\n\n"
    "ringside import deals export.csv --mapping docs/examples/import-deals.yaml --dry-run\n\n"
    "ringside import deals export.csv --mapping our-crm.yaml --report refused.csv",
)
def deals_(  # noqa: PLR0913 - each is an option of the command line
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="CSV file with a header line, or - for standard input.")
    ],
    *,
    mapping: Annotated[
        Path,
        typer.Option(
            "--mapping",
            help="YAML file that maps the columns, like docs/examples/import-deals.yaml.",
        ),
    ],
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help=("When the export was made, ISO 8601; default: the file's modification time."),
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check; send nothing.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            dir_okay=False,
            help="Write refused lines and their reasons to this CSV file.",
        ),
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", min=0.001, help="Send at most so many deals a second.")
    ] = None,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for Kafka.")] = 30,
) -> None:
    """Import deals that are older than the log, with their history, from a CRM's export.

    Each deal becomes one event, deal.imported, dated now, so live traffic may go on. Its history
    counts on the days on which it happened. Events from after the export stay in force. Safe to
    repeat: importing the same file again changes nothing. Names each refused line, imports the
    others, and exits with 1 at the end.
    """
    settings = settings_of(ctx)
    known = mappings.read(mapping)
    tokeniser = tokeniser_of(settings, dry_run=dry_run)
    exported_at = _exported_at(file, as_of)
    with ExitStack() as stack:
        stream, total = opened(stack, file)
        run = _Import(
            mapping=known,
            exported_at=exported_at,
            stream=stream,
            tokeniser=tokeniser,
            report=_writer(created(stack, report)),
            sender=None if dry_run else stack.enter_context(sender_of(settings, wait)),
            counting=stack.enter_context(Counting("deals", total=total)),
            rate=rate,
        )
        try:
            run.run()
        finally:
            run.tell()
    if run.refused:
        raise RefusedError(run.refusals())


@dataclass(slots=True, kw_only=True)
class _Import:
    """One run: what the file means, where its deals go, what has happened so far."""

    mapping: Mapping
    exported_at: datetime
    stream: BinaryIO
    tokeniser: Tokeniser
    report: "Any"
    sender: Sender | None
    counting: Counting
    rate: float | None
    outcomes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Send deal by deal."""
        text = TextIOWrapper(self.stream, encoding=self.mapping.encoding, newline="")
        try:
            started_at = clock.monotonic()
            for found in deals(text, self.mapping, self.exported_at):
                if isinstance(found, Refused):
                    self._refuse(found)
                else:
                    self._send(found, started_at)
                self.counting.advance(self.outcomes.total(), self._done_bytes())
        finally:
            text.detach()
        if self.sender is not None:
            self.sender.finish()

    def tell(self) -> None:
        """Say how many there were."""
        deals_ = "1 deal" if self.outcomes.total() == 1 else f"{self.outcomes.total()} deals"
        parts = ", ".join(f"{self.outcomes[name]} {name}" for name in ("open", "won", "lost"))
        if self.sender is None:
            say(f"{deals_} can be imported ({parts}); nothing was sent (--dry-run)")
        else:
            self.sender.settle()
            note(self.counting.text())
            say(f"{deals_} imported ({parts}); {self.sender.confirmed} confirmed by Kafka")

    def refusals(self) -> str:
        """Return how many lines were refused, by reason."""
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.refused.most_common())
        lines = "1 line was" if self.refused.total() == 1 else f"{self.refused.total()} lines were"
        return f"{lines} refused ({reasons}); mend the file or the mapping and import it again"

    def _send(self, found: Found, started_at: float) -> None:
        now = clock.now()
        event = event_of(found, self.mapping.source, now)
        # As from anybody else: what the worker would refuse is refused here, by its line.
        message = to_message(encode(event), now=now, tokeniser=self.tokeniser)
        if isinstance(message, Rejected):
            self._refuse(Refused(found.line, message.where.rpartition(".")[2], message.reason))
            return
        self.outcomes[found.data.outcome or "open"] += 1
        if self.sender is None:
            return
        self.sender.send(message)
        if self.rate is not None:
            due_at = started_at + self.outcomes.total() / self.rate
            self.sender.rest(max(0.0, due_at - clock.monotonic()))

    def _refuse(self, why: Refused) -> None:
        if self.refused.total() < _SHOWN:
            warn(f"line {why.line} refused: {_place(why)}{why.reason}")
        elif self.refused.total() == _SHOWN:
            warn("more lines are refused; they are only counted from here on (see --report)")
        self.refused[f"{_place(why)}{why.reason}"] += 1
        if self.report is not None:
            self.report.writerow(why)

    def _done_bytes(self) -> int:
        try:
            return self.stream.tell()
        except OSError:
            return 0  # a pipe does not say


def _place(why: Refused) -> str:
    return f"{why.column}: " if why.column else ""


def _writer(stream: BinaryIO | None) -> Any:  # noqa: ANN401 - csv has no public type for its writers
    if stream is None:
        return None
    writer = csv.writer(TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True))
    writer.writerow(Refused._fields)
    return writer


def _exported_at(file: Path, as_of: str | None) -> datetime:
    """Return when the export was made."""
    if as_of is not None:
        return datetime.fromtimestamp(parse_instant(as_of), UTC)
    if str(file) == "-":
        raise InputError("standard input has no date: say with --as-of when the export was made")
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
