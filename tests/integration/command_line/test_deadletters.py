"""`ringside deadletters` against a real broker."""

from collections.abc import Callable

import pytest

from agents.__main__ import run
from agents.kafka.deadletters import Origin, to_record
from agents.kafka.reading import Record
from agents.kafka.sending import Sender
from agents.settings import Settings
from schemas.codec import Message, Reason, Rejected

Held = Callable[[str], list[Record]]
Capsys = pytest.CaptureFixture[str]


def refuse(env: dict[str, str], *letters: tuple[Reason, str, bytes]) -> None:
    """Put dead letters on the topic as a worker does, all refused at 2026-09-21 13:33:20 UTC."""
    with Sender(Settings.from_env(env)) as sender:
        for offset, (reason, topic, value) in enumerate(letters):
            message = Message(topic, b"key \x00", value, (("x", b"\xff"),))
            origin = Origin(topic, 2, offset, 1_789_997_600.0)
            sender.send(to_record(message, Rejected(reason, "$.data"), origin))
        sender.finish()


INVALID, NOT_JSON = Reason.INVALID, Reason.NOT_JSON
CALLS, DEALS = "ringside.calls", "ringside.deals"


def values(records: list[Record]) -> list[bytes]:
    return sorted(record.message.value or b"" for record in records)


def test_an_empty_topic_has_no_dead_letters(topics: dict[str, str], capsys: Capsys) -> None:
    assert run(["deadletters", "list"], topics) == 0
    assert capsys.readouterr().out == "no dead letters\n"


def test_dead_letters_are_counted_by_reason_and_topic(
    topics: dict[str, str], capsys: Capsys
) -> None:
    refuse(topics, (INVALID, CALLS, b"1"), (INVALID, CALLS, b"2"), (NOT_JSON, DEALS, b"3"))
    assert run(["deadletters", "list"], topics) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    at = ["2026-09-21", "13:33:20Z"]
    assert [row[:3] for row in rows] == [["invalid", CALLS, "2"], ["not_json", DEALS, "1"]]
    assert rows[0][4:] == at + at


def test_content_is_shown_only_when_asked(topics: dict[str, str], capsys: Capsys) -> None:
    refuse(topics, (INVALID, CALLS, b"number 0912345678 \xff"))
    assert run(["deadletters", "show"], topics) == 0
    assert "0912345678" not in capsys.readouterr().out
    assert run(["deadletters", "show", "--values"], topics) == 0
    assert r"number 0912345678 \xff" in capsys.readouterr().out


def test_a_retry_sends_back_the_bytes_key_headers_and_partition_once(
    topics: dict[str, str], held: Held
) -> None:
    refuse(topics, (INVALID, CALLS, b"{\x00\xff"))
    assert run(["deadletters", "retry"], topics) == 0
    assert run(["deadletters", "retry"], topics) == 0
    (record,) = held(CALLS)
    assert record.message == Message(CALLS, b"key \x00", b"{\x00\xff", (("x", b"\xff"),))
    assert record.partition == 2


def test_retries_by_reason_and_by_topic_neither_repeat_nor_forget(
    topics: dict[str, str], held: Held
) -> None:
    refuse(
        topics,
        (INVALID, CALLS, b"1"),
        (NOT_JSON, CALLS, b"2"),
        (INVALID, DEALS, b"3"),
        (NOT_JSON, DEALS, b"4"),
    )
    assert run(["deadletters", "retry", "--reason", "not_json"], topics) == 0
    assert values(held(CALLS)) == [b"2"]
    assert values(held(DEALS)) == [b"4"]
    assert run(["deadletters", "retry", "--topic", DEALS], topics) == 0
    assert values(held(DEALS)) == [b"3", b"4"]
    assert run(["deadletters", "retry"], topics) == 0
    assert values(held(CALLS)) == [b"1", b"2"]
    assert values(held(DEALS)) == [b"3", b"4"]


def test_what_is_refused_later_is_retried_later(topics: dict[str, str], held: Held) -> None:
    refuse(topics, (INVALID, CALLS, b"1"))
    assert run(["deadletters", "retry"], topics) == 0
    refuse(topics, (INVALID, CALLS, b"2"))
    assert run(["deadletters", "retry", "--reason", "invalid"], topics) == 0
    assert values(held(CALLS)) == [b"1", b"2"]


def test_dead_letters_of_strange_topics_are_left(
    topics: dict[str, str], held: Held, capsys: Capsys
) -> None:
    refuse(topics, (INVALID, "somewhere.else", b"1"), (INVALID, CALLS, b"2"))
    assert run(["deadletters", "retry"], topics) == 0
    assert "1 came from topics that are no source topics" in capsys.readouterr().err
    assert values(held(CALLS)) == [b"2"]
