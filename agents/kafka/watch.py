"""Whether Kafka answers: asked all the time, in a thread, for `/ready`."""

import threading

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from agents import log
from agents.clock import Clock
from agents.kafka import config
from agents.settings import Settings
from schemas.topics import CALLS

logger = log.get(__name__)

ASK_SECONDS = 2.0
AWAY_SECONDS = 6.0
"""After so long without an answer Kafka is away; one answer may get lost."""


class KafkaWatch:
    """Asks Kafka for the leaders of one topic, from `start` to `stop`."""

    def __init__(self, settings: Settings, *, monotonic: Clock) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._answered_at = monotonic()
        self._stopped = threading.Event()
        self._was_away = False

    def start(self) -> None:
        """Begin to ask."""
        threading.Thread(target=self._run, name="kafka-watch", daemon=True).start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopped.set()

    def complaint(self) -> str | None:
        """Return since when Kafka does not answer, or None."""
        silent = self._monotonic() - self._answered_at
        if silent <= AWAY_SECONDS:
            return None
        return f"Kafka at {self._settings.kafka_bootstrap} has not answered for {silent:.0f} s"

    def _run(self) -> None:
        # Each failed try to connect would be a line; what is said below is enough.
        admin = AdminClient(config.librdkafka(self._settings) | {"log_level": 0})
        while not self._stopped.wait(ASK_SECONDS):
            try:
                found = admin.list_topics(CALLS.name, timeout=ASK_SECONDS).topics[CALLS.name]
            except KafkaException:
                self._say()
                continue
            if found.error is None and all(one.leader >= 0 for one in found.partitions.values()):
                self._answered_at = self._monotonic()
            self._say()

    def _say(self) -> None:
        complaint = self.complaint()
        if complaint is not None and not self._was_away:
            logger.warning("not ready", why=complaint)
        elif complaint is None and self._was_away:
            logger.info("Kafka answers again")
        self._was_away = complaint is not None
