"""Corrections over real servers: what was counted moves, and what it was is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast

import pytest

from agents.__main__ import run
from schemas import events as e
from schemas.events import AnyFact, Event, Fact
from tests.integration.pipeline import Pipeline
from tests.streams.lives import TYPE_OF


def said(id_: str, subject: str, at: float, data: Fact, corrects: str | None = None) -> Event:
    fact = cast("AnyFact", data)
    return Event(id_, "/pbx/test", subject, TYPE_OF[type(data)], at, fact, "", corrects)


def calls(start: float) -> list[Event]:
    """Five calls in one quarter of an hour: four answered after 5 s, one after 40 s.

    80 % within 20 s. Then "c3 was answered after 60 s" and "c4 never happened": 3 of 4, 75 %.
    """
    told = [
        one
        for number, wait in enumerate((5, 5, 5, 5, 40))
        for one in (
            said(f"o{number}", f"c{number}", start, e.CallOffered("loans")),
            said(f"a{number}", f"c{number}", start + wait, e.CallAnswered("linh")),
        )
    ]
    return [
        *told,
        said("x1", "c3", start + 60, e.CallAnswered("linh"), corrects="a3"),
        said("x2", "c4", start + 90, e.CallRetracted(), corrects="o4"),
    ]


def office(start: float) -> list[Event]:
    """Of two held meetings one was a no-show; of two demos one an e-mail, the other none.

    The lead was not qualified; the deal came to its trial a quarter of an hour later, for less.
    """
    starts_at = datetime.fromtimestamp(start + 3600, UTC)
    told: list[tuple[str, str, float, Fact]] = [
        ("b1", "m1", 0, e.MeetingBooked("linh", starts_at)),
        ("b2", "m2", 0, e.MeetingBooked("linh", starts_at)),
        ("h1", "m1", 30, e.MeetingHeld()),
        ("h2", "m2", 30, e.MeetingHeld()),
        ("l1", "t1", 0, e.ActivityLogged("linh", "demo", "+84 90 123 45 67")),
        ("l2", "t2", 0, e.ActivityLogged("linh", "demo")),
        ("k1", "lead-1", 0, e.LeadCreated("linh")),
        ("q1", "lead-1", 30, e.LeadQualified("linh")),
        ("d1", "deal-1", 0, e.DealCreated("linh", "sales", "new", 900, "USD")),
        ("s1", "deal-1", 30, e.DealStageChanged("trial")),
        ("p1", "deal-1", 40, e.DealAmountChanged(700, "USD")),
    ]
    corrected: list[tuple[str, str, float, Fact, str]] = [
        ("y1", "m2", 20, e.MeetingNoShow(), "h2"),
        ("y2", "t1", 5, e.ActivityLogged("linh", "e-mail"), "l1"),
        ("y3", "t2", 60, e.ActivityRetracted(), "l2"),
        ("y4", "lead-1", 60, e.LeadRetracted("lead.qualified"), "q1"),
        ("y5", "deal-1", 930, e.DealStageChanged("trial"), "s1"),
        ("y6", "deal-1", 40, e.DealAmountChanged(70, "USD"), "p1"),
    ]
    plain = [said(id_, subject, start + at, data) for id_, subject, at, data in told]
    return plain + [said(id_, of, start + at, data, c) for id_, of, at, data, c in corrected]


def shift(start: float) -> list[Event]:
    """A call that began later than was told, and of two pauses one for another reason."""
    told: list[tuple[str, float, e.RepState, str | None, str | None]] = [
        ("r1", 0, "available", None, None),
        ("r2", 60, "on_call", None, None),
        ("r3", 180, "paused", "lunch", None),
        ("r4", 900, "paused", "lunch", None),
        ("r5", 1500, "offline", None, None),
        ("w1", 75, "on_call", None, "r2"),
        ("w2", 900, "paused", "training", "r4"),
    ]
    return [
        said(id_, "linh", start + at, e.RepStateChanged(state, reason), corrects)
        for id_, at, state, reason, corrects in told
    ]


def turns(pipeline: Pipeline, start: float) -> list[tuple[float, float | None, str, str]]:
    """(since, until, state, reason) of linh's states that hold, in seconds after *start*."""
    rows = pipeline.rows(
        """SELECT extract(epoch FROM since)::float8, extract(epoch FROM until)::float8, state,
               reason
           FROM ringside.rep_turn
           WHERE rep = 'linh' AND (until IS NULL OR until > since) ORDER BY since"""
    )
    return [
        (since - start, None if until is None else until - start, state, reason)
        for since, until, state, reason in rows
    ]


def moved_measures(pipeline: Pipeline) -> set[tuple[str, float, float, float]]:
    rows = pipeline.rows(
        """SELECT measure, extract(epoch FROM start_at)::float8, before, after
           FROM ringside.measure_correction
           WHERE topic NOT IN ('ringside.calls', 'ringside.reps')"""
    )
    return {cast("tuple[str, float, float, float]", row) for row in rows}


