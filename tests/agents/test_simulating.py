"""`ringside simulate` without Kafka: which time it simulates, how fast, and what it writes."""

import math
from pathlib import Path

import pytest

from agents.__main__ import run
from agents.errors import InputError
from agents.kafka import rosterfile
from agents.simulating.period import Pace, Period, Wanted, parse_duration, parse_instant
from agents.simulating.poison import Poison
from schemas.codec import Message, Rejected, decode, encode
from schemas.customers import Tokeniser
from schemas.events import CallOffered, Event
from streams.roster_rules import validate

NOW = 1_800_000_000.0
DAY_SECONDS = 86_400
KEY = Tokeniser(b"a key for the tests")
Capsys = pytest.CaptureFixture[str]

A_DAY = ["simulate", "--start", "2026-03-02T08:00+09:00", "--duration", "10h"]


def test_live_begins_now_and_never_ends() -> None:
    period = Period.of(Wanted(), now=NOW)
    assert (period.start_at, period.end_at, period.speed) == (NOW, None, 1)
    pace = Pace(period, NOW)
    assert [pace.due_at(NOW + seconds) for seconds in (0, 1.5, 60)] == [NOW, NOW + 1.5, NOW + 60]


def test_a_backfill_goes_out_at_once_and_the_rest_live() -> None:
    period = Period.of(Wanted(backfill_seconds=1200), now=NOW)
    assert period.start_at == NOW - 1200
    pace = Pace(period, NOW)
    assert [pace.due_at(NOW + seconds) for seconds in (-1200, -1, 2)] == [NOW, NOW, NOW + 2]


def test_sixty_fold_speed_sends_an_hour_of_the_past_in_a_minute() -> None:
    period = Period.of(Wanted(speed=60, duration_seconds=3600), now=NOW)
    assert (period.start_at, period.end_at) == (NOW - 3600, NOW)
    pace = Pace(period, NOW)
    assert pace.due_at(NOW - 3600) == NOW
    assert pace.due_at(NOW - 1800) == NOW + 30
    assert pace.due_at(NOW) == NOW + 60


def test_once_caught_up_with_the_clock_no_event_is_sent_before_its_time() -> None:
    period = Period.of(Wanted(speed=60), now=NOW)
    assert period.start_at == NOW - DAY_SECONDS
    pace = Pace(period, NOW)
    # A day at sixty-fold speed takes 24 minutes; what happens an hour from now is sent then.
    assert pace.due_at(NOW + 3600) == NOW + 3600


def test_a_rate_spaces_events_whatever_their_times_but_never_into_the_future() -> None:
    pace = Pace(Period.of(Wanted(rate=100), now=NOW), NOW)
    past = NOW - 1000
    assert [pace.due_at(past) for _ in range(3)] == [NOW, NOW + 0.01, NOW + 0.02]
    assert pace.due_at(NOW + 5) == NOW + 5


def test_a_file_is_written_without_waiting_and_may_hold_the_future() -> None:
    wanted = Wanted(to_file=True, start_at=NOW + 1000)
    wanted.check(now=NOW)
    period = Period.of(wanted, now=NOW)
    assert period.end_at == NOW + 1000 + 3600
    assert Pace(period, NOW).due_at(NOW + 2000) == NOW
    assert Period.of(Wanted(to_file=True, speed=1), now=NOW).end_at is None


def test_infinite_speed_waits_only_for_the_clock() -> None:
    pace = Pace(Period.of(Wanted(speed=math.inf, duration_seconds=100), now=NOW), NOW)
    assert [pace.due_at(at) for at in (NOW - 100, NOW - 1)] == [NOW, NOW]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("20m", 1200), ("1.5h", 5400), ("2d", 2 * DAY_SECONDS)],
)
def test_durations_are_written_with_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5m", "5 minutes", "5w", "nan"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a duration"):
        parse_duration(text)


