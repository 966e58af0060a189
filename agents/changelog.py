"""The changelog of one shard: written in transactions, read back in lists.

A checkpoint is one Kafka transaction over the shard's changelog partitions and the dead letters, so
after a crash it is there as a whole or not at all. Each shard has a transactional id of its own:
whoever opens it next fences whoever wrote before, at the broker (docs/decisions/0002).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

from agents import log
from agents.changelog_ends import Ends
from agents.errors import BrokerError, RingsideError
from agents.kafka import config
from agents.kafka.admin import reason
from agents.settings import Settings
from schemas.topics import LEDGER, TABLES, changelog

logger = log.get(__name__)

OPEN_SECONDS = 60.0
TRANSACTION_SECONDS = 300.0
READ_RECORDS = 10_000
TRY_SECONDS = 5.0
_POLL_SECONDS = 0.1

Confirmed = Callable[[KafkaError | None, Any], None]
"""Is told what became of a record."""


BY_KEY = -1
"""librdkafka's own number for: choose the partition by the key."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record to write. `value` None is a tombstone."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int = BY_KEY
    headers: list[tuple[str, bytes | None]] | None = None


class Entry(NamedTuple):
    """One record read back from a table's changelog; `value` None: the key is gone."""

    table: str
    key: bytes
    value: bytes | None


class FencedError(RingsideError):
    """Another worker has taken over this partition; this one must not write to it any more."""