def check_calls(pipeline: Pipeline, start: float) -> None:
    (moved,) = pipeline.rows("SELECT * FROM ringside.service_level_correction")
    assert moved == (datetime.fromtimestamp(start, UTC), "loans", 2, -1, 4 / 5, 3 / 4)
    waits = pipeline.rows(
        """SELECT corrects_id, sum(after - before) FROM ringside.correction
           WHERE cell = 'call_wait_seconds' GROUP BY corrects_id ORDER BY corrects_id"""
    )
    assert waits == [("a3", 55.0), ("o4", -40.0)]
    assert pipeline.row("SELECT outcome, wait_seconds FROM ringside.call WHERE call_id = 'c3'") == (
        "answered",
        60.0,
    )


def check_office(pipeline: Pipeline, start: float) -> None:
    assert moved_measures(pipeline) == {
        ("meetings_held", start, 2, 1),
        ("meetings_no_show", start, 0, 1),
        *moved_for_good(start),
        ("leads_qualified", start, 1, 0),
    }
    meetings = "SELECT meeting_id, outcome FROM ringside.meeting ORDER BY meeting_id"
    assert pipeline.rows(meetings) == [("m1", "held"), ("m2", "no_show")]
    # The touch that was none has no time any more, and is in no view.
    assert pipeline.rows("SELECT kind, touch_id FROM ringside.touch WHERE kind <> 'call'") == [
        ("meeting", "m1"),
        ("e-mail", "t1"),
    ]
    deal = "SELECT amount_minor, extract(epoch FROM stage_at)::float8 FROM ringside.deal"
    assert pipeline.row(deal) == (70, start + 930)
    assert pipeline.total("ringside_meetings_held", window="1h") == 1
    assert pipeline.total("ringside_corrections_total") == 8 + 2
    assert pipeline.total("ringside_corrections_unmet_total") == 0


def moved_for_good(start: float) -> set[tuple[str, float, float, float]]:
    return {
        ("activities_logged", start, 2, 1),
        ("deal_stage_changes", start, 1, 0),
        ("deal_stage_changes", start + 900, 0, 1),
    }


def test_corrected_facts_move_in_postgresql_and_the_command_says_what_was(
    pipeline: Pipeline,
    now: Callable[[], float],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    env = {"RINGSIDE_DATABASE_URL": pipeline.reader_url}
    assert run(["corrections"], env) == 0
    assert "no correction changed anything" in capsys.readouterr().out
    # All of it is over by now, and in the hour that the live window shows for as long again.
    start = (now() - 1500) // 900 * 900
    worker = pipeline.start_worker()
    sent = pipeline.publish([*calls(start), *office(start), *shift(start)])
    pipeline.wait_until_written(sent)
    check_calls(pipeline, start)
    check_office(pipeline, start)
    assert turns(pipeline, start) == [
        (0, 75, "available", ""),
        (75, 180, "on_call", ""),
        (180, 900, "paused", "lunch"),
        (900, 1500, "paused", "training"),
        (1500, None, "offline", ""),
    ]

    # What was told and corrected is restored: a corrected correction, and a retraction of it all.
    worker.process.kill()
    pipeline.start_worker()
    more = [
        said("z1", "m2", start + 30, e.MeetingHeld(), corrects="y1"),
        said("z2", "m1", start + 90, e.MeetingRetracted(), corrects="b1"),
        said("z3", "lead-1", start + 45, e.LeadQualified("linh"), corrects="y4"),
        said("z4", "linh", start + 950, e.RepStateRetracted(), corrects="w2"),
    ]
    pipeline.wait_until_written(sent + pipeline.publish(more))
    assert moved_measures(pipeline) == {
        ("meetings_booked", start, 2, 1),
        ("meetings_held", start, 2, 1),
        *moved_for_good(start),
    }
    # There was one pause, until she went.
    assert turns(pipeline, start)[2:] == [
        (180, 1500, "paused", "lunch"),
        (1500, None, "offline", ""),
    ]

    monkeypatch.setenv("COLUMNS", "200")
    asked = ["corrections", "--from", "2020-01-01"]
    printed = said_by(capsys, [*asked, "--queue", "loans", "--cells"], env)
    assert "was 80.0%, is 75.0%" in printed
    assert "calls_retracted" in printed
    assert "meetings_held" not in printed
    (line,) = (line for line in said_by(capsys, asked, env).splitlines() if "meetings_held" in line)
    # Three corrections: was 2, is 1.
    assert line.split()[-3:] == ["3", "2", "1"]


def said_by(capsys: pytest.CaptureFixture[str], asked: list[str], env: dict[str, str]) -> str:
    capsys.readouterr()
    assert run(asked, env) == 0
    return capsys.readouterr().out


def test_a_question_that_makes_no_sense_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    env = {"RINGSIDE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    assert run(["corrections", "--from", "2026-02-30"], env) == 2
    assert "is not a time" in capsys.readouterr().err
    assert run(["corrections", "--from", "2026-03-02", "--to", "2026-03-01"], env) == 2
    assert "must be before" in capsys.readouterr().err
