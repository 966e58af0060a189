"""`ringside alerts`: who is told, whether it arrives, and what became of every alert."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from agents import clock
from agents.alerting import settings as alert_settings
from agents.alerting.config import configuration, write
from agents.alerting.receiver import Receiver, serving
from agents.alerting.settings import AlertSettings
from agents.alerting.trial import Trial, trial
from agents.cli.context import out, say, settings_of, warn
from agents.cli.tables import minute, plain_table
from agents.errors import InputError
from agents.kafka import rosterfile
from agents.postgres.alerts import AlertStore
from agents.postgres.baseline import BaselineStore
from agents.postgres.pool import Database
from agents.settings import Settings
from agents.simulating.period import parse_duration
from schemas.roster import Site

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Configure and test alerts; list and mark those that fired.",
)

PORT = 9475
_VERDICTS = {True: "true", False: "false", None: ""}
_T = TypeVar("_T")


@commands.command()
def config(
    ctx: typer.Context,
    *,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Settings file like deploy/alerts.yaml; default: the built-in settings."
        ),
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option(
            "--roster", help="Roster (YAML); its calendars mute warnings outside working hours."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this file instead of the screen."),
    ] = None,
) -> None:
    """Write Alertmanager's configuration: routes by team and severity, inhibition, mute times.

    The rules that go with it: `ringside dashboards rules FILE`. Secrets stay in their files.
    """
    settings_of(ctx)
    settings = AlertSettings() if file is None else alert_settings.read(file)
    sites: tuple[Site, ...] = () if roster is None else rosterfile.read(roster).sites
    text = configuration(settings.delivery, sites)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        write(output, text)
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}") from None
    say(f"{output} written; make Alertmanager read it: kill -HUP, or POST /-/reload")


@commands.command()
def receive(
    ctx: typer.Context,
    *,
    token_file: Annotated[
        Path, typer.Option("--token-file", help="File with the token that Alertmanager must send.")
    ],
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", help="Port to listen on; 0 takes any free one.")
    ] = PORT,
) -> None:
    """Receive alerts from Alertmanager, keep them in PostgreSQL, and serve the runbooks.

    Alertmanager must send the same token: `credentials_file` of its receiver `history`. Runs until
    Ctrl-C.
    """
    settings = settings_of(ctx)
    token = _token(token_file)
    database = Database(settings.required("database_url"), application="ringside alerts")
    receiver = Receiver(AlertStore(database), token=token, now=clock.now)

    async def run() -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        async with serving(receiver, host, port) as bound:
            say(f"receiving alerts on http://{host}:{bound}/alerts; runbooks under /runbooks")
            await stopped.wait()
        await database.close()

    asyncio.run(run())


@commands.command("test")
def send_test(
    ctx: typer.Context,
    *,
    alertmanager: Annotated[
        str, typer.Option("--alertmanager", help="Alertmanager's address.")
    ] = "http://127.0.0.1:9093",
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--label", help="name=value, e.g. team=north; repeatable. Default severity: critical."
        ),
    ] = None,
    wait_seconds: Annotated[
        float,
        typer.Option("--wait", min=1, help="Seconds to wait; more than the longest group_wait."),
    ] = 45.0,
) -> None:
    """Send a test alert through Alertmanager, and report whether it arrived.

    Prints the receivers that the routes chose, the channels that worked or failed, and how long the
    alert took to reach the history. Exits with 1 if the alert did not arrive or a channel failed,
    even for another alert.
    """
    settings = settings_of(ctx)
    wanted = {"severity": "critical", **dict(map(_label, label or ()))}

    async def run(database: Database) -> Trial:
        noticed = AlertStore(database).noticed
        return await trial(
            alertmanager.rstrip("/"),
            wanted,
            noticed=noticed,
            timeout_seconds=wait_seconds,
            clock=clock.now,
        )

    found = _with_database(settings, run)
    say(f"routed to: {', '.join(found.receivers) or 'nobody'}")
    for way, count in sorted(found.told.items()):
        say(f"told by {way}: {count}")
    for way, count in sorted(found.failed.items()):
        warn(f"{count} attempts by {way} failed: see Alertmanager's log")
    if found.arrived_after_seconds is None:
        warn(f"it did not arrive within {wait_seconds:g} s; does `ringside alerts receive` run?")
        raise typer.Exit(1)
    say(f"arrived in the history after {found.arrived_after_seconds:.1f} s")
    if found.failed:
        raise typer.Exit(1)


@commands.command("list")
def list_(
    ctx: typer.Context,
    *,
    since: Annotated[str, typer.Option("--since", help="How far back: 90m, 12h, 7d.")] = "7d",
) -> None:
    """List recent alerts, newest first, with the ids that `mark` takes."""
    since_at = clock.now() - parse_duration(since)
    found = _with_database(settings_of(ctx), lambda each: AlertStore(each).recent(since_at))
    if not found:
        say(f"no alert in the last {since}")
        return
    headings = ("id", "began", "ended", "severity", "alert", "what", "right?", "note")
    rows = (
        (
            *(str(alert.id), minute(alert.starts_at)),
            minute(alert.ends_at) if alert.ends_at is not None else "still fires",
            *(alert.severity, alert.name, alert.summary, _VERDICTS[alert.is_true], alert.note),
        )
        for alert in found
    )
    out().print(plain_table(headings, rows, numbers={"id"}))


@commands.command()
def mark(
    ctx: typer.Context,
    *,
    alert: Annotated[int, typer.Argument(help="The alert's id, from `ringside alerts list`.")],
    is_true: Annotated[
        bool, typer.Argument(metavar="true|false", help="Whether the alert was right.")
    ],
    note: Annotated[str, typer.Option("--note", help="The reason, for the monthly review.")] = "",
) -> None:
    """Mark an alert as right or false. Marking it again replaces the earlier mark."""
    summary = _with_database(
        settings_of(ctx),
        lambda each: AlertStore(each).mark(alert, is_true=is_true, note=note, now=clock.now()),
    )
    if summary is None:
        raise InputError(f"there is no alert {alert}; `ringside alerts list` lists them")
    say(f"{summary}: marked as {_VERDICTS[is_true]}")


@commands.command()
def month(ctx: typer.Context) -> None:
    """Show by month how often each alert fired and was right or false, and how soon it came."""
    found = _with_database(settings_of(ctx), lambda each: AlertStore(each).by_month())
    if not found:
        say("no alert has fired yet")
        return
    headings = ("month", "alert", "fired", "right", "false", "not marked", "noticed after, s")
    rows = (
        (
            *(row.month, row.name),
            *map(str, (row.fired, row.right, row.false, row.unmarked)),
            f"{row.notice_seconds:.0f}",
        )
        for row in found
    )
    out().print(plain_table(headings, rows, numbers=headings[2:]))


@commands.command("announce-replay")
def announce_replay(
    ctx: typer.Context,
    *,
    lasts: Annotated[
        str, typer.Option("--for", help="How long the replay may take: 90m, 12h, 2d.")
    ] = "2h",
    note: Annotated[str, typer.Option("--note", help="What is replayed and why.")] = "",
) -> None:
    """Announce a replay of old events, so that no alert says that counting lags."""
    now = clock.now()
    until_at = now + parse_duration(lasts)
    _with_database(
        settings_of(ctx),
        lambda each: BaselineStore(each).announce_replay(now, until_at=until_at, note=note),
    )
    say(f"announced for {lasts}; workers know within 30 s")


def _with_database(settings: Settings, act: Callable[[Database], Awaitable[_T]]) -> _T:
    async def run() -> _T:
        database = Database(settings.required("database_url"), application="ringside alerts")
        try:
            return await act(database)
        finally:
            await database.close()

    return asyncio.run(run())


def _label(text: str) -> tuple[str, str]:
    name, is_said, value = text.partition("=")
    if not is_said or not name.isidentifier() or not value:
        raise InputError(f"--label {text!r} should look like team=north")
    return name, value


def _token(file: Path) -> str:
    token = ""
    with suppress(OSError, UnicodeDecodeError):  # then it is too short, too
        token = file.read_text(encoding="utf-8").strip()
    if len(token) < 16:
        raise InputError(
            f"--token-file {file} must hold a token of 16 characters or more; "
            "`openssl rand -hex 32` makes one"
        )
    return token
