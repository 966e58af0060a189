"""What a contender says at its end, and the watch it measures itself with."""

import time
from pathlib import Path

import msgspec


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One contender's run over the load."""

    events: int
    seconds: float
    cpu_seconds: float
    """Of the whole process: librdkafka's threads are in it."""
    peak_memory_mib: float
    checkpoint_records: int = 0
    """What was written to the changelog."""

    @property
    def events_per_second(self) -> float:
        """By the clock on the wall."""
        return self.events / self.seconds

    @property
    def cpu_us_per_event(self) -> float:
        """Microseconds of CPU for one event."""
        return self.cpu_seconds / self.events * 1e6


class Stopwatch:
    """Runs from the first `start` to `stop`; starting is what the first record does."""

    def __init__(self) -> None:
        self._began: tuple[float, float] | None = None
        self._ended: tuple[float, float] | None = None

    @property
    def is_running(self) -> bool:
        """Whether it has been started, and not stopped."""
        return self._began is not None and self._ended is None

    def start(self) -> None:
        """Start, unless it has been already."""
        if self._began is None:
            self._began = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        """Stop, for good."""
        if self._ended is None:
            self._ended = time.perf_counter(), time.process_time()

    def measured(self, events: int, *, checkpoint_records: int = 0) -> Measured:
        """Return what it measured."""
        assert self._began is not None
        assert self._ended is not None
        seconds, cpu_seconds = (
            after - before for before, after in zip(self._began, self._ended, strict=True)
        )
        return Measured(
            events=events,
            seconds=seconds,
            cpu_seconds=cpu_seconds,
            peak_memory_mib=peak_memory_mib(),
            checkpoint_records=checkpoint_records,
        )


def tell(measured: Measured) -> None:
    """Print the line that `benchmarks.run` waits for."""
    print(msgspec.json.encode(measured).decode(), flush=True)


def peak_memory_mib() -> float:
    """Return the most memory that this process ever held.

    Not `getrusage`: that one remembers the parent's, from between fork and exec.
    """
    return _status_mib("VmHWM:")


def memory_mib() -> float:
    """Return the memory that this process holds now."""
    return _status_mib("VmRSS:")


def _status_mib(name: str) -> float:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise AssertionError(name)
