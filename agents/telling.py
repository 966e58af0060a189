"""Notes as records: what a checkpoint says to customers, a record for each of their partitions."""

from collections.abc import Iterable, Iterator, Mapping

from confluent_kafka.cimpl import murmur2

from agents.changelog import Record
from schemas.customers import Tokeniser
from schemas.notes import MAX_NOTES, Note, Notes, encode
from schemas.topics import CUSTOMERS
from streams.changes import Changes
from streams.fold import Fold
from streams.successors import handed_over, to_hand_over


def note_records(
    changes: Iterable[Changes], partitions: int, tokeniser: Tokeniser
) -> Iterator[Record]:
    """Yield what a checkpoint tells customers, who have that many partitions.

    A customer of an older key tells its successor.
    """
    for change in changes:
        said: dict[int, list[Note]] = {}
        notes: Iterable[Note] = change.notes
        if change.topic == CUSTOMERS.name and tokeniser.has_older:
            notes = handed_over(change.entities, tokeniser.token)
        for note in notes:
            said.setdefault(partition_of(note.customer, partitions), []).append(note)
        for partition, notes in said.items():
            for first in range(0, len(notes), MAX_NOTES):
                some = tuple(notes[first : first + MAX_NOTES])
                value = encode(Notes(change.topic, change.partition, some))
                yield Record(CUSTOMERS.name, None, value, partition)


def hand_over(folds: Mapping[str, Fold], tokeniser: Tokeniser) -> None:
    """Let the next checkpoint tell the successors of customers whom an older key named."""
    customers = folds[CUSTOMERS.name]
    if tokeniser.has_older:
        customers.touch(to_hand_over(customers.entities, tokeniser.token))


def partition_of(customer: str, partitions: int) -> int:
    """Return the partition of a customer: where Kafka's own partitioner puts the token as a key."""
    number: int = murmur2(customer.encode(), partitions)
    return number
