"""Where simulated events go: Kafka or a file."""

import threading
from typing import Any, BinaryIO, Protocol

import msgspec

from agents.kafka.sending import Sender
from schemas.codec import Message, encode
from schemas.customers import Tokeniser
from schemas.events import Event
from schemas.topics import TOPIC_OF_TYPE


class Outlet(Protocol):
    """Takes events and whatever else there may be in a topic."""

    def put(self, event: Event) -> bytes:
        """Take an event; return the bytes that went out."""

    def put_raw(self, event: Event, value: bytes) -> None:
        """Take bytes that are no event, to go where *event* went."""

    def rest(self, seconds: float) -> None:
        """Let time pass."""

    def finish(self) -> None:
        """Return once everything has arrived.

        Raises:
            DeliveryError: something has not.
        """


class KafkaOutlet:
    """Events keyed by their subject, customers' numbers replaced by tokens."""

    def __init__(self, sender: Sender, tokeniser: Tokeniser) -> None:
        self._sender = sender
        self._tokeniser = tokeniser

    def put(self, event: Event) -> bytes:
        """Send an event. Raises DeliveryError if an earlier one was not delivered."""
        value = encode(self._tokenised(event))
        self.put_raw(event, value)
        return value

    def put_raw(self, event: Event, value: bytes) -> None:
        """Send bytes with the topic and key of *event*."""
        self._sender.send(Message(TOPIC_OF_TYPE[event.type], event.subject.encode(), value))

    def rest(self, seconds: float) -> None:
        """Let time pass, meanwhile hearing what was confirmed."""
        self._sender.rest(seconds)

    def finish(self) -> None:
        """Wait until all is confirmed."""
        self._sender.finish()

    def _tokenised(self, event: Event) -> Event:
        data: Any = event.data
        number = getattr(data, "customer", None)
        if number is None:
            return event
        data = msgspec.structs.replace(data, customer=self._tokeniser.token(number))
        return msgspec.structs.replace(event, data=data)


class FileOutlet:
    """JSON Lines, as `ringside publish` reads them. Numbers stay: they belong to nobody."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def put(self, event: Event) -> bytes:
        """Write a line."""
        value = encode(event)
        self._stream.write(value + b"\n")
        return value

    def put_raw(self, event: Event, value: bytes) -> None:  # noqa: ARG002 - lines have no address
        """Write bytes as a line; a line break in them would make two."""
        self._stream.write(value.replace(b"\n", b" ") + b"\n")

    def rest(self, seconds: float) -> None:
        """Let time pass; who reads along sees what has been written."""
        self._stream.flush()
        threading.Event().wait(seconds)

    def finish(self) -> None:
        """Hand everything to the operating system."""
        self._stream.flush()
