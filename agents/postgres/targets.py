"""What teams have reached of their monthly targets, added up from the panes by one at a time."""

import asyncio
from collections.abc import Mapping

from agents.postgres.baseline import LOCK_KEY
from agents.postgres.pool import Database, PoolConnection
from agents.postgres.scripts import named_statements
from streams.roster import RosterIndex
from streams.targets import Month, Progress, month_of, progress, targeted

_SQL = named_statements("baseline.sql")


class TargetStore:
    """Reads how far teams have come. It shares the baseline's lock: both read much history."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def progress(self, roster: RosterIndex, now: float) -> tuple[Progress, ...] | None:
        """Return where each team stands that has a target.

        None if nothing has been counted yet, another is at it, or learns the baseline.

        Raises:
            DatabaseError: the database does not answer.
        """
        targets = await asyncio.to_thread(targeted, roster, now)
        if not targets:
            return ()
        months = {site: month_of(site, roster, now) for site, _ in targets.values()}
        async with self._database.transaction() as connection:
            if not await connection.fetchval(_SQL["lock"], LOCK_KEY):
                return None
            began_at = await connection.fetchval(_SQL["began_at"])
            if began_at is None:
                return None
            reached: dict[tuple[str, str], float] = {}
            for month in set(months.values()):
                here = {
                    team: each.counts
                    for team, each in targets.items()
                    if months[each.site] == month
                }
                reached |= await _reached(connection, month, here)

        def compute() -> tuple[Progress, ...]:
            return tuple(progress(roster, reached, now, began_at=began_at))

        return await asyncio.to_thread(compute)


async def _reached(
    connection: PoolConnection, month: Month, targets: Mapping[str, Mapping[str, int]]
) -> dict[tuple[str, str], float]:
    measures = sorted({measure for counts in targets.values() for measure in counts})
    sums = ", ".join(f"sum({measure})::float8 AS {measure}" for measure in measures)
    rows = await connection.fetch(
        f"SELECT team, {sums} FROM ringside.pane_located"  # noqa: S608 - names of the catalogue
        " WHERE start_at >= to_timestamp($1) AND start_at < to_timestamp($2) AND team = ANY ($3)"
        " GROUP BY team",
        *month,
        list(targets),
    )
    return {(row["team"], each): row[each] or 0.0 for row in rows for each in measures}
