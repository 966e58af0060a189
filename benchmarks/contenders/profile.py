"""A sampling profiler: where the CPU time of the main thread goes, line by line.

cProfile charges every call, which makes many small functions look dearer than they are; samples
cost next to nothing. Time in C is booked on the Python line that called it. The changelog's threads
have their time beside it; while they hold the interpreter, samples land on whatever comes next.
"""

import signal
from collections import Counter
from types import FrameType

from benchmarks.contenders.measured import Measured

SAMPLE_SECONDS = 0.001
TOP = 40


class Sampler:
    """Looks at the stack each millisecond of CPU time. Only the main thread is seen."""

    def __init__(self) -> None:
        self._lines: Counter[tuple[str, str, int]] = Counter()
        self._functions: Counter[tuple[str, str]] = Counter()
        self._inclusive: Counter[tuple[str, str]] = Counter()
        self.samples = 0

    def start(self) -> None:
        """Begin to sample."""
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)

    def stop(self) -> None:
        """End it."""
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _sample(self, _number: int, frame: FrameType | None) -> None:
        self.samples += 1
        if frame is None:
            return
        code = frame.f_code
        self._lines[code.co_filename, code.co_qualname, frame.f_lineno] += 1
        self._functions[code.co_filename, code.co_qualname] += 1
        seen = set()
        while frame is not None:
            seen.add((frame.f_code.co_filename, frame.f_code.co_qualname))
            frame = frame.f_back
        self._inclusive.update(seen)

    def report(self, measured: Measured) -> str:
        """Return the dearest functions and lines, in microseconds an event."""
        us_a_sample = measured.main_cpu_seconds / measured.events / max(1, self.samples) * 1e6
        of_us = 1e6 / measured.events
        rest = measured.cpu_seconds - measured.main_cpu_seconds - measured.changelog_cpu_seconds
        lines = [
            f"{self.samples} samples, {measured.cpu_us_per_event:.2f} us of CPU an event:",
            f"{measured.main_cpu_seconds * of_us:8.3f}  event loop's thread",
            f"{measured.changelog_cpu_seconds * of_us:8.3f}  changelog's threads, our code",
            f"{rest * of_us:8.3f}  librdkafka and the rest",
            f"{measured.checkpoint_records / measured.events:8.3f}  changelog records an event",
        ]
        for title, counter in (
            ("own time by function", self._functions),
            ("with what it calls", self._inclusive),
            ("own time by line", self._lines),
        ):
            lines += ["", f"{title} (us an event)"]
            for place, count in counter.most_common(TOP):
                path, *inside = place
                where = ":".join(map(str, inside))
                lines.append(f"{count * us_a_sample:8.3f}  {_short(str(path))}:{where}")
        return "\n".join(lines)


def _short(path: str) -> str:
    return "/".join(path.split("/")[-3:])
