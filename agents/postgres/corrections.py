"""What corrections moved, as the database has it."""

from datetime import datetime
from typing import NamedTuple

from agents.postgres.connection import Connection
from agents.postgres.scripts import named_statements

_SQL = named_statements("corrections.sql")


class Level(NamedTuple):
    """A quarter of an hour of a queue that corrections changed. Levels: 0..1, None of nothing."""

    start_at: datetime
    queue: str
    corrections: int
    calls_offered: int
    """How many more (or fewer) were offered than before."""
    before: float | None
    after: float | None


class MovedMeasure(NamedTuple):
    """A measure of a quarter of an hour that corrections changed, all reps together."""

    start_at: datetime
    measure: str
    corrections: int
    before: float
    after: float


class MovedCell(NamedTuple):
    """One cell of one pane, before and after one event."""

    start_at: datetime
    queue: str
    rep: str
    event_id: str
    corrects_id: str
    cell: str
    before: float
    after: float


async def levels(
    connection: Connection, since: datetime, until: datetime, queue: str = ""
) -> list[Level]:
    """Return at most 1,000 quarters of an hour in [since, until), of one queue or of all."""
    return [Level(*row) for row in await connection.fetch(_SQL["levels"], since, until, queue)]


async def measures(connection: Connection, since: datetime, until: datetime) -> list[MovedMeasure]:
    """Return at most 1,000 measures of reps, meetings, activities and deals that were moved."""
    return [MovedMeasure(*row) for row in await connection.fetch(_SQL["measures"], since, until)]


async def moved_cells(
    connection: Connection, since: datetime, until: datetime, queue: str = ""
) -> list[MovedCell]:
    """Return at most 5,000 cells that were moved there."""
    return [MovedCell(*row) for row in await connection.fetch(_SQL["cells"], since, until, queue)]
