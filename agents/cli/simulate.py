"""`ringside simulate`: a made-up call floor, into Kafka or a file."""

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from confluent_kafka.admin import AdminClient

from agents import clock
from agents.cli.context import note, say, settings_of, warn
from agents.errors import InputError
from agents.kafka import pipelines, rosterfile
from agents.kafka import roster as rosters
from agents.kafka.admin import connect
from agents.kafka.sending import Sender
from agents.kafka.topics import check_topics
from agents.settings import Settings
from agents.simulating.driver import Driver
from agents.simulating.outlets import FileOutlet, KafkaOutlet, Outlet
from agents.simulating.period import Pace, Period, Wanted, parse_duration, parse_instant
from agents.simulating.poison import Poison
from agents.simulating.progress import SimulationProgress
from agents.simulating.stopping import Stopping
from schemas.roster import Roster
from schemas.topics import ROSTER, SOURCES
from streams.simulation import FloorPlan, next_opening, plan_pipelines, plan_roster, simulate
from streams.simulation.parts import Mischief, PlanError

commands = typer.Typer(add_completion=False, rich_markup_mode="rich")

_FLOOR, _TIME, _TARGET, _FAULTS = "Floor", "Time", "Where to", "Faults to simulate"


@commands.command(
    "simulate",
    epilog="[bold]Examples[/bold]\n\n"
    "ringside simulate --always-open --backfill 20m --apply-roster\n\n"
    "ringside simulate --speed 60 --duration 8h\n\n"
    "ringside simulate --seed 7 --start 2026-03-02T08:00+09:00 --duration 1d --output day.jsonl",
)
def simulate_(  # noqa: PLR0913 - each is an option of the command line
    ctx: typer.Context,
    *,
    seed: Annotated[
        int, typer.Option(min=0, help="Same seed and start: same events.", rich_help_panel=_FLOOR)
    ] = 1,
    reps: Annotated[
        int,
        typer.Option(min=1, help="Each makes about 0.03 events a second.", rich_help_panel=_FLOOR),
    ] = 40,
    teams: Annotated[
        int | None, typer.Option(min=1, help="Default: one per 10 reps.", rich_help_panel=_FLOOR)
    ] = None,
    always_open: Annotated[
        bool,
        typer.Option(
            "--always-open", help="No shifts: full activity at any hour.", rich_help_panel=_FLOOR
        ),
    ] = False,
    speed: Annotated[
        float | None,
        typer.Option(
            "--speed",
            min=0.01,
            help="Simulated seconds a second; inf: no waiting. 1: live, from now. Faster: the past "
            "(a day, or --duration), then live.",
            rich_help_panel=_TIME,
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            min=0.001,
            help="Events a second whatever their times, from the past (a day, or --duration).",
            rich_help_panel=_TIME,
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--start", help="First simulated instant, ISO 8601.", rich_help_panel=_TIME),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(
            "--duration",
            help="Simulated time: 90s, 20m, 8h, 2d. Default: no end; for a file, an hour.",
            rich_help_panel=_TIME,
        ),
    ] = None,
    backfill: Annotated[
        str | None,
        typer.Option(
            "--backfill",
            help="Start so much earlier, and send that part at once.",
            rich_help_panel=_TIME,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Write JSON Lines to this file (- is standard output) instead of Kafka.",
            rich_help_panel=_TARGET,
        ),
    ] = None,
    write_roster: Annotated[
        Path | None,
        typer.Option(
            "--write-roster",
            dir_okay=False,
            help="Write the matching roster (YAML) to this file.",
            rich_help_panel=_TARGET,
        ),
    ] = None,
    apply_roster: Annotated[
        bool,
        typer.Option(
            "--apply-roster",
            help="Publish the matching roster first; other entries of the roster stay.",
            rich_help_panel=_TARGET,
        ),
    ] = False,
    wait: Annotated[
        float,
        typer.Option("--wait", min=0, help="Seconds to wait for Kafka.", rich_help_panel=_TARGET),
    ] = 30,
    duplicates: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of events sent twice.", rich_help_panel=_FAULTS),
    ] = 0.0,
    late: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of events sent late.", rich_help_panel=_FAULTS),
    ] = 0.0,
    poison: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of malformed ones added.", rich_help_panel=_FAULTS),
    ] = 0.0,
) -> None:
    """Simulate a call floor that sells, into Kafka or a file, until Ctrl-C or for --duration.

    Simulates shifts, queues, abandonment, transfers, campaigns, meetings, deals and leads. All of
    it is made up, also the customers' numbers. By default events are sent as they happen. A worker
    counts past events only up to RINGSIDE_LATENESS_SECONDS before the newest that it has seen.
    """
    settings = settings_of(ctx)
    wanted = Wanted(
        start_at=None if start is None else parse_instant(start),
        duration_seconds=None if duration is None else parse_duration(duration),
        backfill_seconds=0.0 if backfill is None else parse_duration(backfill),
        speed=speed,
        rate=rate,
        to_file=output is not None,
    )
    wanted.check(now=clock.now())
    mischief = Mischief(duplicate_share=duplicates, late_share=late)
    plan = _plan(reps, teams, mischief, always_open=always_open)
    if write_roster is not None:
        _write_roster(write_roster, plan_roster(plan))
    run = _Run(settings, plan, seed, wanted, poison, output, wait)
    if apply_roster:
        run.apply_roster()
    run.go()


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of the command, its options understood."""

    settings: Settings
    plan: FloorPlan
    seed: int
    wanted: Wanted
    poison: float
    output: Path | None
    wait_seconds: float

    def apply_roster(self) -> None:
        """Publish the plan's roster and pipeline over what is there; what is not in it stays."""
        self._connect_for_roster()
        old = rosters.read_values(self.settings)
        new = rosters.to_values(plan_roster(self.plan)) | _kept_choice(old)
        new |= pipelines.to_values(plan_pipelines(self.plan))
        messages = [message for message in rosters.changes(old, new) if message.value is not None]
        with Sender(self.settings) as sender:
            for message in messages:
                sender.send(message)
            sender.finish()
        note(f"roster: {len(messages)} entities published")

    def go(self) -> None:
        """Simulate until it ends or a signal comes."""
        with ExitStack() as stack:
            outlet = self._outlet(stack)
            stopping = stack.enter_context(Stopping())
            began_at = clock.now()
            period = Period.of(self.wanted, now=began_at)
            driver = Driver(
                outlet=outlet,
                pace=Pace(period, began_at),
                poison=Poison(self.poison, seed=self.seed),
                stopping=stopping,
                progress=stack.enter_context(SimulationProgress()),
            )
            self._warn_if_closed(period.start_at)
            events = simulate(
                self.plan, seed=self.seed, start_at=period.start_at, end_at=period.end_at
            )
            try:
                driver.run(events)
            except BrokenPipeError:
                _forget_standard_output()
        self._report(driver)

    def _warn_if_closed(self, at: float) -> None:
        opening_at = next_opening(self.plan, at)
        if opening_at > at:
            until = datetime.fromtimestamp(opening_at, UTC).isoformat(timespec="minutes")
            warn(f"the floor is closed until about {until}; --always-open ignores its hours")

    def _outlet(self, stack: ExitStack) -> Outlet:
        if self.output is not None:
            return FileOutlet(_opened(stack, self.output))
        tokeniser = self.settings.tokeniser()
        check_topics(self._connected(), self.settings, SOURCES)
        return KafkaOutlet(stack.enter_context(Sender(self.settings)), tokeniser)

    def _report(self, driver: Driver) -> None:
        where = (
            "sent to Kafka and confirmed" if self.output is None else f"written to {self.output}"
        )
        spoilt = f", {driver.spoilt:,} malformed messages beside" if driver.spoilt else ""
        text = f"{driver.events:,} events {where}{spoilt}"
        if self.output is None or str(self.output) != "-":
            say(text)

    def _connect_for_roster(self) -> None:
        check_topics(self._connected(), self.settings, [ROSTER])

    def _connected(self) -> AdminClient:
        return connect(
            self.settings,
            wait_seconds=self.wait_seconds,
            progress=note,
        )


def _plan(reps: int, teams: int | None, mischief: Mischief, *, always_open: bool) -> FloorPlan:
    try:
        return FloorPlan.sized(
            reps=reps,
            teams=teams or max(1, min(reps, round(reps / 10))),
            always_open=always_open,
            mischief=mischief,
            tells_all=True,
        )
    except PlanError as error:
        raise InputError(str(error)) from None


def _kept_choice(old: dict[str, bytes]) -> dict[str, bytes]:
    """Return which measures make up the activity volume, if that has been chosen already."""
    return {key: value for key, value in old.items() if key.startswith("activity_volume/")}


def _write_roster(file: Path, roster: Roster) -> None:
    try:
        file.write_text(rosterfile.dump(roster), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None
    note(f"roster written to {file}")


def _opened(stack: ExitStack, file: Path) -> BinaryIO:
    if str(file) == "-":
        return sys.stdout.buffer
    try:
        return stack.enter_context(file.open("wb"))
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from None


def _forget_standard_output() -> None:
    """Let the interpreter's last flush go nowhere: who read along (`| head`) has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
