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
    main_cpu_seconds: float = 0.0
    """Of the thread of the event loop."""
    changelog_cpu_seconds: float = 0.0
    """Of our code in the threads that write the changelog: encoding, handing to librdkafka."""

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
        self._began: tuple[float, ...] = ()
        self._ended: tuple[float, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether it has been started, and not stopped."""
        return bool(self._began) and not self._ended

    def start(self) -> None:
        """Start, unless it has been already."""
        if not self._began:
            self._began = _clocks()

    def stop(self) -> None:
        """Stop, for good."""
        if not self._ended:
            self._ended = _clocks()

    def measured(self, events: int) -> Measured:
        """Return what it measured. It was started and stopped by the same thread."""
        seconds, cpu_seconds, main_cpu_seconds = (
            after - before for before, after in zip(self._began, self._ended, strict=True)
        )
        return Measured(
            events=events,
            seconds=seconds,
            cpu_seconds=cpu_seconds,
            main_cpu_seconds=main_cpu_seconds,
            peak_memory_mib=peak_memory_mib(),
        )


def _clocks() -> tuple[float, ...]:
    return time.perf_counter(), time.process_time(), time.thread_time()


def tell(result: Measured | dict[str, float]) -> None:
    """Print the line that `benchmarks.run` waits for, the last one."""
    print(msgspec.json.encode(result).decode(), flush=True)


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
