"""Decodes what is read from a topic that is folded: events, or what workers note of customers."""

from collections.abc import Sequence

from schemas.codec import decode_records
from schemas.customers import Tokeniser
from schemas.messages import Decoded, Received
from schemas.notes import Notes, decode_notes
from schemas.topics import CUSTOMERS

TOGETHER = 128
"""How many messages to decode, then fold; what lies between stays in the CPU's cache."""


def decode_folded(
    records: Sequence[Received], topic: str, now: float, tokeniser: Tokeniser
) -> Sequence[Decoded | Notes]:
    """Decode records that were read from *topic*, in their order. Never raises."""
    if topic == CUSTOMERS.name:
        return [decode_notes(record, topic, now, tokeniser) for record in records]
    return decode_records(records, topic, now, tokeniser)
