"""From our settings to the clients' ones, and the shape of a dead letter."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import DeliveryError, SettingsError
from agents.kafka import config
from agents.kafka.deadletters import DeadLetter, Origin, from_record, to_record
from agents.kafka.retry import Progress
from agents.kafka.sending import Sender
from agents.settings import Settings
from schemas.codec import Message, Reason, Rejected

SASL = {
    "RINGSIDE_KAFKA_BOOTSTRAP": "kafka.example.com:9093",
    "RINGSIDE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "RINGSIDE_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "RINGSIDE_KAFKA_USERNAME": "ringside",
    "RINGSIDE_KAFKA_PASSWORD": "hush",
}


def test_both_clients_log_in_alike() -> None:
    settings = Settings.from_env(SASL)
    librdkafka, aiokafka = config.librdkafka(settings), config.aiokafka(settings)
    assert librdkafka["bootstrap.servers"] == aiokafka["bootstrap_servers"]
    assert librdkafka["security.protocol"] == aiokafka["security_protocol"] == "SASL_SSL"
    assert librdkafka["sasl.mechanism"] == aiokafka["sasl_mechanism"] == "SCRAM-SHA-512"
    assert librdkafka["sasl.password"] == aiokafka["sasl_plain_password"] == "hush"
    assert aiokafka["ssl_context"].check_hostname


def test_plain_text_needs_neither_tls_nor_user() -> None:
    assert config.aiokafka(Settings())["ssl_context"] is None
    assert not any(name.startswith(("sasl.", "ssl.")) for name in config.librdkafka(Settings()))


def test_a_certificate_file_that_holds_none_is_told_by_variable(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    env = {
        "RINGSIDE_KAFKA_SECURITY_PROTOCOL": "SSL",
        "RINGSIDE_KAFKA_CA_FILE": str(tmp_path / "ca.pem"),
    }
    with pytest.raises(SettingsError, match="RINGSIDE_KAFKA_CA_FILE"):
        config.aiokafka(Settings.from_env(env))


def test_a_producer_neither_loses_nor_repeats_nor_reorders() -> None:
    producer = config.producer(Settings())
    assert (producer["acks"], producer["enable.idempotence"]) == ("all", True)
    assert producer["partitioner"] == "murmur2_random"


HEADERS = st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=5)), max_size=3).map(tuple)


@given(
    key=st.none() | st.binary(max_size=9),
    value=st.none() | st.binary(max_size=20),
    headers=HEADERS,
    reason=st.sampled_from(Reason),
    place=st.tuples(st.integers(0, 99), st.integers(0, 2**40)),
)
def test_a_dead_letter_gives_the_message_back_byte_for_byte(
    key: bytes | None,
    value: bytes | None,
    headers: tuple[tuple[str, bytes], ...],
    reason: Reason,
    place: tuple[int, int],
) -> None:
    message = Message("ringside.calls", key, value, headers)
    origin = Origin("ringside.calls", *place, 1_790_000_000.125)
    record = to_record(message, Rejected(reason, "$.data"), origin)
    assert record.topic == "ringside.deadletters"
    assert (record.key, record.value) == (key, value)
    assert from_record(record) == DeadLetter(message, str(reason), "$.data", origin)


def test_a_message_that_was_a_dead_letter_before_keeps_its_old_headers() -> None:
    origin = Origin("ringside.calls", 1, 5, 0.0)
    once = to_record(Message("ringside.calls", b"k", b"v"), Rejected(Reason.INVALID), origin)
    twice = to_record(once, Rejected(Reason.TOO_LATE), Origin("ringside.calls", 1, 9, 1.0))
    letter = from_record(twice)
    assert letter is not None
    assert (letter.reason, letter.origin.offset) == ("too_late", 9)
    assert letter.message.headers == once.headers


@pytest.mark.parametrize(
    "change",
    [
        {"ringside-partition": b"-1"},
        {"ringside-partition": b"x"},
        {"ringside-at": b"nan"},
        {"ringside-topic": b"\xff"},
        {"ringside-offset": None},
    ],
)
def test_what_is_no_dead_letter_is_recognised(change: dict[str, bytes]) -> None:
    origin = Origin("ringside.calls", 1, 5, 0.0)
    right = to_record(Message("ringside.calls", b"k", b"v"), Rejected(Reason.INVALID), origin)
    headers = tuple((name, change.get(name, text)) for name, text in right.headers)
    assert from_record(right) is not None
    assert from_record(Message(right.topic, b"k", b"v", headers)) is None
    assert from_record(Message(right.topic, b"k", b"v", right.headers[1:])) is None


def letter(reason: str, topic: str = "ringside.calls") -> DeadLetter:
    return DeadLetter(Message(topic, b"k", b"v"), reason, "", Origin(topic, 0, 0, 0.0))


def test_progress_by_reason_survives_being_kept() -> None:
    progress = Progress()
    progress.pass_kind(letter("invalid"), 7)
    kept = Progress.read(progress.offset, progress.metadata())
    assert kept.has(letter("invalid"), 7)
    assert not kept.has(letter("invalid"), 8)
    assert not kept.has(letter("not_json"), 0)
    assert not kept.has(letter("invalid", "ringside.deals"), 0)


def test_progress_over_everything_makes_progress_by_reason_needless() -> None:
    progress = Progress()
    progress.pass_kind(letter("invalid"), 7)
    progress.pass_all(7)
    assert (progress.offset, progress.metadata()) == (8, "")
    assert progress.has(letter("not_json"), 7)


def test_what_kafka_does_not_confirm_is_an_error_with_its_count() -> None:
    # Nobody listens on port 1 of this machine.
    settings = Settings(kafka_bootstrap="127.0.0.1:1")
    with Sender(settings, delivery_seconds=0.5) as sender:
        sender.send(Message("ringside.calls", b"k", b"1"))
        sender.send(Message("ringside.calls", b"k", b"2"))
        with pytest.raises(DeliveryError, match=r"2 messages were not delivered .*; 0 were"):
            sender.finish()