def test_an_instant_without_offset_is_utc() -> None:
    # 2026-03-02 00:00 UTC
    assert parse_instant("2026-03-02") == 1_772_409_600
    assert parse_instant("2026-03-02T09:00+09:00") == 1_772_409_600
    with pytest.raises(InputError, match="is not an instant"):
        parse_instant("yesterday")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--rate", "5", "--speed", "2"], "contradict each other"),
        (["--start", "2126-01-01"], "is in the future"),
        (["--reps", "3", "--teams", "4", "-o", "-"], "cannot fill 4 teams"),
        (["-o", "/nowhere/a.jsonl"], "cannot be written"),
        (["--write-roster", "/nowhere/roster.yaml", "-o", "-"], "cannot be written"),
        (["--duration", "soon"], "is not a duration"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(
    arguments: list[str], sentence: str, capsys: Capsys
) -> None:
    assert run(["simulate", *arguments], {}) == 2
    assert sentence in capsys.readouterr().err


def test_the_same_seed_writes_the_same_file(tmp_path: Path) -> None:
    first, again, other = (tmp_path / name for name in "abc")
    for file, seed in ((first, "7"), (again, "7"), (other, "8")):
        assert run([*A_DAY, "--seed", seed, "--reps", "8", "-o", str(file)], {}) == 0
    assert first.read_bytes() == again.read_bytes()
    assert first.read_bytes() != other.read_bytes()


def test_a_file_of_mischief_is_taken_but_for_what_was_spoilt(
    tmp_path: Path, capsys: Capsys
) -> None:
    file = tmp_path / "day.jsonl"
    mischief = ["--duplicates", "0.02", "--late", "0.02", "--poison", "0.01"]
    assert run([*A_DAY, "--reps", "8", *mischief, "-o", str(file)], {}) == 0
    words = capsys.readouterr().out.split()  # 1,234 events written to ..., 12 malformed ...
    events, spoilt = int(words[0].replace(",", "")), int(words[-4])
    assert events > 1000
    assert spoilt > 10
    assert run(["publish", "--dry-run", str(file)], {}) == 1
    told = capsys.readouterr()
    assert f"{events} events are right" in told.out
    # An empty line is no line to `publish`, so not all that is spoilt is seen there.
    assert "lines were refused" in told.err


def test_the_written_roster_is_one_that_can_be_applied(tmp_path: Path) -> None:
    file = tmp_path / "roster.yaml"
    assert run([*A_DAY, "--write-roster", str(file), "-o", str(tmp_path / "day")], {}) == 0
    roster = rosterfile.read(file)
    assert validate(roster) == []
    assert len(roster.reps) == 40


def test_a_closed_floor_is_spoken_of(tmp_path: Path, capsys: Capsys) -> None:
    sunday = ["--start", "2026-03-01T08:00+09:00"]
    assert run(["simulate", *sunday, "-o", str(tmp_path / "day.jsonl")], {}) == 0
    told = capsys.readouterr()
    assert "closed until about 2026-03-01T23:30+00:00; --always-open" in told.err
    assert told.out.startswith("0 events written")


def test_every_kind_of_poison_is_refused() -> None:
    event = Event("i", "/s", "c-1", "call.offered", NOW, CallOffered(queue="sales"))
    poison = Poison(1.0, seed=1)
    spoilt = {poison.spoil(encode(event)) for _ in range(200)}
    assert len(spoilt) == 8
    for value in spoilt:
        message = Message("ringside.calls", b"c-1", value)
        assert isinstance(decode(message, now=NOW, tokeniser=KEY), Rejected), value
    assert Poison(0.0, seed=1).spoil(b"{}") is None


def test_the_examples_are_what_the_simulator_writes(tmp_path: Path) -> None:
    # docs/examples: three minutes of eight reps, and their roster.
    events, roster = tmp_path / "events.jsonl", tmp_path / "roster.yaml"
    floor = ["--seed", "1", "--reps", "8", "--teams", "3", "--always-open"]
    period = ["--start", "2026-03-02T09:00+09:00", "--duration", "3m"]
    written = ["--output", str(events), "--write-roster", str(roster)]
    assert run(["simulate", *floor, *period, *written], {}) == 0
    examples = Path(__file__).parents[2] / "docs" / "examples"
    assert events.read_bytes() == (examples / "simulated-minutes.jsonl").read_bytes()
    assert roster.read_text() == (examples / "simulated-roster.yaml").read_text()
