"""What must hold of any record: one function, for every fuzzer."""

import re

from agents.changelog import Entry
from agents.kafka.deadletters import Origin, from_record, to_record
from agents.postgres.rows import batches
from agents.state import ChangelogTopics, Restorer, to_records
from schemas.codec import Decoded, Message, Reason, Rejected, decode, decode_records, encode
from schemas.customers import Tokeniser, is_token
from schemas.erasures import Erasure
from schemas.events import Event
from streams.fold import Fold
from streams.ledger import Ledger
from streams.sources import source_of
from tests.fuzz.case import unpack

NOW_AT = 1_788_256_800.0  # 2026-09-01T10:00:00Z
TOKENISER = Tokeniser(b"a key of sixteen", country_code="84")
LATENESS_SECONDS = 3600.0
_PLACE = re.compile(r"(\$(\.[a-z_]+(\[\d{1,3}\])?){0,3})?")
_TOKEN = re.compile(r"ct1_[0-9a-f]{32}")
_TOPICS = ChangelogTopics("fuzz")
_TABLES = {_TOPICS.entities: "entities", _TOPICS.panes: "panes", _TOPICS.ledger: "ledger"}


def check(case: bytes) -> Decoded:
    """Decode a case and carry it through the core; return the outcome.

    Raises:
        AssertionError: a promise does not hold.
        Exception: something behind the codec cannot take what the codec let through.
    """
    message = unpack(case)
    outcome = decode(message, now=NOW_AT, tokeniser=TOKENISER)
    if isinstance(outcome, Rejected):
        _check_refused(message, outcome)
    elif isinstance(outcome, Erasure):
        assert is_token(outcome.token)
        assert _fold(message.topic).apply(outcome, 7) is None
    else:
        _check_admitted(message, outcome)
    (compiled,) = decode_records([message], message.topic, NOW_AT, TOKENISER)
    assert repr(compiled) == repr(outcome), "the compiled codec reads something else"
    return outcome


def _check_refused(message: Message, rejected: Rejected) -> None:
    assert rejected.reason in Reason
    assert _PLACE.fullmatch(rejected.where), rejected.where
    assert source_of(message)
    letter = from_record(to_record(message, rejected, Origin(message.topic, 3, 42, NOW_AT)))
    assert letter is not None
    assert letter.message == message
    assert (letter.reason, letter.where) == (str(rejected.reason), rejected.where)


def _check_admitted(message: Message, event: Event) -> None:
    customer = getattr(event.data, "customer", None)
    assert customer is None or _TOKEN.fullmatch(customer), "a customer that is no token"
    again = Message(message.topic, message.key, encode(event))
    assert decode(again, now=NOW_AT, tokeniser=TOKENISER) == event, "encode and decode differ"
    fold = _fold(message.topic)
    assert fold.apply(event, 7) is None
    fold.apply(event, 8)
    ledger = fold.ledger
    assert (ledger.consumed, ledger.applied, ledger.duplicate) == (2, 1, 1), "counted twice"
    restored = _restored(fold).whole()
    whole = fold.whole()
    assert restored == whole, "what is restored is not what was"
    for _, columns in batches([whole], lateness_of=lambda _: LATENESS_SECONDS):
        assert columns


def _fold(topic: str) -> Fold:
    return Fold(topic, 0, ledger=Ledger(1), lateness_seconds=LATENESS_SECONDS)


def _restored(fold: Fold) -> Fold:
    changes = fold.take_changes()
    assert changes is not None
    restorer = Restorer(0, lateness_of=lambda _: LATENESS_SECONDS, epoch=1)
    records = [r for r in to_records([changes], _TOPICS, 0) if r.topic in _TABLES]
    restorer.add(Entry(_TABLES[r.topic], r.key or b"", r.value) for r in records)
    return restorer.finish()[fold.topic]
