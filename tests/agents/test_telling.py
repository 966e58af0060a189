"""Notes as records: few, to the partitions that Kafka would choose, and within a broker's limit."""

from random import Random

import msgspec
from aiokafka.partitioner import murmur2

from agents.telling import note_records, partition_of
from schemas.codec import Message
from schemas.customers import Tokeniser
from schemas.notes import MAX_BYTES, MAX_NOTES, CallNote, Note, Notes, decode_notes, encode
from schemas.topics import CALLS, CUSTOMERS
from streams.changes import Changes
from streams.ledger import Ledger

AT = 1_788_256_800.0
TOKENISER = Tokeniser(b"k" * 16)
BROKER_LIMIT = 1_000_000
"""`message.max.bytes` of librdkafka; a broker's own is 48,588 more."""


def token(number: int) -> str:
    return f"ct1_{number:032x}"


def note(customer: str, entity: str) -> Note:
    return Note(customer, 1, 5, AT, entity, CallNote("pbx", "inbound", AT, "loans"))


def changes(notes: list[Note]) -> Changes:
    return Changes(CALLS.name, 2, Ledger(1), {}, {}, notes, 0, [])


def test_a_customer_is_in_the_partition_where_their_token_was_as_a_key() -> None:
    random = Random(1)  # noqa: S311 - a repeatable test
    for _ in range(2000):
        customer, partitions = token(random.getrandbits(128)), random.randint(1, 50)
        # aiokafka's copy of what Java clients do; librdkafka's "murmur2_random" does it, too.
        expected = (murmur2(customer.encode()) & 0x7FFF_FFFF) % partitions
        assert partition_of(customer, partitions) == expected


def test_a_checkpoint_makes_one_record_for_each_partition_and_loses_no_note() -> None:
    notes = [note(token(number % 50), f"c{number}") for number in range(300)]
    records = list(note_records([changes(notes)], 4, TOKENISER))
    assert [record.topic for record in records] == [CUSTOMERS.name] * 4
    assert sorted(record.partition for record in records) == [0, 1, 2, 3]
    said: list[Note] = []
    for record in records:
        message = Message(record.topic, record.key, record.value)
        found = decode_notes(message, record.topic, AT, TOKENISER)
        assert isinstance(found, Notes)
        assert (found.topic, found.partition) == (CALLS.name, 2)
        assert {partition_of(one.customer, 4) for one in found.notes} == {record.partition}
        said += found.notes
    assert sorted(said, key=lambda one: int(one.entity[1:])) == notes


def test_more_than_fits_goes_into_further_records_in_order() -> None:
    notes = [note(token(1), f"c{number}") for number in range(2 * MAX_NOTES + 1)]
    records = list(note_records([changes(notes)], 4, TOKENISER))
    counts = [len(msgspec.json.decode(record.value or b"")[2]) for record in records]
    assert counts == [MAX_NOTES, MAX_NOTES, 1]
    entities = [one[4] for record in records for one in msgspec.json.decode(record.value or b"")[2]]
    assert entities == [one.entity for one in notes]


def test_a_record_of_the_longest_notes_is_within_the_limits() -> None:
    # Every character of every name takes six bytes in JSON.
    says = CallNote("\x01" * 256, "outbound", AT, "\x01" * 128, "\x01" * 128, "flowed_out", AT)
    longest = Note("ct999_" + "0" * 32, 2**40, 2**62, AT + 0.123456, "\x01" * 160, says)
    value = encode(Notes(CALLS.name, 1023, (longest,) * MAX_NOTES))
    assert len(value) < MAX_BYTES < BROKER_LIMIT
    message = Message(CUSTOMERS.name, None, value)
    assert isinstance(decode_notes(message, CUSTOMERS.name, AT, Tokeniser(b"k" * 16)), Notes)
