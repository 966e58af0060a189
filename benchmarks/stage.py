"""The stage: one broker for all benchmarks, its topics, and the load in them."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from agents import clock
from agents.embedded.kafka import Broker, open_broker
from agents.embedded.paths import DEFAULT_HOME
from agents.kafka import topics
from agents.kafka.admin import connect
from agents.kafka.sending import Sender
from agents.settings import Settings
from benchmarks.load import floor_events, to_message
from benchmarks.report import say
from benchmarks.settings import PARTITIONS, settings_for
from benchmarks.topics import create_topics, delete_topics
from schemas.codec import Message
from schemas.topics import SOURCES


class Stage:
    """A started broker. Topics of an installation are made when it first needs them."""

    def __init__(self, broker: Broker, folder: Path, env: Mapping[str, str]) -> None:
        self.bootstrap = broker.bootstrap
        self.broker_name = broker.name
        self.folder = folder
        self.env = env
        self.types: Counter[str] = Counter()
        """How many of each event type the source topics hold."""
        self._admin = connect(settings_for(broker.bootstrap, "stage"), wait_seconds=30)
        self._loads: dict[tuple[int, int], list[tuple[str, Message]]] = {}
        self._filled: tuple[int, int] | None = None
        self._installations = 0

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
        load = self._load(reps, events)
        say(f"writing {events:,} events of {reps:,} reps to {self.broker_name}")
        with Sender(self.installation("load")) as sender:
            for _, message in load:
                sender.send(message)
        self.types = Counter(type_ for type_, _ in load)
        self._filled = (reps, events)

    def empty(self) -> None:
        """Delete the source topics; the next installation makes them anew."""
        self._filled = None
        delete_topics(self._admin, (topic.name for topic in SOURCES))

    def topic(self, name: str, messages: list[Message]) -> str:
        """Write messages to a topic of their own, whatever theirs is; return its name."""
        create_topics(self._admin, [name], PARTITIONS)
        with Sender(settings_for(self.bootstrap, "stage")) as sender:
            for message in messages:
                sender.send(Message(name, message.key, message.value))
        return name

    def messages(self, reps: int, events: int) -> list[Message]:
        """Return the messages of a load."""
        return [message for _, message in self._load(reps, events)]

    def _load(self, reps: int, events: int) -> list[tuple[str, Message]]:
        load = self._loads.get((reps, events))
        if load is None:
            say(f"simulating {events:,} events of {reps:,} reps")
            simulated = floor_events(reps, events, end_at=clock.now())
            load = [(event.type, to_message(event)) for event in simulated]
            self._loads[reps, events] = load
        return load


@contextmanager
def open_stage(env: Mapping[str, str]) -> Iterator[Stage]:
    """Start Kafka in a folder of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ringside-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL runs as another user where we are root
        broker = open_broker(DEFAULT_HOME, folder / "kafka", env=env, say=say)
        say(f"starting {broker.name}")
        broker.start()
        try:
            yield Stage(broker, folder, env)
        finally:
            broker.stop()
