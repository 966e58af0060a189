"""The stage: one broker for all benchmarks, its topics, and the load in them."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka.admin import AdminClient

from agents import clock
from agents.embedded.kafka import Broker, open_broker
from agents.embedded.paths import DEFAULT_HOME
from agents.kafka import topics
from agents.kafka.admin import connect
from agents.settings import Settings
from benchmarks.load import floor_events, publish
from benchmarks.report import say
from benchmarks.settings import settings_for
from schemas.topics import SOURCES

_WAIT_SECONDS = 30.0


class Stage:
    """A started broker. Topics of an installation are made when it first needs them."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self.bootstrap = broker.bootstrap
        self.broker_name = broker.name
        self.folder = folder
        self._admin: AdminClient = connect(settings_for(broker.bootstrap, "stage"), wait_seconds=30)
        self._filled: tuple[int, int] | None = None
        self._installations = 0
        self.types: Counter[str] = Counter()

    def installation(self, name: str) -> Settings:
        """Return the settings of a new installation, its topics made: it starts from nothing."""
        self._installations += 1
        settings = settings_for(self.bootstrap, f"{name}-{self._installations}")
        topics.apply(self._admin, settings, topics.compare(self._admin, settings), alter=False)
        return settings

    def fill(self, reps: int, events: int) -> None:
        """Have the first *events* of a floor of *reps* in the source topics, and nothing else."""
        if self._filled == (reps, events):
            return
        self.empty()
        say(f"writing {events:,} events of {reps:,} reps to {self.broker_name}")
        settings = self.installation("load")
        self.types = publish(settings, floor_events(reps, events, end_at=clock.now()))
        self._filled = (reps, events)

    def empty(self) -> None:
        """Delete the source topics; the next installation makes them anew."""
        self._filled = None
        wanted = {topic.name for topic in SOURCES}
        present = wanted & topics.partition_counts(self._admin).keys()
        if present:
            for answer in self._admin.delete_topics(sorted(present)).values():
                answer.result(_WAIT_SECONDS)
        deadline = clock.monotonic() + _WAIT_SECONDS
        while wanted & topics.partition_counts(self._admin).keys():
            assert clock.monotonic() < deadline, "Kafka does not delete the source topics"
            self._admin.poll(0.1)


@contextmanager
def open_stage(env: Mapping[str, str]) -> Iterator[Stage]:
    """Start Kafka in a folder of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ringside-bench-") as folder:
        broker = open_broker(DEFAULT_HOME, Path(folder) / "kafka", env=env, say=say)
        say(f"starting {broker.name}")
        broker.start()
        try:
            yield Stage(broker, Path(folder))
        finally:
            broker.stop()
