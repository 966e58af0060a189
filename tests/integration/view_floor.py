"""What the tests of the SQL views share: panes and a roster put in, views read."""

from __future__ import annotations

from datetime import UTC, datetime

import asyncpg

from schemas.measures import SECONDS_BOUNDS

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ALWAYS, FOREVER = "-infinity", "infinity"


class Floor:
    """Puts panes and roster entries into the database, and reads views."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def pane(self, start_at: datetime = NOON, partition: int = 0, **values: object) -> None:
        """A pane; dimensions that are left out do not apply, measures left out are 0."""
        row: dict[str, object] = dict.fromkeys(("queue", "rep", "direction", "kind", "source"), "")
        row |= {"topic": "ringside.any", "partition": partition, "start_at": start_at}
        row |= {"epoch": 1, "last_offset": 1} | values
        places = ", ".join(f"${i}" for i in range(1, len(row) + 1))
        await self.connection.execute(
            f"INSERT INTO ringside.pane ({', '.join(row)}) VALUES ({places})",  # noqa: S608
            *row.values(),
        )

    async def site(self, name: str, zone: str) -> None:
        await self.connection.execute(
            "INSERT INTO ringside.roster_site VALUES ($1, '-infinity', 'infinity', $2, '{}', '{}')",
            *(name, zone),
        )

    async def entry(self, kind: str, *values: object, start: str = "", end: str = "") -> None:
        """An entry of the roster that holds from `start` to `end`, or always."""
        name, *others = values
        held = f"'{start or ALWAYS}', '{end or FOREVER}'"
        places = "".join(f", ${i}" for i in range(2, len(values) + 1))
        await self.connection.execute(
            f"INSERT INTO ringside.roster_{kind} VALUES ($1, {held}{places})",  # noqa: S608
            *(name, *others),
        )

    async def rows(self, query: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in await self.connection.fetch(query)]

    async def one(self, query: str) -> tuple[object, ...]:
        found = await self.rows(query)
        assert len(found) == 1, found
        return found[0]


def cumulative(total: int, up_to: dict[int, int]) -> list[int]:
    """Cumulative counts that step up at the bounds in `up_to`."""
    counts, reached = [], 0
    for bound in SECONDS_BOUNDS:
        reached = up_to.get(int(bound), reached)
        counts.append(reached)
    return [*counts, total]
