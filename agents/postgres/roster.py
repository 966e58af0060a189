"""The roster into PostgreSQL, as a whole, so that views can join it to the panes."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from agents.postgres.pipelines import pipeline_columns
from agents.postgres.pool import Database
from agents.postgres.scripts import named_statements
from schemas.pipelines import Pipelines
from schemas.roster import Roster
from streams.roster import Period, RosterIndex

_SQL = named_statements("roster.sql")
SLICE_DEALS = 1000
"""So many deals are judged anew in one transaction."""

Columns = list[list[Any]]


class RosterWriter:
    """Replaces the roster in the database, only ever by a newer one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, roster: Roster, version: int, pipelines: Pipelines | None = None) -> bool:
        """Replace it and the pipelines, if *version* is greater than what is there.

        A version is an offset of the roster topic. Return whether it was replaced. Every worker may
        write the same one. Deals are judged by the pipelines that are there now when it returns.

        Raises:
            DatabaseError: it is not known to be written; write it again.
        """
        tables = roster_columns(roster) | pipeline_columns(pipelines or Pipelines())
        async with self._database.transaction() as connection:
            is_newer = await connection.execute(_SQL["claim"], version) == "UPDATE 1"
            if is_newer:
                await connection.execute(_SQL["hold_deals"])
                for table, columns in tables.items():
                    await connection.execute(_SQL[f"clear_{table}"])
                    await connection.execute(_SQL[f"fill_{table}"], *columns)
                await connection.execute(_SQL["renew_deal_rules"])
        while await self._follow_some():
            pass
        return is_newer

    async def _follow_some(self) -> int:
        """Judge some deals anew that are not yet; whoever did it before may have been killed."""
        async with self._database.transaction() as connection:
            count: int = await connection.fetchval(_SQL["follow_stale_deals"], SLICE_DEALS)
            return count


def roster_columns(roster: Roster) -> dict[str, Columns]:
    """Return the columns of each table. Pure."""
    periods = RosterIndex(roster).periods()
    return {
        "roster_site": [
            *_period_columns(periods.sites),
            [period.entry.zone for period in periods.sites],
            [_json(period.entry.working_hours) for period in periods.sites],
            [_dates(period.entry.holidays) for period in periods.sites],
        ],
        "roster_team": [
            *_period_columns(periods.teams),
            [period.entry.site for period in periods.teams],
        ],
        "roster_rep": [
            *_period_columns(periods.reps),
            [period.entry.team for period in periods.reps],
        ],
        "roster_queue": [
            *_period_columns(periods.queues),
            [period.entry.site for period in periods.queues],
            [period.entry.target_seconds for period in periods.queues],
            [period.entry.short_abandon_seconds for period in periods.queues],
        ],
        "roster_activity_volume": [sorted(set(roster.activity_volume))],
    }


def _period_columns(periods: Sequence[Period[Any]]) -> Columns:
    return [
        [period.id for period in periods],
        [period.start_at for period in periods],
        [period.end_at for period in periods],
    ]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _dates(dates: Iterable[object]) -> str:
    """Return dates as PostgreSQL writes an array of them."""
    return "{" + ",".join(sorted({str(date) for date in dates})) + "}"
