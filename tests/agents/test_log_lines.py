"""What an operator can put right is told in a line, now and then; a bug with its traceback."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from agents import log
from agents.errors import BrokerError


@pytest.fixture(params=["console", "json"])
def printed(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    log.configure(request.param, "INFO", stream=stream)
    yield stream
    root.handlers[:] = before[0]
    root.setLevel(before[1])


def crash(error: Exception) -> None:
    """Log as Faust does when one of its services crashes."""
    try:
        raise error
    except type(error):
        logging.getLogger("faust.app").exception("Crashed reason=%r", error)


def test_a_known_error_is_told_without_a_traceback(printed: io.StringIO) -> None:
    crash(BrokerError("Kafka is gone"))
    assert "Kafka is gone" in printed.getvalue()
    assert "Traceback" not in printed.getvalue()
    assert len(printed.getvalue().strip().split("\n")) == 1


def test_a_bug_is_told_with_its_traceback(printed: io.StringIO) -> None:
    crash(ValueError("never heard of"))
    assert "Traceback" in printed.getvalue()
    assert "never heard of" in printed.getvalue()


def test_a_line_goes_to_what_stderr_is_when_it_is_written(
    monkeypatch: pytest.MonkeyPatch, printed: io.StringIO
) -> None:
    for_a_while, afterwards = io.StringIO(), io.StringIO()
    monkeypatch.setattr("sys.stderr", for_a_while)
    log.configure("json", "INFO")
    for_a_while.close()
    monkeypatch.setattr("sys.stderr", afterwards)
    logging.getLogger("agents.test").warning("said later")
    assert json.loads(afterwards.getvalue())["event"] == "said later"
    assert printed.getvalue() == ""


def test_a_client_of_kafka_says_the_same_once_in_half_a_minute() -> None:
    now = 0.0
    sparing = log.Sparing(lambda: now)

    def told(name: str, text: str) -> bool:
        return sparing.filter(logging.LogRecord(name, logging.ERROR, "", 0, text, None, None))

    assert told("aiokafka", "Unable connect to node with id %s: %s")
    assert not told("aiokafka", "Unable connect to node with id %s: %s")
    assert told("aiokafka", "Failed fetch messages from %s: %s")
    assert told("agents.shards", "shard restored") == told("agents.shards", "shard restored")
    now = 31.0
    assert told("aiokafka", "Unable connect to node with id %s: %s")
