"""How far a simulation is: a line that changes on a terminal, one every ten seconds elsewhere."""

from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.status import Status

from agents import clock, log
from agents.cli.context import err

_LOG_SECONDS = 10.0
_SHOW_SECONDS = 0.25

_log = log.get(__name__)


class SimulationProgress:
    """Shows simulated time, events and their rate of late. Cheap to tell about every event."""

    def __init__(self, *, monotonic: clock.Clock = clock.monotonic) -> None:
        self._monotonic = monotonic
        console = err()
        self._status = Status("simulating", console=console) if console.is_terminal else None
        self._every_seconds = _LOG_SECONDS if self._status is None else _SHOW_SECONDS
        self._shown_at = monotonic()
        self._shown_events = 0

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def tell(self, events: int, at: float) -> None:
        """Say how many *events* there are by now, and which time is simulated."""
        seconds = self._monotonic() - self._shown_at
        if seconds < self._every_seconds:
            return
        rate = (events - self._shown_events) / seconds
        simulated = datetime.fromtimestamp(at, UTC).isoformat(sep=" ", timespec="seconds")
        if self._status is None:
            _log.info("simulating", simulated=simulated, events=events, per_second=round(rate, 1))
        else:
            self._status.update(f"{simulated}  {events:,} events, {rate:,.1f} a second")
        self._shown_at, self._shown_events = self._monotonic(), events
