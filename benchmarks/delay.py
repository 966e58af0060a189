"""event_to_metric_seconds: from `produce` until /metrics counts it, through a real worker."""

import re
import statistics
import sys
import threading
from collections import defaultdict
from functools import partial
from typing import Any

import msgspec
from confluent_kafka import Producer

from agents import clock
from agents.embedded.http import get, is_ok
from agents.embedded.paths import PROJECT
from agents.embedded.ports import HOST, free_port
from agents.embedded.process import ChildProcess, Program
from agents.kafka import config
from agents.kafka.roster import changes, to_values
from agents.kafka.sending import Sender
from agents.settings import Settings
from benchmarks.load import TEAMS, floor_events, to_message
from benchmarks.report import line, say
from benchmarks.settings import CUSTOMER_KEY, PARTITIONS
from benchmarks.stage import Stage
from schemas.events import Event
from schemas.topics import SOURCES
from streams.simulation import FloorPlan, plan_roster

REPS = 200
RATE = 2_000
SECONDS = 30
_READY_SECONDS = 60.0
_PATIENCE_SECONDS = 30.0
_CONSUMED = re.compile(
    rb'^ringside_events_consumed_total\{partition="(\d+)",topic="([^"]+)"\} ([0-9.e+]+)$',
    re.MULTILINE,
)

_SENT = {topic.name for topic in SOURCES}
"""Topics of the load; the worker also reads back what it tells the customers' partitions."""

Place = tuple[str, int]


class Load:
    """Produces at a steady rate; knows when each event of each partition was handed over."""

    def __init__(self, settings: Settings) -> None:
        self._producer = Producer(config.producer(settings))
        self.produced_at: dict[Place, dict[int, float]] = defaultdict(dict)
        """By offset."""
        self.confirmed = 0

    def run(self, events: list[Event]) -> None:
        """Send *events*, each as of the moment it is sent; return when all are confirmed."""
        began = clock.monotonic()
        for number, event in enumerate(events):
            while (ahead_seconds := began + number / RATE - clock.monotonic()) > 0:
                self._producer.poll(ahead_seconds)
            message = to_message(msgspec.structs.replace(event, at=clock.now()))
            confirmed = partial(self._confirmed, clock.monotonic())
            self._producer.produce(message.topic, message.value, message.key, on_delivery=confirmed)
        assert not self._producer.flush(_PATIENCE_SECONDS), "Kafka did not take everything"

    def _confirmed(self, produced_at: float, error: object, message: Any) -> None:  # noqa: ANN401 - untyped
        assert error is None, error
        self.produced_at[message.topic(), message.partition()][message.offset()] = produced_at
        self.confirmed += 1


class Scrapes:
    """Reads the page again and again, and keeps when which offsets were in it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._enough: int | None = None
        self.seen: list[tuple[float, dict[Place, int]]] = []
        self.seconds: list[float] = []
        self.page_bytes = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self, events: int) -> None:
        """Go on until *events* are counted."""
        self._enough = events
        self._thread.join(_PATIENCE_SECONDS)
        counted = sum(self.seen[-1][1].values()) if self.seen else 0
        assert not self._thread.is_alive(), f"the worker counted {counted} of {events} events"

    def _run(self) -> None:
        while self._enough is None or sum(self.seen[-1][1].values()) < self._enough:
            began = clock.monotonic()
            answer = get(self._port, "/metrics")
            ended = clock.monotonic()
            if answer is None or answer.status != 200:
                continue
            consumed = {
                (topic.decode(), int(partition)): int(float(count))
                for partition, topic, count in _CONSUMED.findall(answer.body)
                if topic.decode() in _SENT
            }
            self.seen.append((ended, consumed))
            self.seconds.append(ended - began)
            self.page_bytes = len(answer.body)


def event_to_metric(stage: Stage, *, rounds: int, events: int) -> None:  # noqa: ARG001 - as all of them
    """Print event_to_metric_seconds."""
    stage.empty()
    settings = stage.installation("delay")
    _publish_roster(settings)
    simulated = list(floor_events(REPS, RATE * SECONDS, end_at=clock.now()))
    port = free_port()
    worker = _worker(stage, settings, port)
    worker.start()
    try:
        worker.wait_until(lambda: is_ok(port, "/ready"), _READY_SECONDS)
        say(f"producing {RATE:,} events a second for {SECONDS} s")
        load, scrapes = Load(settings), Scrapes(port)
        scrapes.start()
        load.run(simulated)
        scrapes.finish(load.confirmed)
    finally:
        worker.stop()
    seconds = sorted(delays(load, scrapes))
    line(
        "event_to_metric_seconds",
        p50=seconds[len(seconds) // 2],
        p99=seconds[int(len(seconds) * 0.99)],
        greatest=seconds[-1],
        events=len(seconds),
        scrapes=len(scrapes.seconds),
        scrape_seconds=statistics.median(scrapes.seconds),
        page_kib=scrapes.page_bytes / 1024,
        limit=None,
        is_ok=None,
    )


def delays(load: Load, scrapes: Scrapes) -> list[float]:
    """Return, for each event, how long after `produce` the first page that counts it was there."""
    found: list[float] = []
    reached: dict[Place, int] = defaultdict(int)
    for ended_at, consumed in scrapes.seen:
        for place, count in consumed.items():
            produced_at = load.produced_at.get(place, {})
            # The topics are new and have no holes: as many consumed, as far the offsets.
            found += (ended_at - produced_at[offset] for offset in range(reached[place], count))
            reached[place] = count
    return found


def _publish_roster(settings: Settings) -> None:
    roster = plan_roster(FloorPlan.sized(reps=REPS, teams=TEAMS, always_open=True))
    with Sender(settings) as sender:
        for message in changes({}, to_values(roster)):
            sender.send(message)


def _worker(stage: Stage, settings: Settings, port: int) -> ChildProcess:
    """Return a worker as an operator starts it."""
    ours = {
        "RINGSIDE_APP_ID": settings.app_id,
        "RINGSIDE_KAFKA_BOOTSTRAP": stage.bootstrap,
        "RINGSIDE_CUSTOMER_KEY": CUSTOMER_KEY,
        "RINGSIDE_PARTITIONS": str(PARTITIONS),
        "RINGSIDE_METRICS_HOST": HOST,
        "RINGSIDE_METRICS_PORT": str(port),
        "RINGSIDE_DATA_DIR": str(stage.folder / "worker"),
    }
    others = {name: text for name, text in stage.env.items() if not name.startswith("RINGSIDE_")}
    return ChildProcess(
        Program(
            name="the worker",
            command=(sys.executable, "-m", "agents", "worker"),
            log=stage.folder / "worker.log",
            env=others | ours,
            working_folder=PROJECT,
        )
    )
