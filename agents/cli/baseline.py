"""`ringside baseline`: what is expected of each team and source."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from agents import clock
from agents.cli.context import note, out, say, settings_of, warn
from agents.cli.tables import plain_table
from agents.kafka import roster as rosters
from agents.kafka.admin import connect
from agents.kafka.topics import check_topics
from agents.postgres.baseline import VOLUME, Baseline, BaselineStore, NoHistoryError
from agents.postgres.pool import Database
from agents.settings import Settings
from schemas.measures import QUARTER_SECONDS
from schemas.topics import ROSTER
from streams.baseline.build import Series
from streams.baseline.profile import Profile
from streams.roster import RosterIndex

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="See what each team and source is expected to do, or learn it anew.",
)

_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
_T = TypeVar("_T")


@commands.command()
def show(
    ctx: typer.Context,
    *,
    team: Annotated[
        str, typer.Option("--team", help="Show what is expected of this team by hour.")
    ] = "",
    kind: Annotated[str, typer.Option("--kind", help="With --team: which measure.")] = VOLUME,
) -> None:
    """List what is expected of each team and source in a week, and how many weeks that is from.

    With --team, list what is expected of that team in each hour of the week, in its site's time.
    """
    found = _with_store(settings_of(ctx), lambda store: store.newest())
    if found is None:
        warn(
            "there is no baseline yet; wait for a worker to learn one, or run "
            "`ringside baseline rebuild`"
        )
        raise typer.Exit(1)
    say(f"version {found.version}, learnt {_instant(found.computed_at)}")
    if not found.profiles:
        say("it expects nothing yet: not enough has been counted to learn from")
        return
    out().print(_of_team(found, team, kind) if team else _overview(found))


@commands.command()
def rebuild(
    ctx: typer.Context,
    *,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for Kafka.")] = 10,
) -> None:
    """Learn a new baseline from the last eight weeks in PostgreSQL. Workers use it within 30 s.

    Applies the roster's present calendars and teams. Safe to repeat.
    """
    settings = settings_of(ctx)
    admin = connect(settings, wait_seconds=wait, progress=note)
    check_topics(admin, settings, [ROSTER])
    roster = RosterIndex(rosters.to_roster(rosters.read_values(settings)))
    try:
        version = _with_store(settings, lambda store: store.rebuild(roster, clock.now()))
    except NoHistoryError as error:
        raise NoHistoryError("nothing has been counted yet: start a worker first") from error
    if version is None:
        warn("a worker is learning it at this moment; nothing was done")
        raise typer.Exit(1)
    say(f"version {version} learnt")


def _with_store(settings: Settings, act: Callable[[BaselineStore], Awaitable[_T]]) -> _T:
    async def run() -> _T:
        url = settings.required("database_url")
        database = Database(url, application="ringside baseline", statement_seconds=300)
        try:
            return await act(BaselineStore(database))
        finally:
            await database.close()

    return asyncio.run(run())


def _overview(found: Baseline) -> Table:
    headings = ("of", "name", "site", "kind", "expected a week", "weeks", "days ignored")
    rows = (_of_series(series, profile) for series, profile in found.profiles.items())
    return plain_table(headings, rows, numbers={"expected a week", "weeks", "days ignored"})


def _of_series(series: Series, profile: Profile) -> tuple[str, ...]:
    a_week = sum(slot.expected for slot in profile.slots.values())
    weeks = str(profile.weeks or "its site's")
    return (*series, f"{a_week:,.1f}", weeks, str(profile.days_ignored))


def _of_team(found: Baseline, team: str, kind: str) -> Table:
    profiles = [
        profile
        for series, profile in found.profiles.items()
        if (series.subject, series.name, series.kind) == ("team", team, kind)
    ]
    if not profiles:
        warn(f"there is no baseline of the team {team!r} and the kind {kind!r}")
        raise typer.Exit(1)
    headings = ("hour", "expected", "deviation of a quarter")
    table = plain_table(headings, numbers=headings[1:])
    by_hour: dict[int, list[tuple[float, float]]] = {}
    for slot, each in profiles[0].slots.items():
        by_hour.setdefault(slot * QUARTER_SECONDS // 3600, []).append((each.expected, each.spread))
    for hour, slots in sorted(by_hour.items()):
        total = sum(expected for expected, _ in slots)
        spread = sum(spread for _, spread in slots) / len(slots)
        table.add_row(
            f"{_MONDAY + timedelta(hours=hour):%a %H:%M}", f"{total:.1f}", f"{spread:.1f}"
        )
    return table


def _instant(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}Z"
