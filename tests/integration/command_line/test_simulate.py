"""`ringside simulate` into a real broker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from agents import clock
from agents.__main__ import run
from agents.kafka.reading import Record
from agents.settings import Settings
from schemas.codec import Rejected, decode
from schemas.events import Event
from schemas.topics import SOURCES
from streams.simulation import FloorPlan, simulate

Held = Callable[[str], list[Record]]
Capsys = pytest.CaptureFixture[str]

PROJECT = Path(__file__).parents[3]
MONDAY = "2026-03-02T00:00:00+00:00"
MONDAY_AT = 1_772_409_600.0
DEADLINE_SECONDS = 180


def held_events(env: dict[str, str], held: Held) -> list[Event | Rejected]:
    tokeniser = Settings.from_env(env).tokeniser()
    return [
        decode(record.message, now=clock.now(), tokeniser=tokeniser)
        for topic in SOURCES
        for record in held(topic.name)
    ]


def only_events(found: list[Event | Rejected]) -> list[Event]:
    return [event for event in found if isinstance(event, Event)]


def test_what_was_simulated_is_in_the_topics_in_order_and_without_numbers(
    topics: dict[str, str], held: Held, capsys: Capsys
) -> None:
    arguments = ["--speed", "inf", "--start", MONDAY, "--duration", "30m", "--always-open"]
    assert run(["simulate", *arguments, "--seed", "3", "--poison", "0.01"], topics) == 0
    text = capsys.readouterr().out
    expected = list(
        simulate(
            FloorPlan.sized(always_open=True, tells_all=True),
            seed=3,
            start_at=MONDAY_AT,
            end_at=MONDAY_AT + 1800,
        )
    )
    found = held_events(topics, held)
    events = only_events(found)
    assert f"{len(expected):,} events sent to Kafka and confirmed" in text
    assert f"{len(found) - len(events)} malformed messages beside" in text
    assert len(found) > len(events)
    assert sequences(events) == sequences(expected)
    for record in held("ringside.calls"):
        assert b"+1" not in (record.message.value or b"").partition(b'"data"')[2]


def sequences(events: list[Event]) -> dict[str, list[str]]:
    """Return the ids of each call's, rep's, meeting's or deal's events, as they came."""
    found: dict[str, list[str]] = {}
    for event in events:
        found.setdefault(event.subject, []).append(event.id)
    return found


def test_live_events_bear_the_time_of_the_clock_and_sigterm_ends_it_in_order(
    topics: dict[str, str], held: Held
) -> None:
    began_at = clock.now()
    arguments = ("simulate", "--always-open", "--backfill", "5m", "--reps", "200")
    child = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "agents", *arguments],
        cwd=PROJECT,
        env=dict(os.environ) | topics,  # noqa: TID251 - what a child process is given
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not any(event.at > began_at + 3 for event in only_events(held_events(topics, held))):
            assert time.monotonic() < deadline, "no live event has come"
            assert child.poll() is None, child.communicate()
        seen_at = clock.now()
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=DEADLINE_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        child.wait()
    assert child.returncode == 0, err
    ended_at = clock.now()
    found = held_events(topics, held)
    events = only_events(found)
    assert len(events) == len(found)
    assert f"{len(events):,} events sent to Kafka and confirmed" in out
    # 200 reps over five minutes, about 0.03 events a second and rep; all but the live ones past.
    assert len(events) > 1000
    # It looked at the clock after we did, and before the first live event was seen.
    assert began_at - 301 < min(event.at for event in events) < seen_at - 270
    assert max(event.at for event in events) <= ended_at


def test_a_rate_is_kept(topics: dict[str, str], capsys: Capsys) -> None:
    began_at = time.monotonic()
    arguments = ["--rate", "200", "--duration", "3m", "--always-open"]
    assert run(["simulate", *arguments], topics) == 0
    seconds = time.monotonic() - began_at
    count = int(capsys.readouterr().out.split()[0].replace(",", ""))
    assert count > 200
    assert seconds >= (count - 1) / 200


def test_the_roster_is_added_to_what_was_there(
    topics: dict[str, str], tmp_path: Path, capsys: Capsys
) -> None:
    mine = tmp_path / "roster.yaml"
    mine.write_text(
        "sites: [{id: hanoi, zone: Asia/Ho_Chi_Minh}]\n"
        "teams: [{id: north, site: hanoi}]\n"
        "reps: [{id: linh, team: north}]\n"
        "activity_volume: [calls_dialled]\n"
    )
    assert run(["roster", "apply", str(mine)], topics) == 0
    simulated = ["simulate", "--apply-roster", "--speed", "inf", "--duration", "1s"]
    assert run([*simulated, "--always-open"], topics) == 0
    capsys.readouterr()
    assert run(["roster", "show"], topics) == 0
    text = capsys.readouterr().out
    assert "linh" in text
    assert "rep-0040" in text
    assert "seoul" in text
    assert "calls_answered" not in text, "the choice of measures is not the simulator's"


def test_missing_topics_are_named_before_anything_is_sent(
    bare: dict[str, str], capsys: Capsys
) -> None:
    assert run(["simulate"], bare) == 1
    assert "ringside topics apply" in capsys.readouterr().err


def test_a_missing_broker_is_named(capsys: Capsys) -> None:
    env = {"RINGSIDE_KAFKA_BOOTSTRAP": "127.0.0.1:9", "RINGSIDE_CUSTOMER_KEY": "a key of 16 bytes"}
    assert run(["simulate", "--wait", "0.5"], env) == 1
    assert "127.0.0.1:9" in capsys.readouterr().err
