"""The baseline in PostgreSQL: learnt by one worker at a time from the panes, kept by version."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from agents.errors import RingsideError
from agents.postgres.pool import Database, PoolConnection
from agents.postgres.scripts import named_statements
from schemas.measures import ACTIVITY_VOLUME, QUARTER_SECONDS
from streams.baseline.build import ALGORITHM, Counts, History, Series, Span, build
from streams.baseline.profile import WEEKS, Profile, Slot
from streams.baseline.sources import COUNTED
from streams.roster import RosterIndex

LOCK_KEY = 7_246_391_002
"""Of the advisory lock that lets one learn at a time; any number that nobody else uses."""
KEPT_VERSIONS = 30
VOLUME = "activity_volume"
KINDS = (VOLUME, *(measure.name for measure in ACTIVITY_VOLUME))
"""Of which a team has a baseline: each measure that may make up its activity, and their sum."""
_WEEK_SECONDS = 7 * 86_400
_SQL = named_statements("baseline.sql")

_TEAMS = f"""
SELECT team, team_site, extract(epoch FROM start_at)::bigint AS start_at,
    sum(
        call_wait_seconds
        + CASE WHEN source = ANY ($3) THEN call_talk_seconds + call_hold_seconds ELSE 0 END
    )::float8 AS delay_seconds,
    {", ".join(f"sum({kind})::float8 AS {kind}" for kind in KINDS)}
FROM ringside.pane_located
WHERE start_at >= to_timestamp($1) AND start_at < to_timestamp($2) AND team <> ''
GROUP BY team, team_site, start_at
"""  # noqa: S608 - names of the catalogue
_RECORDERS = """
SELECT array_agg(source) FROM (
    SELECT source FROM ringside.call
    WHERE last_at >= to_timestamp($1) AND source <> ''
    GROUP BY source
    HAVING bool_and(ended_at IS NOT NULL OR abandoned_at IS NOT NULL)
) AS recorders
"""
"""Sources none of whose calls was ever seen under way: they send a record when it has ended."""
_SOURCES = f"""
SELECT source, site, extract(epoch FROM start_at)::bigint AS start_at,
    sum({" + ".join(COUNTED)})::float8 AS counted
FROM ringside.pane_located
WHERE start_at >= to_timestamp($1) AND start_at < to_timestamp($2)
GROUP BY source, site, start_at
"""  # noqa: S608 - names of the catalogue


class NoHistoryError(RingsideError):
    """There is nothing to learn a baseline from: no quarter of an hour has been counted yet."""


class Baseline(NamedTuple):
    """One version of it."""

    version: int
    computed_at: float
    profiles: Mapping[Series, Profile]


class BaselineStore:
    """Learns baselines and reads them back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest_version(self) -> tuple[int, float] | None:
        """Return the newest version and when it was learnt, or None if there is none.

        Raises:
            DatabaseError: the database does not answer.
        """
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(_SQL["newest"])
        return (row["version"], row["computed_at"]) if row is not None else None

    async def newest(self) -> Baseline | None:
        """Return the newest baseline, or None if none was ever learnt.

        Raises:
            DatabaseError: the database does not answer.
        """
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(_SQL["newest"])
            if row is None:
                return None
            found = await connection.fetch(_SQL["profiles"], row["version"])
        return Baseline(row["version"], row["computed_at"], dict(map(_profile, found)))

    async def announce_replay(self, now: float, *, until_at: float, note: str) -> None:
        """Say that old events will be replayed: lag is no news until then.

        Raises:
            DatabaseError: it is not known to be kept; say it again.
        """
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["announce_replay"], now, until_at, note)

    async def replay_until(self, now: float) -> float:
        """Return until when a replay was announced; 0 if none goes on.

        Raises:
            DatabaseError: the database does not answer.
        """
        async with self._database.transaction() as connection:
            return await connection.fetchval(_SQL["replay_until"], now) or 0.0

    async def rebuild(
        self, roster: RosterIndex, now: float, *, older_than_seconds: float = 0.0
    ) -> int | None:
        """Learn a new version from the last weeks and keep it; return its number.

        None if another is at it, or there is one already that is not older than that.

        Raises:
            NoHistoryError: nothing has been counted yet.
            DatabaseError: the database does not answer; nothing was changed.
        """
        async with self._database.transaction() as connection:
            if not await connection.fetchval(_SQL["lock"], LOCK_KEY):
                return None
            newest = await connection.fetchrow(_SQL["newest"])
            if newest is not None and now - newest["computed_at"] < older_than_seconds:
                return None
            span = await _span(connection, now)
            history = await _history(connection, span)
            profiles = await asyncio.to_thread(build, history, roster, span)
            return await keep(connection, profiles, span, now)


