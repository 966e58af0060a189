"""Notes as records: what a checkpoint says to customers, a record for each of their partitions."""

from collections.abc import Iterable, Iterator

from confluent_kafka.cimpl import murmur2

from agents.changelog import Record
from schemas.notes import MAX_NOTES, Note, Notes, encode
from schemas.topics import CUSTOMERS
from streams.changes import Changes


def note_records(changes: Iterable[Changes], partitions: int) -> Iterator[Record]:
    """Yield what a checkpoint tells customers, who have that many partitions."""
    for change in changes:
        said: dict[int, list[Note]] = {}
        for note in change.notes:
            said.setdefault(partition_of(note.customer, partitions), []).append(note)
        for partition, notes in said.items():
            for first in range(0, len(notes), MAX_NOTES):
                some = tuple(notes[first : first + MAX_NOTES])
                value = encode(Notes(change.topic, change.partition, some))
                yield Record(CUSTOMERS.name, None, value, partition)


def partition_of(customer: str, partitions: int) -> int:
    """Return the partition of a customer: where Kafka's own partitioner puts the token as a key."""
    number: int = murmur2(customer.encode(), partitions)
    return number
