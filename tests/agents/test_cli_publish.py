"""Lines to messages, without Kafka."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.__main__ import run
from agents.kafka.publish import lines, to_message
from schemas.codec import MAX_BYTES, Message, Reason, Rejected, decode
from schemas.customers import Tokeniser

TOKENISER = Tokeniser(b"0123456789abcdef")
NOW = 1_790_000_000.0  # 21 September 2026


def event(**changes: object) -> dict[str, object]:
    base: dict[str, object] = {
        "specversion": "1.0",
        "id": "1",
        "source": "pbx",
        "type": "call.offered",
        "subject": "call-1",
        "time": "2026-09-20T10:00:00Z",
        "data": {"queue": "loans", "customer": "+84 912 345 678"},
    }
    return base | changes


def read(raw: bytes) -> list[tuple[int, bytes]]:
    return list(lines(io.BytesIO(raw)))


def test_lines_are_numbered_as_an_editor_does_and_empty_ones_are_left_out() -> None:
    assert read(b"\xef\xbb\xbf{}\r\n\n  \nx\ny") == [(1, b"{}"), (4, b"x"), (5, b"y")]


def test_of_an_endless_line_only_the_beginning_is_kept() -> None:
    found = read(b"x" * (3 * MAX_BYTES) + b"\n{}\n")
    assert [number for number, _ in found] == [1, 2]
    assert MAX_BYTES < len(found[0][1]) < MAX_BYTES + 10
    assert found[1][1] == b"{}"


@given(st.lists(st.binary(max_size=50).map(lambda raw: raw.replace(b"\n", b""))))
def test_no_line_is_lost_or_invented(texts: list[bytes]) -> None:
    expected = [text.strip() for text in texts if text.removeprefix(b"\xef\xbb\xbf").strip()]
    assert [text for _, text in read(b"\n".join([b"{}", *texts]))] == [b"{}", *expected] or any(
        text.startswith(b"\xef\xbb\xbf") for text in texts
    )


def test_an_event_goes_to_the_topic_of_its_type_under_its_subject() -> None:
    message = to_message(json.dumps(event()).encode(), now=NOW, tokeniser=TOKENISER)
    assert isinstance(message, Message)
    assert (message.topic, message.key) == ("ringside.calls", b"call-1")


def test_a_customers_number_does_not_leave_the_machine() -> None:
    message = to_message(json.dumps(event()).encode(), now=NOW, tokeniser=TOKENISER)
    assert isinstance(message, Message)
    assert message.value is not None
    assert b"912" not in message.value
    assert json.loads(message.value)["data"]["customer"].startswith("ct1_")


def test_what_is_published_is_what_the_worker_decodes() -> None:
    message = to_message(json.dumps(event()).encode(), now=NOW, tokeniser=TOKENISER)
    assert isinstance(message, Message)
    again = decode(message, now=NOW, tokeniser=TOKENISER)
    assert not isinstance(again, Rejected)
    # 20 September 2026, 10:00 UTC
    assert (again.at, again.subject, again.type) == (1789898400.0, "call-1", "call.offered")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", Reason.NOT_JSON),
        (b"\xff", Reason.NOT_JSON),
        (b"[]", Reason.INVALID),
        (b"x" * (MAX_BYTES + 1), Reason.TOO_LARGE),
        (b'{"x": ' + b"[" * 60_000, Reason.TOO_DEEP),
        (json.dumps(event(type="call.rung")).encode(), Reason.UNKNOWN_TYPE),
        (json.dumps(event(time="1999-01-01T00:00:00Z")).encode(), Reason.TIME_TOO_EARLY),
        (json.dumps(event(time="2027-01-01T00:00:00Z")).encode(), Reason.TIME_IN_FUTURE),
        (json.dumps(event(subject=7)).encode(), Reason.INVALID),
        (json.dumps(event(subject="a\nb")).encode(), Reason.UNPRINTABLE),
        (b'{"subject": "\\ud800", "type": "call.ended"}', Reason.NOT_JSON),
    ],
)
def test_a_bad_line_is_refused_with_its_reason(line: bytes, reason: Reason) -> None:
    refused = to_message(line, now=NOW, tokeniser=TOKENISER)
    assert isinstance(refused, Rejected)
    assert refused.reason == reason


@given(st.binary(max_size=200))
def test_no_line_whatever_it_holds_is_an_exception(line: bytes) -> None:
    assert isinstance(to_message(line, now=NOW, tokeniser=TOKENISER), Rejected)


def test_a_dry_run_counts_refuses_by_number_and_never_quotes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = json.dumps(event())
    (tmp_path / "events").write_text(f"{good}\nsecret number\n{good}\n")
    arguments = ["publish", str(tmp_path / "events"), "--dry-run"]
    assert run([*arguments, "--rejects", str(tmp_path / "rejects")], {}) == 1
    printed = capsys.readouterr()
    assert "2 events are right" in printed.out
    assert "line 2 refused: not_json" in printed.err
    assert "secret number" not in printed.out + printed.err
    assert (tmp_path / "rejects").read_text() == "secret number\n"


def test_strict_stops_at_the_first_bad_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "events").write_text(f"bad\n{json.dumps(event())}\n")
    assert run(["publish", str(tmp_path / "events"), "--dry-run", "--strict"], {}) == 1
    assert "0 events are right" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_told_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["publish", "/nowhere/events", "--dry-run"], {}) == 2
    assert "/nowhere/events cannot be read: No such file" in capsys.readouterr().err


def test_publishing_without_a_customer_key_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["publish", "-"], {}) == 2
    assert "RINGSIDE_CUSTOMER_KEY" in capsys.readouterr().err
