"""JSON Lines of CloudEvents to messages, one line at a time."""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from schemas.codec import MAX_BYTES, Message, Reason, Rejected, decode, encode
from schemas.customers import Tokeniser
from schemas.erasures import Erasure
from schemas.topics import TOPIC_OF_TYPE

_BOM = b"\xef\xbb\xbf"


class _Address(msgspec.Struct, gc=False):
    """What of an event says where it goes."""

    type: str = ""
    subject: str = ""


_address = msgspec.json.Decoder(_Address)


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not empty, with their numbers from 1.

    Of a line that is longer than any event may be only the beginning is kept, so that a file
    without line breaks does not fill the memory.
    """
    limit = MAX_BYTES + 2
    number = 0
    while line := stream.readline(limit):
        number += 1
        cut = line
        while len(cut) == limit and not cut.endswith(b"\n"):
            cut = stream.readline(limit)
        text = line.strip() if number > 1 else line.removeprefix(_BOM).strip()
        if text:
            yield number, text


def to_message(line: bytes, *, now: float, tokeniser: Tokeniser) -> Message | Rejected:
    """Return the message of one event, its customer's number replaced; or why it is refused."""
    if len(line) > MAX_BYTES:
        return Rejected(Reason.TOO_LARGE)
    try:
        address = _address.decode(line)
        key = address.subject.encode()
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        address, key = _Address(), b""  # the codec knows better what is wrong with it
    topic = TOPIC_OF_TYPE.get(address.type, "")
    event = decode(Message(topic, key, line), now=now, tokeniser=tokeniser)
    if isinstance(event, Rejected):
        return event
    if isinstance(event, Erasure):  # it goes to every partition, by `ringside privacy erase`
        return Rejected(Reason.UNKNOWN_TYPE, "$.type")
    return Message(topic, key, encode(event))
