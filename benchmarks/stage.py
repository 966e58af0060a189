"""The stage: one broker for all benchmarks, its topics, and the load in them."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from agents import clock
from agents.embedded.kafka import Broker, open_broker
from agents.embedded.paths import DEFAULT_HOME
from agents.kafka import topics
from agents.kafka.admin import connect
from agents.kafka.sending import Sender
from agents.settings import Settings
from benchmarks.load import floor_events, pressed, to_message
from benchmarks.report import say
from benchmarks.settings import PARTITIONS, settings_for
from benchmarks.topics import create_topics, delete_topics
from schemas.codec import Message
from schemas.events import Event
from schemas.topics import CUSTOMERS, SOURCES


class Load(NamedTuple):
    """The first *events* of a floor; `rate` presses them together to so many a second."""

    reps: int
    events: int
    rate: float | None = None
    has_deals: bool = True

    def simulated(self) -> Iterator[Event]:
        """Yield the events; the last ones are about now."""
        end_at = clock.now()
        events = floor_events(self.reps, self.events, end_at=end_at, has_deals=self.has_deals)
        if self.rate is None:
            return events
        return pressed(events, rate=self.rate, end_at=end_at, count=self.events)

    def __str__(self) -> str:
        rate = "" if self.rate is None else f" at {self.rate:,.0f} a second"
        deals = "" if self.has_deals else ", none about deals"
        return f"{self.events:,} events of {self.reps:,} reps{rate}{deals}"


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
        self._loads: dict[Load, list[tuple[str, Message]]] = {}
        self._filled: Load | None = None
        self._installations = 0

    def installation(self, name: str) -> Settings:
        """Return the settings of a new installation, its topics made: it starts from nothing."""
        self._installations += 1
        settings = settings_for(self.bootstrap, f"{name}-{self._installations}")
        # What the workers of the one before told each other is not for this one's.
        delete_topics(self._admin, [CUSTOMERS.name])
        topics.apply(self._admin, settings, topics.compare(self._admin, settings), alter=False)
        return settings

    def fill(self, load: Load) -> None:
        """Have this in the source topics, and nothing else."""
        if self._filled == load:
            return
        self.empty()
        messages = self._load(load)
        say(f"writing {load} to {self.broker_name}")
        with Sender(self.installation("load")) as sender:
            for _, message in messages:
                sender.send(message)
        self.types = Counter(type_ for type_, _ in messages)
        self._filled = load

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

    def messages(self, load: Load) -> list[Message]:
        """Return the messages of a load."""
        return [message for _, message in self._load(load)]

    def _load(self, load: Load) -> list[tuple[str, Message]]:
        messages = self._loads.get(load)
        if messages is None:
            say(f"simulating {load}")
            messages = [(event.type, to_message(event)) for event in load.simulated()]
            self._loads[load] = messages
        return messages


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
