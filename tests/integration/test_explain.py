"""`ringside explain`: the events behind a number, read back from Kafka, and what is gone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from agents.embedded.paths import PROJECT
from schemas import events as e
from schemas.events import Event
from schemas.topics import CALLS
from tests.integration.floor_events import activity, call, event, rep_state
from tests.integration.pipeline import Pipeline

Now = Callable[[], float]


def test_a_number_is_told_event_by_event_until_retention_takes_them(
    pipeline: Pipeline, now: Now
) -> None:
    # Of sales, within a quarter of an hour: a and b answered (10 s and 30 s), c given up; d is of
    # another queue, e of a later quarter. Two checkpoints lie between the two halves.
    quarter = (int(now()) // 900 - 3) * 900
    starts_at = datetime.fromtimestamp(quarter + 3600, UTC)
    first = [
        *call("a", quarter + 10, wait_seconds=10, talk_seconds=60),
        *call("d", quarter + 20, wait_seconds=10, talk_seconds=60, queue="cards"),
        *call("b", quarter + 30, wait_seconds=30, talk_seconds=60),
    ]
    second = [
        *call("c", quarter + 40, wait_seconds=50),
        *call("e", quarter + 910, wait_seconds=1, talk_seconds=1),
        rep_state("mai", quarter - 300, "available"),
        rep_state("mai", quarter + 100, "on_call"),
        rep_state("mai", quarter + 200, "offline"),
        activity("e-1", quarter + 50),
        event("meeting.booked", "m-1", quarter + 60, e.MeetingBooked("mai", starts_at)),
    ]
    pipeline.start_worker()
    for events in (first, second):
        pipeline.publish(events)
        pipeline.wait_until_written(len(events) if events is first else len(first) + len(second))

    told = _explained(pipeline, "service_level_answered_of_offered", quarter, "--queue", "sales")
    assert (told["version"], told["is_whole"]) == (1, True)
    stored = {"answered_wait_within_target": 1, "calls_answered": 2, "calls_abandoned": 1}
    assert told["stored"] == told["from_the_log"] == stored
    assert told["entities"] == {
        "a": _ids(first, "a", "answered"),
        "b": _ids(first, "b", "answered"),
        "c": _ids(second, "c", "abandoned"),
    }

    _told_to_people(pipeline, quarter, second)

    # What began before the quarter lies before the reference, and is looked for further back.
    told = _explained(pipeline, "occupancy", quarter, "--rep", "mai")
    assert told["is_whole"] is True
    assert told["stored"] == {"rep_available_seconds": 100, "rep_on_call_seconds": 100}
    assert set(told["entities"]) == {"mai"}
    _office(pipeline, quarter)

    _forget(pipeline)
    told = _explained(pipeline, "calls_offered", quarter, "--queue", "sales", code=1)
    assert told["stored"] == {"calls_offered": 3}
    assert told["from_the_log"] == {}
    assert told["removed_offsets"] > 0
    said = _run(pipeline, "calls_offered", quarter, "--queue", "sales")
    assert "retention has removed" in said.stderr


def _told_to_people(pipeline: Pipeline, quarter: int, second: list[Event]) -> None:
    # A percentile has its histogram, and a number may be named as it stands on a board.
    # Of answers after 10 s and 30 s: 90 % of two is 1.8, so 80 % of the way from 25 s to 30 s.
    told = _explained(pipeline, "Wait p90", quarter, "--queue", "sales")
    assert told["is_whole"] is True
    assert told["stored"] == {"answered_wait:5": 1, "answered_wait:9": 1}
    assert told["value"] == pytest.approx(29)
    said = _run(pipeline, "calls_abandoned", quarter, "--queue", "sales")
    assert f"{_ids(second, 'c', 'abandoned')[0]}  call.abandoned" in said.stdout
    assert "value: 1" in said.stdout
    said = _run(pipeline, "calls_offered", quarter, "--queue", "sale")
    assert said.returncode == 2
    assert "did you mean sales?" in said.stderr


def _office(pipeline: Pipeline, quarter: int) -> None:
    # The office's numbers, too, and of a team. Nobody is in the roster.
    told = _explained(pipeline, "meetings_booked", quarter, "--team", "unknown")
    assert (told["is_whole"], told["stored"]) == (True, {"meetings_booked": 1})
    assert set(told["entities"]) == {"m-1"}
    told = _explained(pipeline, "activity_volume", quarter, "--rep", "mai", "--site", "unknown")
    stored = {"calls_answered": 3, "meetings_booked": 1, "activities_logged": 1}
    assert (told["is_whole"], told["stored"]) == (True, stored)


def test_a_name_that_is_no_kpi_is_refused_with_a_hint(pipeline: Pipeline) -> None:
    said = _run(pipeline, "service_levels", 0)
    assert said.returncode == 2
    assert "service_level_answered_of_offered" in said.stderr
    said = _run(pipeline, "abandonement", 0)
    assert (said.returncode, "did you mean abandonment" in said.stderr) == (2, True)
    # What is counted of the present, or of deals, says where to look.
    said = _run(pipeline, "calls_waiting", 0)
    assert said.returncode == 2
    assert "rows of ringside.call" in said.stderr


def _ids(events: list[Event], subject: str, what: str) -> list[str]:
    return [one.id for one in events if one.subject == subject and one.type == f"call.{what}"]


def _forget(pipeline: Pipeline) -> None:
    """Remove all calls from Kafka, as retention would."""
    admin = AdminClient({"bootstrap.servers": pipeline.bootstrap})
    ends = [
        TopicPartition(CALLS.name, number, -1) for number in range(pipeline.settings.partitions)
    ]
    for answer in admin.delete_records(ends).values():
        answer.result()


def _explained(
    pipeline: Pipeline, kpi: str, quarter: int, *more: str, code: int = 0
) -> dict[str, object]:
    said = _run(pipeline, kpi, quarter, *more, "--json")
    assert said.returncode == code, said.stderr
    found: dict[str, object] = json.loads(said.stdout)
    return found


def _run(
    pipeline: Pipeline, kpi: str, quarter: int, *more: str
) -> subprocess.CompletedProcess[str]:
    span = [datetime.fromtimestamp(quarter + seconds, UTC).isoformat() for seconds in (0, 900)]
    return subprocess.run(  # noqa: S603 - our own command line
        (
            *(sys.executable, "-m", "agents", "explain", kpi, *more),
            *("--from", span[0], "--to", span[1]),
        ),
        env={**pipeline.env, "RINGSIDE_DATABASE_URL": pipeline.reader_url},
        cwd=PROJECT,
        text=True,
        capture_output=True,
        check=False,
        timeout=300,
    )
