"""What a PBX counted beside what we did, as the database has it."""

from dataclasses import dataclass
from datetime import datetime

from agents.postgres.connection import Connection
from agents.postgres.pool import PoolConnection
from agents.postgres.scripts import named_statements

_STATEMENTS = named_statements("reconcile.sql")


@dataclass(frozen=True, slots=True)
class Compared:
    """One queue and interval of a source. What is not known is None."""

    source: str
    queue: str
    from_at: datetime
    to_at: datetime
    missing: str
    """Which half is not there: `pbx`, `ours`, `not yet`; or nothing."""
    pbx_completed: int | None
    completed: int | None
    pbx_abandoned: int | None
    abandoned: int | None
    pbx_service_level: float | None
    service_level: float | None

    @property
    def differences(self) -> dict[str, float]:
        """Ours less the PBX's, of what both have."""
        pairs = {
            "completed": (self.completed, self.pbx_completed),
            "abandoned": (self.abandoned, self.pbx_abandoned),
            "service_level": (self.service_level, self.pbx_service_level),
        }
        return {
            name: ours - theirs
            for name, (ours, theirs) in pairs.items()
            if ours is not None and theirs is not None
        }

    @property
    def agrees(self) -> bool:
        """Whether both halves are there and equal; shares to half a thousandth, as PBXs round."""
        return not self.missing and all(
            abs(difference) < 0.0005 for difference in self.differences.values()
        )


async def compared(
    connection: Connection,
    source: str,
    *,
    queue: str | None,
    from_at: datetime,
    to_at: datetime,
) -> list[Compared]:
    """Return the intervals of a source that lie within [from_at, to_at), by time and queue."""
    rows = await connection.fetch(_STATEMENTS["compared"], source, queue, from_at, to_at)
    return [Compared(*row) for row in rows]


async def sources(connection: Connection) -> list[str]:
    """Return the sources that told of their counters."""
    return [row[0] for row in await connection.fetch(_STATEMENTS["sources"])]


async def latest(connection: "Connection | PoolConnection") -> list[Compared]:
    """Return the last interval of the last day of each source and queue."""
    return [Compared(*row) for row in await connection.fetch(_STATEMENTS["latest"])]
