"""Both files through a running pipeline: pipelines, events, and everything compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from schemas.codec import encode
from schemas.funnel import WINDOWS_DAYS
from tests.integration.pipeline import Pipeline, Worker, wait_until
from tests.worked.bank_week.compare import Line, Tally
from tests.worked.pipelines import expected, feed, got
from tests.worked.pipelines.feed import Files

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that was compared."""

    lines: tuple[Line, ...]
    tallies: tuple[Tally, ...]

    @property
    def is_right(self) -> bool:
        """Whether nothing differs."""
        return all(part.is_right for part in (*self.lines, *self.tallies))


def verify(pipeline: Pipeline, of: Files, say: Say) -> Outcome:
    """Replay both files through one worker, and compare everything.

    The pipelines are applied after half of the events, so what came before is repaired by them.
    """
    today = datetime.now(UTC).date()  # noqa: TID251 - the live windows are about now
    moved_by = feed.shift(today)
    events = feed.read(of, moved_by)
    worker = pipeline.start_worker()
    _publish(pipeline, "first", events[: len(events) // 2], say)
    pipeline.wait_until_written(len(events) // 2)
    _apply(pipeline)
    _publish(pipeline, "second", events[len(events) // 2 :], say)
    pipeline.wait_until_written(len(events))
    return compare(pipeline, worker, of, today, moved_by, len(events))


def _publish(pipeline: Pipeline, name: str, events: list[Any], say: Say) -> None:
    file = pipeline.folder / f"{name}.jsonl"
    file.write_bytes(b"".join(encode(event) + b"\n" for event in events))
    say(f"Publishing {len(events)} events ...")
    pipeline.run("publish", str(file))


def _apply(pipeline: Pipeline) -> None:
    file = pipeline.folder / "pipelines.yaml"
    file.write_text(feed.PIPELINES, encoding="utf-8")
    pipeline.run("pipelines", "check", str(file))
    pipeline.run("pipelines", "apply", str(file))
    wait_until(
        lambda: pipeline.row("SELECT count(*) FROM ringside.pipeline_version")[0] == 2,
        lambda: f"the pipelines in PostgreSQL\n{pipeline.workers[-1].log()}",
    )


def compare(  # noqa: PLR0917
    pipeline: Pipeline, worker: Worker, of: Files, today: date, moved_by: timedelta, events: int
) -> Outcome:
    """Read what PostgreSQL and the page have, and lay it beside the files' own figures."""
    ask, deals, cases = pipeline.ask, expected.crm(of.crm), expected.cases(of.cases)
    per_case = {name: case.row() for name, case in cases.items()}
    stays = {
        stage: (count, round(median, 3)) for stage, (count, median) in got.case_stays(ask).items()
    }
    months = moved_by.days
    tallies = (
        tally("per agent", expected.crm_by_rep(deals), got.by_rep(ask)),
        tally(
            "cohorts per agent and month",
            expected.crm_cohorts(deals, "sales_agent"),
            got.cohorts(ask, "rep", months),
        ),
        tally(
            "cohorts per product and month",
            expected.crm_cohorts(deals, "product"),
            got.cohorts(ask, "segment", months),
        ),
        *_live(worker, deals, today, moved_by),
        tally("case by case", per_case, got.cases(ask)),
        tally("steps of the help desk", expected.case_steps(cases), got.case_steps(ask)),
        tally("stays in its stages", expected.case_stays(cases), stays),
        tally("first entries by resource", expected.case_owners(cases), got.case_owners(ask)),
        _ledger(pipeline, of, events),
        _unknown(pipeline, of),
    )
    return Outcome(tuple(lines(ask)), tallies)


def lines(ask: got.Ask) -> list[Line]:
    """Return the figures of KPIS.md, section 4; the expected ones are its literal numbers."""
    outcomes, velocity = got.outcomes(ask), got.velocity(ask)
    won, deals = velocity["won"], sum(outcomes.values())
    return [
        Line("won", 4238, outcomes["won"]),
        Line("lost", 2473, outcomes["lost"]),
        Line("open", 2089, velocity["open"]),
        Line("engaging", 1589, outcomes["engaging"]),
        Line("prospecting", 500, outcomes["prospecting"]),
        Line("win rate of closed, %", 63.15, 100 * velocity["win_rate"], 2),
        Line("win rate of all, %", 48.16, 100 * won / deals, 2),
        Line("won value", 10_005_534, int(velocity["won_minor"]) / 100),
        Line("average won value", 2_360.91, velocity["average_won_minor"] / 100, 2),
        Line("cycle, mean, days", 51.78, velocity["cycle_days"], 2),
        Line("cycle, median, days", 57, velocity["p50_days"]),
        Line("velocity, a day", 60_146.85, velocity["minor_per_day"] / 100, 2),
        Line("won above four averages", 15, got.above_four_times_the_average(ask)),
    ]


def _live(worker: Worker, deals: Any, today: date, moved_by: timedelta) -> list[Tally]:  # noqa: ANN401 - a frame
    """Compare the metrics page, once the worker has counted by the pipelines."""
    wanted = {d: expected.crm_window(deals, d, today, moved_by) for d in WINDOWS_DAYS}
    opened = {"engaging": 1589, "prospecting": 500}
    found: dict[str, Any] = {}

    def is_there() -> bool:
        samples = worker.samples()
        found["windows"] = {d: got.window(samples, wanted[d], d) for d in WINDOWS_DAYS}
        found["open"] = got.open_now(samples)
        return found == {"windows": wanted, "open": opened}

    with suppress(AssertionError):  # what differs is told below
        wait_until(is_there, "the page to show the funnel")
    return [
        tally("live windows of 7, 30 and 90 days", wanted, found["windows"]),
        tally("open now, live", opened, found["open"]),
    ]


def _ledger(pipeline: Pipeline, of: Files, events: int) -> Tally:
    """Compare what became of each message: exact repetitions in the file are duplicates."""
    repeated = feed.repetitions(of)
    right = Counter(
        consumed=events, applied=events - repeated, duplicate=repeated, late=0, dead_lettered=0
    )
    found = pipeline.ledger()
    wrong = () if found == right else (f"expected {dict(right)}, got {dict(found)}",)
    return Tally("what became of each message", 5, wrong)


def _unknown(pipeline: Pipeline, of: Files) -> Tally:
    """Compare what `ringside pipelines unknown` lists with the activities that no stage has."""
    wanted = feed.unknown_activities(of)
    reader = replace(pipeline, env={**pipeline.env, "RINGSIDE_DATABASE_URL": pipeline.reader_url})
    printed = reader.run("pipelines", "unknown", "--days", "10000").stdout
    found = {name for name in wanted if f" {name} " in printed}
    return tally("unknown stages, as listed", dict.fromkeys(wanted, 1), dict.fromkeys(found, 1))


def tally(name: str, wanted: dict[Any, Any], found: dict[Any, Any]) -> Tally:
    """Compare group by group; one too many is a difference, too."""
    wrong = [
        f"{key}: expected {wanted.get(key)}, got {found.get(key)}"
        for key in sorted(wanted.keys() | found.keys(), key=str)
        if wanted.get(key) != found.get(key)
    ]
    return Tally(name, len(wanted.keys() | found.keys()), tuple(wrong))
