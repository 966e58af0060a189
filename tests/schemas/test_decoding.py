"""Each topic that is folded has its own kind of message; many are decoded as one by one."""

from schemas.codec import Message, Reason, Rejected, decode_record
from schemas.decoding import decode_folded
from schemas.events import Event
from schemas.notes import CallNote, Note, Notes, encode
from schemas.topics import CUSTOMERS
from tests.schemas.alike import message_of
from tests.schemas.event_strategies import NOW_AT
from tests.schemas.wires import TOKENISER

CUSTOMER = "ct1_" + "0" * 32


def test_sources_say_events() -> None:
    messages = [message_of("call.held", {"leg": leg}) for leg in (1, 0, 2)]
    decoded = decode_folded(messages, "ringside.calls", NOW_AT, TOKENISER)
    assert decoded == [decode_record(one, one.topic, NOW_AT, TOKENISER) for one in messages]
    assert [type(one) for one in decoded] == [Event, Rejected, Event]


def test_workers_say_notes() -> None:
    call = CallNote("pbx", "inbound", NOW_AT - 60, "loans")
    notes = Notes("ringside.calls", 0, (Note(CUSTOMER, 1, 7, NOW_AT, "call-1", call),))
    messages = [Message(CUSTOMERS.name, None, value) for value in (encode(notes), b"no JSON")]
    decoded = decode_folded(messages, CUSTOMERS.name, NOW_AT, TOKENISER)
    assert decoded == [notes, Rejected(Reason.NOT_JSON)]


def test_nothing_is_decoded_to_nothing() -> None:
    assert decode_folded([], "ringside.calls", NOW_AT, TOKENISER) == []
    assert decode_folded([], CUSTOMERS.name, NOW_AT, TOKENISER) == []
