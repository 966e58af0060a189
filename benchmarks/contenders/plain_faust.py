"""The plain Faust way, as its manual shows it: records, an agent, and a windowed table per window.

Each event adds one to a window of every size, in memory, with its changelog. A window that ends now
must hop; these do so less often than ours move, in 13 updates an event. Windows that only tumble
take 4, and show "the last five minutes" once in five minutes.
"""

import argparse
import asyncio
import contextlib
import tempfile
from datetime import timedelta
from typing import Any

import faust
import uvloop

from agents.kafka.admin import connect
from benchmarks.contenders.measured import Measured, Stopwatch, tell
from benchmarks.settings import PARTITIONS, settings_for
from benchmarks.topics import create_topics

MINUTE = timedelta(minutes=1)
WINDOWS = {
    "5m": (5 * MINUTE, MINUTE),
    "15m": (15 * MINUTE, 5 * MINUTE),
    "1h": (60 * MINUTE, 15 * MINUTE),
    "1d": (24 * 60 * MINUTE, 24 * 60 * MINUTE),
}
"""Each window's size, and how far it hops."""
START_SECONDS = 90.0


class CallEvent(faust.Record, serializer="json"):  # type: ignore[call-arg,misc]  # faust has no types
    """The envelope; what is in it stays a dict."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    data: dict[str, Any]


class PlainApp:
    """The app, its tables, and how far it is."""

    def __init__(self, bootstrap: str, *, topic: str, events: int, hops: bool) -> None:
        self._events = events
        self.counted = 0
        self.watch = Stopwatch()
        self.started = asyncio.Event()
        self.finished = asyncio.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="ringside-bench-faust-")
        self.app = faust.App(
            f"plain-{topic}",
            broker=f"kafka://{bootstrap}",
            store="memory://",
            datadir=self._folder.name,
            consumer_auto_offset_reset="earliest",
            topic_partitions=PARTITIONS,
            topic_allow_declare=False,
            topic_disable_leader=True,
            stream_recovery_delay=0.0,
            web_enabled=False,
            worker_redirect_stdouts=False,
        )
        self.tables = [
            _windowed(self.app.Table(name, default=int, partitions=PARTITIONS), name, hops=hops)
            for name in WINDOWS
        ]
        self.app.agent(self.app.topic(topic, value_type=CallEvent))(self.count)

    async def count(self, stream: Any) -> None:  # noqa: ANN401 - faust has no types
        """Count each event in every window, by rep and type."""
        async for event in stream:
            self.watch.start()
            self.started.set()
            key = f"{event.subject}/{event.type}"
            for table in self.tables:
                table[key] += 1
            self.counted += 1
            if self.counted >= self._events:
                self.finished.set()


def _windowed(table: Any, name: str, *, hops: bool) -> Any:  # noqa: ANN401 - faust has no types
    size, step = WINDOWS[name]
    return table.hopping(size, step) if hops else table.tumbling(size)


async def measure(plain: PlainApp, bootstrap: str, *, seconds: float) -> Measured:
    """Count until all is counted or the time is over; the changelog is flushed in either case."""
    app = plain.app
    names = [f"{app.conf.id}-{table}-changelog" for table in WINDOWS]
    create_topics(connect(settings_for(bootstrap, "plain"), wait_seconds=30), names, PARTITIONS)
    await app.start()
    async with asyncio.timeout(START_SECONDS):
        await plain.started.wait()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await plain.finished.wait()
    counted = plain.counted
    await app.producer.flush()
    plain.watch.stop()
    await app.stop()
    return plain.watch.measured(counted)


async def _main(given: argparse.Namespace) -> Measured:
    plain = PlainApp(
        given.bootstrap, topic=given.topic, events=given.events, hops=not given.tumbling
    )
    return await measure(plain, given.bootstrap, seconds=given.seconds)


def main() -> None:
    """Run from the command line; `benchmarks.run` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--tumbling", action="store_true", help="windows that do not move")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        tell(runner.run(_main(given)))


if __name__ == "__main__":
    main()
