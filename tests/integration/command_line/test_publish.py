"""`ringside publish` into a real broker."""

import json
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.__main__ import run
from agents.kafka.reading import Record


def line(number: int, call: str, *, queue: str = "loans") -> str:
    event = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "pbx",
        "type": "call.offered",
        "subject": call,
        "time": "2026-09-20T10:00:00Z",
        "data": {"queue": queue, "customer": "0912345678"},
    }
    return json.dumps(event)


Held = Callable[[str], list[Record]]


def test_every_line_arrives_once_in_order_and_one_call_in_one_partition(
    topics: dict[str, str], held: Held, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # 5,000 events of 100 calls, the events of all calls interleaved.
    lines = [line(number, f"call-{number % 100}") for number in range(5000)]
    (tmp_path / "events").write_text("\n".join(lines))
    assert run(["publish", str(tmp_path / "events")], topics) == 0
    assert "5000 events confirmed by Kafka" in capsys.readouterr().out
    numbers, partitions = defaultdict(list), defaultdict(set)
    for record in held("ringside.calls"):
        event = json.loads(record.message.value or b"")
        numbers[record.message.key].append(int(event["id"][1:]))
        partitions[record.message.key].add(record.partition)
        assert event["data"]["customer"].startswith("ct1_")
    assert len(numbers) == 100
    assert numbers[b"call-7"] == list(range(7, 5000, 100))
    assert all(len(used) == 1 for used in partitions.values())
    assert len(set.union(*partitions.values())) == 4


def test_keys_go_where_javas_clients_put_them(
    topics: dict[str, str], held: Held, tmp_path: Path
) -> None:
    # Kafka's own test vectors of murmur2 (UtilsTest.java), positive, modulo 4 partitions:
    # "21" -> -973932308, "foobar" -> -790332482, "a-little-bit-long-string" -> -985981536.
    expected = {
        b"21": (-973932308 & 0x7FFFFFFF) % 4,
        b"foobar": (-790332482 & 0x7FFFFFFF) % 4,
        b"a-little-bit-long-string": (-985981536 & 0x7FFFFFFF) % 4,
    }
    lines = [line(number, key.decode()) for number, key in enumerate(expected)]
    (tmp_path / "events").write_text("\n".join(lines))
    assert run(["publish", str(tmp_path / "events")], topics) == 0
    found = {record.message.key: record.partition for record in held("ringside.calls")}
    assert found == expected


def test_bad_lines_are_skipped_and_the_others_sent(
    topics: dict[str, str], held: Held, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "events").write_text("\n".join([line(1, "a"), "{", line(2, "b")]))
    assert run(["publish", str(tmp_path / "events")], topics) == 1
    printed = capsys.readouterr()
    assert "line 2 refused: not_json" in printed.err
    assert "2 events confirmed" in printed.out
    assert len(held("ringside.calls")) == 2


def test_a_rate_is_kept(topics: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "events").write_text("\n".join(line(number, "a") for number in range(21)))
    began = time.monotonic()
    assert run(["publish", str(tmp_path / "events"), "--rate", "20"], topics) == 0
    assert time.monotonic() - began >= 1.0  # the 21st event is due after 20 / 20 a second


def test_without_topics_nothing_is_sent(
    bare: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "events").write_text(line(1, "a"))
    assert run(["publish", str(tmp_path / "events")], bare) == 1
    assert "Run `ringside topics apply`" in capsys.readouterr().err
