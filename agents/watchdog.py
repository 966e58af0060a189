"""A thread that ends a process which cannot end itself: its event loop hangs, or its stop does."""

import faulthandler
import os
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from agents import log
from agents.clock import Clock

logger = log.get(__name__)

LOOK_SECONDS = 1.0
FROZEN_SECONDS = 5.0
"""If we looked last so long ago, the whole process was frozen, and not its event loop alone."""

Check = Callable[[], str | None]
"""Returns None if all is well, else a sentence saying what is not."""


def end_process(why: str) -> None:
    """End this process at once, and show where its threads were."""
    logger.critical("ending at once, to be started again", why=why)
    faulthandler.dump_traceback(sys.__stderr__ or 2)
    os._exit(1)


def leave() -> NoReturn:
    """End this process as a failure: all is said and done, but threads wait for what is away."""
    sys.stderr.flush()
    sys.stdout.flush()
    os._exit(1)


class Watchdog:
    """Looks once a second, from `start` until the process has ended."""

    def __init__(
        self, hangs: Check, *, monotonic: Clock, end: Callable[[str], None] = end_process
    ) -> None:
        self._hangs = hangs
        self._monotonic = monotonic
        self._end = end
        self._looked_at = monotonic()
        self._spared_until = float("-inf")
        self._stop_by = float("inf")

    def start(self) -> None:
        """Begin to look. The thread is a daemon: it holds up nothing."""
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def stop_within(self, seconds: float) -> None:
        """Give the process so long to end; called when it begins to stop."""
        self._stop_by = min(self._stop_by, self._monotonic() + seconds)

    def look(self) -> None:
        """End the process if it hangs, or has not stopped in time."""
        now = self._monotonic()
        if now - self._looked_at > FROZEN_SECONDS:
            # The event loop was, too, and needs a moment to show that it goes on.
            self._spared_until = now + FROZEN_SECONDS
        self._looked_at = now
        if now < self._spared_until:
            return
        if self._stop_by < float("inf"):
            complaint = "the stop took too long" if now > self._stop_by else None
        else:
            complaint = self._hangs()
        if complaint is not None:
            self._end(complaint)

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(LOOK_SECONDS):
            self.look()
