"""Monthly targets in a worker: added up anew each quarter of an hour, by the worker that tells."""

import asyncio
import math
from collections.abc import Callable

from agents import clock, log
from agents.baseline import LOOK_SECONDS
from agents.errors import RingsideError
from agents.postgres.targets import TargetStore
from streams.roster import RosterIndex
from streams.targets import Progress

TARGET_SECONDS = 900.0
"""What was reached is added up this often: panes are quarters of an hour."""
FIRST_LOOK_SECONDS = 2.0
"""After a start shards come, and with them the duty to tell, within seconds."""
TARGET_KEPT_SECONDS = 3600.0
"""An older one is not shown: no data is better than that of an hour ago."""

_log = log.get(__name__)


class TargetKeeper:
    """Holds where teams stand. `tells`: whether this worker shows it; no other adds it up."""

    def __init__(
        self,
        store: TargetStore,
        *,
        roster: Callable[[], RosterIndex],
        tells: Callable[[], bool],
        now: clock.Clock = clock.now,
    ) -> None:
        self._store = store
        self._roster = roster
        self._tells = tells
        self._now = now
        self._found: tuple[float, tuple[Progress, ...]] = (-math.inf, ())

    async def run(self) -> None:
        """Look again and again until cancelled. A database that fails is no reason to end."""
        while True:
            try:
                await self.look()
            except RingsideError as error:
                _log.warning("targets not up to date", why=str(error))
            is_first = self._found[0] == -math.inf
            await asyncio.sleep(FIRST_LOOK_SECONDS if is_first else LOOK_SECONDS)

    async def look(self) -> None:
        """Add up what teams have reached, if it is time and nobody else does.

        Raises:
            DatabaseError: the database does not answer.
        """
        now = self._now()
        if not self._tells() or now - self._found[0] < TARGET_SECONDS:
            return
        found = await self._store.progress(self._roster(), now)
        if found is not None:
            self._found = now, found

    def progress(self) -> tuple[Progress, ...]:
        """Return where teams stand; nothing if that is not known of the last hour."""
        added_up_at, found = self._found
        return found if self._now() - added_up_at < TARGET_KEPT_SECONDS else ()
