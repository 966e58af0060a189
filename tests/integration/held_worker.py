"""`ringside worker` whose wall clock is held by a test: it stands still until the test moves it.

Run as `python -m tests.integration.held_worker worker`, with the settings of `ringside worker` and
HELD_CLOCK, a file of eight bytes: seconds since 1970, as a double of this machine.

Only the wall clock is held, by which windows end and events are judged. What measures durations
(Kafka's group, time-outs, health) uses the monotonic clock and goes on.
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
from pathlib import Path

from agents import clock

_DOUBLE = struct.Struct("=d")


def hold(file: Path, at: float) -> None:
    """Make a clock in a file, or move the one that is there."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    os.pwrite(descriptor, _DOUBLE.pack(at), 0)
    os.close(descriptor)


def held(file: Path) -> clock.Clock:
    """Return the clock in a file."""
    with file.open("rb") as stream:
        shared = mmap.mmap(stream.fileno(), _DOUBLE.size, access=mmap.ACCESS_READ)
    return lambda: float(_DOUBLE.unpack(shared[: _DOUBLE.size])[0])


def main() -> int:
    """Take the clock out of the file's hands, and run."""
    env = dict(os.environ)  # noqa: TID251 - a program of its own
    clock.now = held(Path(env.pop("HELD_CLOCK")))
    # After it: the clock is the default of arguments, which are made when a module is read.
    from agents.__main__ import run  # noqa: PLC0415

    return run(sys.argv[1:], env)


if __name__ == "__main__":
    sys.exit(main())
