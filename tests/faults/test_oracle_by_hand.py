"""The oracle itself, on a log so short that it can be counted by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from tests.faults.oracle import work_out
from tests.faults.source_log import Produced

NOON_AT = datetime(2026, 9, 1, 12, tzinfo=UTC).timestamp()


def produced(
    offset: int,
    type_: str,
    subject: str,
    at: float,
    *,
    topic: str = "ringside.calls",
    **data: object,
) -> Produced:
    time = datetime.fromtimestamp(at, UTC).isoformat()
    told = {"id": f"{subject} {type_}", "source": "/pbx", "subject": subject}
    value = json.dumps({**told, "type": type_, "time": time, "data": data}).encode()
    return Produced(topic, 0, offset, subject.encode(), value, (), NOON_AT)


def test_a_short_log_comes_to_what_it_comes_to_by_hand() -> None:
    offered = produced(0, "call.offered", "c1", NOON_AT - 3600 + 17, queue="sales")
    log = [
        offered,
        produced(1, "call.answered", "c1", NOON_AT - 3573, rep="mai"),
        offered._replace(offset=2),  # a repetition
        produced(3, "call.ended", "c1", NOON_AT - 3483),
        produced(4, "call.offered", "c2", NOON_AT, queue="sales"),
        produced(5, "call.offered", "c3", NOON_AT - 3601, queue="sales"),  # a second too late
        offered._replace(offset=6, key=b"c2"),  # not its key
        offered._replace(offset=7, value=b"[" * 100_000),
        produced(8, "call.offered", "c4", NOON_AT + 301, queue="sales"),  # its clock is ahead
        produced(9, "call.offered", "c5", NOON_AT, queue="\ud800"),  # half a character
        produced(
            0, "activity.logged", "a1", NOON_AT, topic="ringside.activities", rep="m", kind="k"
        ),
    ]
    truth = work_out(log)
    assert truth.ledger == {
        "consumed": 11,
        "applied": 5,
        "duplicate": 1,
        "late": 1,
        "dead_lettered": 4,
    }
    assert {offset for _, _, offset in truth.refused} == {5, 6, 7, 8, 9}
    assert truth.ends == {("ringside.calls", 0): 10, ("ringside.activities", 0): 1}
    assert truth.calls == 2
    eleven, noon = int(NOON_AT) - 3600, int(NOON_AT)
    assert truth.quarters == {
        (eleven, "calls_offered"): 1,
        (eleven, "calls_answered"): 1,
        (eleven, "calls_handled"): 1,
        (eleven, "call_wait_seconds"): 10,
        (eleven, "call_talk_seconds"): 90,
        (noon, "calls_offered"): 1,
        (noon, "activities_logged"): 1,
    }
    assert truth.totals["calls_offered"] == 2
    assert truth.totals["calls_abandoned"] == 0