async def _span(connection: PoolConnection, now: float) -> Span:
    began_at = await connection.fetchval(_SQL["began_at"])
    # The quarter that is filling is not complete.
    end_at = now // QUARTER_SECONDS * QUARTER_SECONDS
    if began_at is None or began_at >= end_at:
        raise NoHistoryError
    return Span(max(began_at, end_at - WEEKS * _WEEK_SECONDS), end_at)


async def _history(connection: PoolConnection, span: Span) -> History:
    history: dict[Series, Counts] = {}
    delays: dict[tuple[str, str], float] = {}
    recorders = await connection.fetchval(_RECORDERS, span.start_at) or []
    for row in await connection.fetch(_TEAMS, *span, recorders):
        team, site = row["team"], row["team_site"]
        delays[team, site] = delays.get((team, site), 0.0) + row["delay_seconds"]
        for kind in KINDS:
            if row[kind]:
                counts = history.setdefault(Series("team", team, site, kind), Counts())
                counts.by_quarter[row["start_at"]] = row[kind]
    for series, counts in history.items():
        if series.kind in {VOLUME, "calls_answered"}:
            # A call counts where it came in, but only once it is answered, or has ended.
            total = sum(counts.by_quarter.values())
            counts.delay_seconds = delays[series.name, series.site] / total
    for row in await connection.fetch(_SOURCES, *span):
        if row["counted"]:
            counts = history.setdefault(Series("source", row["source"], row["site"], ""), Counts())
            counts.by_quarter[row["start_at"]] = row["counted"]
    return history


async def keep(
    connection: PoolConnection, profiles: Mapping[Series, Profile], span: Span, now: float
) -> int:
    """Keep profiles as a new version, forget the oldest, and return the version."""
    version: int = await connection.fetchval(_SQL["begin"], now, *span, ALGORITHM)
    rows = [_row(series, profile) for series, profile in sorted(profiles.items())]
    if rows:
        await connection.execute(_SQL["fill"], version, *map(list, zip(*rows, strict=True)))
    await connection.execute(_SQL["forget"], KEPT_VERSIONS)
    return version


def _row(series: Series, profile: Profile) -> tuple[Any, ...]:
    slots = profile.slots
    return (
        *series,
        profile.weeks,
        profile.days_ignored,
        profile.delay_seconds,
        _array(list(slots)),
        _array([slot.expected for slot in slots.values()]),
        _array([slot.spread for slot in slots.values()]),
    )


def _array(values: list[Any]) -> str:
    """Return an array as PostgreSQL writes it: arrays of arrays cannot be sent row by row."""
    return "{" + msgspec.json.encode(values).decode()[1:-1] + "}"


def _profile(row: Any) -> tuple[Series, Profile]:  # noqa: ANN401 - a record of asyncpg
    each = zip(row["slots"], row["expected"], row["spreads"], strict=True)
    slots = {slot: Slot(expected, spread) for slot, expected, spread in each}
    series = Series(row["subject"], row["name"], row["site"], row["kind"])
    return series, Profile(slots, row["weeks"], row["days_ignored"], row["delay_seconds"])
