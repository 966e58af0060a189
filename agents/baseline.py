"""The baseline in a worker: read when there is a newer one, learnt anew when it has grown old."""

import asyncio
from collections.abc import Callable

from agents import clock, log
from agents.errors import RingsideError
from agents.postgres.baseline import Baseline, BaselineStore, NoHistoryError
from streams.roster import RosterIndex

LOOK_SECONDS = 30.0

_log = log.get(__name__)


class BaselineKeeper:
    """Holds the newest baseline. Every worker has one; the database lets one of them learn."""

    def __init__(
        self,
        store: BaselineStore,
        *,
        roster: Callable[[], RosterIndex],
        rebuild_seconds: float,
        now: clock.Clock = clock.now,
    ) -> None:
        self._store = store
        self._roster = roster
        self._rebuild_seconds = rebuild_seconds
        self._now = now
        self.current: Baseline | None = None
        """None before the first was read."""
        self.replay_until = 0.0
        """Until when a replay of old events was announced."""

    async def run(self) -> None:
        """Look again and again until cancelled. A database that fails is no reason to end."""
        while True:
            try:
                await self.look()
            except NoHistoryError:
                _log.debug("no baseline yet", why="nothing has been counted")
            except RingsideError as error:
                _log.warning("baseline not up to date", why=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Learn a new version if it is time and nobody else does, and read the newest.

        Raises:
            NoHistoryError: nothing has been counted yet.
            DatabaseError: the database does not answer.
        """
        self.replay_until = await self._store.replay_until(self._now())
        newest = await self._store.newest_version()
        if newest is None or self._now() - newest[1] >= self._rebuild_seconds:
            version = await self._store.rebuild(
                self._roster(), self._now(), older_than_seconds=self._rebuild_seconds
            )
            if version is not None:
                _log.info("baseline learnt", version=version)
            newest = await self._store.newest_version()
        if newest is not None and (self.current is None or self.current.version != newest[0]):
            self.current = await self._store.newest()
