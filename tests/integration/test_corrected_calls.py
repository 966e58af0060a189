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


def said(id_: str, call: str, at: float, data: Fact, corrects: str | None = None) -> Event:
    fact = cast("AnyFact", data)
    return Event(id_, "/pbx/test", call, TYPE_OF[type(data)], at, fact, "", corrects)


def test_a_corrected_call_moves_in_postgresql_and_the_command_says_what_was(
    pipeline: Pipeline,
    now: Callable[[], float],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Five calls in one quarter of an hour: four answered after 5 s, one after 40 s: 80 % within
    # 20 s. Then "c3 was answered after 60 s" and "c4 never happened": 3 of 4, 75 %.
    start = (now() - 1800) // 900 * 900
    pipeline.start_worker()
    calls = [
        one
        for number, wait in enumerate((5, 5, 5, 5, 40))
        for one in (
            said(f"o{number}", f"c{number}", start, e.CallOffered("loans")),
            said(f"a{number}", f"c{number}", start + wait, e.CallAnswered("linh")),
        )
    ]
    corrections = [
        said("x1", "c3", start + 60, e.CallAnswered("linh"), corrects="a3"),
        said("x2", "c4", start + 90, e.CallRetracted(), corrects="o4"),
    ]
    sent = pipeline.publish([*calls, *corrections])
    pipeline.wait_until_written(sent)

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

    monkeypatch.setenv("COLUMNS", "200")
    capsys.readouterr()
    asked = ["corrections", "--queue", "loans", "--from", "2020-01-01", "--cells"]
    assert run(asked, {"RINGSIDE_DATABASE_URL": pipeline.reader_url}) == 0
    printed = capsys.readouterr().out
    assert "was 80.0%, is 75.0%" in printed
    assert "calls_retracted" in printed


def test_a_question_that_makes_no_sense_is_refused(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    env = {"RINGSIDE_DATABASE_URL": pipeline.reader_url}
    assert run(["corrections", "--from", "2026-02-30"], env) == 2
    assert "is no time" in capsys.readouterr().err
    assert run(["corrections", "--from", "2026-03-02", "--to", "2026-03-01"], env) == 2
    assert "must be before" in capsys.readouterr().err
    assert run(["corrections"], env) == 0
    assert "no correction changed anything" in capsys.readouterr().out