class Changelog:
    """Blocking: call it in a thread, one call at a time."""

    def __init__(self, settings: Settings, shard: int) -> None:
        self.shard = shard
        self._settings = settings
        self._transactional = settings.kafka_transactions
        self._producer: Producer | None = None
        self._topics = {changelog(settings.app_id, table).name: table for table in TABLES}
        self._ends = Ends()

    def open(self) -> None:
        """Take the shard over: whoever wrote to it before cannot any more.

        Raises:
            BrokerError: Kafka did not answer in time.
        """
        settings = config.producer(self._settings)
        if self._transactional:
            settings |= {
                "transactional.id": f"{self._settings.app_id}-{self.shard}",
                "transaction.timeout.ms": int(TRANSACTION_SECONDS * 1000),
            }
        settings |= {"queue.buffering.max.messages": 1_000_000, "linger.ms": 5}
        self._producer = Producer(settings)
        if self._transactional:
            try:
                self._producer.init_transactions(OPEN_SECONDS)
            except KafkaException as error:
                raise BrokerError(f"the changelog cannot be opened: {reason(error)}") from error

    def close(self) -> None:
        """Let go of the producer. What was not committed is lost, as it should be."""
        self._producer = None

    def read(self) -> Iterator[list[Entry]]:
        """Yield everything that was committed, oldest first, in lists.

        Raises:
            BrokerError: Kafka stopped answering.
            StateLostError: at the end: a changelog is shorter than it was.
        """
        # The group is never joined nor committed to. librdkafka wants a name, and asks Kafka about
        # it, so it is the one that the worker has a right to.
        consumer = Consumer(config.consumer(self._settings, self._settings.app_id))
        try:
            consumer.assign([TopicPartition(name, self.shard, 0) for name in self._topics])
            yield from self._read(consumer)
        finally:
            consumer.close()
        self._ends.check(self.shard, self._settings.app_id)

    def _read(self, consumer: Consumer) -> Iterator[list[Entry]]:
        unread = set(self._topics)
        silent_seconds = 0.0
        while unread:
            messages = consumer.consume(READ_RECORDS, _POLL_SECONDS)
            silent_seconds = 0.0 if messages else silent_seconds + _POLL_SECONDS
            if silent_seconds > OPEN_SECONDS:
                raise BrokerError("Kafka stopped answering while the changelog was read")
            entries = []
            for message in messages:
                error = message.error()
                if error is None:
                    table = self._topics[message.topic()]
                    entries.append(Entry(table, message.key(), message.value()))
                    if table == LEDGER:
                        self._ends.promised(message.headers())
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public constant
                    self._ends.note(self._topics[message.topic()], message.offset())
                    unread.discard(message.topic())
                else:
                    raise BrokerError(f"the changelog cannot be read: {error}")
            if entries:
                yield entries

    def write(self, records: Iterable[Record]) -> None:
        """Write *records* as one transaction: when it returns, all are there for good.

        Raises:
            FencedError: another worker has taken the shard over.
            BrokerError: Kafka refused, or did not answer in time; nothing was written, try again.
        """
        producer = self._producer
        if producer is None:
            raise FencedError
        if not self._transactional:
            self._write_plainly(producer, records)
            return
        try:
            producer.begin_transaction()
            self._produce_all(producer, records)
            self._insist(producer.commit_transaction)
        except KafkaException as error:
            self._abort(producer, error)
        except SystemError as error:
            # confluent-kafka raises a fatal error between two callbacks, and then calls the second.
            if not isinstance(error.__cause__, KafkaException):
                raise
            self._abort(producer, error.__cause__)

    def _produce_all(self, producer: Producer, records: Iterable[Record]) -> None:
        """Produce in order, the ledgers last, which promise how long the other changelogs are now.

        That is learnt from each one's last record: a callback for all would cost more than they.
        """
        listed = list(records)
        last, ledgers = self._last_of_tables(listed), []
        for index, record in enumerate(listed):
            if index in last:
                _produce(producer, record, self._confirmed)
            elif self._topics.get(record.topic) == LEDGER:
                ledgers.append(record)
            else:
                _produce(producer, record)
        if last:
            # Without an answer in time the promise is the one before, which holds as well.
            producer.flush(TRY_SECONDS)
        for record in ledgers:
            promised = [self._ends.header()]
            _produce(producer, msgspec.structs.replace(record, headers=promised))

    def _last_of_tables(self, records: Sequence[Record]) -> set[int]:
        """Return the index of the last record of each table but the ledger."""
        indexes: dict[str, int] = {}
        for index in range(len(records) - 1, -1, -1):
            table = self._topics.get(records[index].topic, LEDGER)
            if table != LEDGER:
                indexes.setdefault(table, index)
            if len(indexes) == len(self._topics) - 1:
                break
        return set(indexes.values())

    def _confirmed(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self._ends.note(self._topics[message.topic()], message.offset() + 1)

    def _abort(self, producer: Producer, error: KafkaException) -> None:
        """Undo a transaction that failed, and say whether to try again."""
        if _is_fatal(error):
            self._producer = None
            raise FencedError from error
        try:
            self._insist(producer.abort_transaction)
        except KafkaException as second:
            if _is_fatal(second):
                self._producer = None
                raise FencedError from second
            raise BrokerError(f"the changelog cannot be written: {reason(second)}") from second
        raise BrokerError(f"the changelog cannot be written: {reason(error)}") from error

    def _insist(self, end_transaction: Callable[[float], None]) -> None:
        """Commit or abort, however long Kafka is away: until then nobody knows how it ended.

        librdkafka goes on with what timed out only if the same is asked again; it refuses all else.
        """
        tries = 0
        while True:
            try:
                end_transaction(TRY_SECONDS)
            except KafkaException as error:
                if not error.args[0].retriable():
                    raise
                if self._producer is None:
                    raise BrokerError("the changelog was let go of before Kafka answered") from None
                if not tries:
                    logger.warning("Kafka does not end a checkpoint yet", shard=self.shard)
                tries += 1
            else:
                return

    @staticmethod
    def _write_plainly(producer: Producer, records: Iterable[Record]) -> None:
        """Without transactions, for the stand-in broker: in order, and confirmed."""
        failed: list[KafkaError] = []

        def confirmed(error: KafkaError | None, _: object) -> None:
            if error is not None:
                failed.append(error)

        for record in records:
            _produce(producer, record, confirmed)
        if producer.flush(OPEN_SECONDS) or failed:
            raise BrokerError(f"the changelog was not confirmed: {failed[:1]}")


def _produce(producer: Producer, record: Record, confirmed: Confirmed | None = None) -> None:
    topic, value, key, partition = record.topic, record.value, record.key, record.partition
    while True:
        try:
            if confirmed is None and record.headers is None:
                # By position, as nearly all: arguments by name cost half as much again.
                producer.produce(topic, value, key, partition)
            else:
                headers = record.headers
                producer.produce(
                    topic, value, key, partition, headers=headers, on_delivery=confirmed
                )
        except BufferError:
            producer.poll(0.1)
        else:
            return


def _is_fatal(error: KafkaException) -> bool:
    return bool(error.args[0].fatal())
