"""Send messages and know that all of them arrived."""

from types import TracebackType
from typing import Any, Self

from confluent_kafka import KafkaException, Producer

from agents import clock
from agents.errors import DeliveryError
from agents.kafka import config
from agents.kafka.admin import reason
from agents.settings import Settings
from schemas.codec import Message

DELIVERY_SECONDS = 60.0
_FULL_QUEUE_SECONDS = 0.1
_HURRIED_SECONDS = 5.0


class Sender:
    """A producer whose every message is confirmed or complained about.

    A context manager: leaving it waits for what is outstanding, an exception or not.
    """

    def __init__(self, settings: Settings, *, delivery_seconds: float = DELIVERY_SECONDS) -> None:
        self._producer = Producer(
            config.producer(settings) | {"delivery.timeout.ms": int(delivery_seconds * 1000)}
        )
        self._delivery_seconds = delivery_seconds
        self.confirmed = 0
        self.failed = 0
        self._why = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.settle(self._delivery_seconds if kind is None else _HURRIED_SECONDS)

    def send(self, message: Message, *, partition: int = -1) -> None:
        """Queue a message; -1 lets its key choose the partition. Waits while the queue is full.

        Raises:
            DeliveryError: an earlier message was not delivered, or this one cannot be.
        """
        if self.failed:
            self._raise()
        while True:
            try:
                self._producer.produce(
                    message.topic,
                    value=message.value,
                    key=message.key,
                    partition=partition,
                    headers=list(message.headers) or None,
                    on_delivery=self._report,
                )
            except BufferError:
                self._producer.poll(_FULL_QUEUE_SECONDS)
            except KafkaException as error:
                raise DeliveryError(f"Kafka cannot take a message: {reason(error)}") from None
            else:
                self._producer.poll(0)
                return

    def settle(self, seconds: float = _HURRIED_SECONDS) -> None:
        """Wait for confirmations, but not for longer, and without complaining."""
        self._producer.flush(seconds)

    def rest(self, seconds: float) -> None:
        """Let time pass, meanwhile hearing what was confirmed."""
        until = clock.monotonic() + seconds
        while (left := until - clock.monotonic()) > 0:
            self._producer.poll(left)

    def finish(self) -> None:
        """Wait until everything sent so far is confirmed.

        Raises:
            DeliveryError: something was not.
        """
        outstanding = self._producer.flush(self._delivery_seconds + 5)
        if outstanding or self.failed:
            self.failed += outstanding
            self._raise()

    def _raise(self) -> None:
        why = self._why or f"no confirmation within {self._delivery_seconds:.0f} s"
        raise DeliveryError(
            f"{self.failed} messages were not delivered ({why}); {self.confirmed} were. Put right "
            "what keeps Kafka from taking them and send the same again: repeats are recognised"
        )

    def _report(self, error: Any, _message: Any) -> None:  # noqa: ANN401 - KafkaError is untyped
        if error is None:
            self.confirmed += 1
        else:
            self.failed += 1
            self._why = self._why or str(error.str())
