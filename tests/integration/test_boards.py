"""Every query of every board, asked of live servers that the pipeline feeds, returns data."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from boards import Answer, Asked, ask, at_time, is_of_alerts, with_macros

from dashboards.generate import ROOT
from dashboards.queries import EVERYTHING, Query, queries
from schemas import events as e
from schemas.events import AnyFact, Event
from tests.integration.pipeline import Pipeline, Raw

if TYPE_CHECKING:
    from tests.integration.servers import PrometheusFactory

RULES = ROOT / "dashboards/generated/rules/recording.yml"
PATIENCE_SECONDS = 300

# One hour and not today: a day may have begun a minute ago.
VALUES = {**EVERYTHING, "window": "1h"}


def selling(rep: str, at: float) -> Iterator[Event | Raw]:
    """One of everything that a simulated hour may lack, and a message that nobody can read."""
    facts: tuple[tuple[str, str, AnyFact], ...] = (
        ("activity.logged", "a1", e.ActivityLogged(rep, "e-mail")),
        ("lead.created", "l1", e.LeadCreated(rep)),
        ("lead.qualified", "l1", e.LeadQualified(rep)),
        ("meeting.booked", "m1", e.MeetingBooked(rep, at_time(at + 60))),
        ("meeting.held", "m1", e.MeetingHeld()),
        ("deal.created", "d1", e.DealCreated(rep, "new", "call")),
        ("deal.won", "d1", e.DealWon()),
        # A deal at stake: its customer gave up waiting.
        ("deal.created", "d2", e.DealCreated(rep, "new", "call", 5_000, "USD", "+84900000009")),
        ("call.offered", "c1", e.CallOffered("new", "+84900000009")),
        ("call.abandoned", "c1", e.CallAbandoned()),
        # Somebody waits now: what the simulated hour ends with is chance.
        ("call.offered", "c2", e.CallOffered("new")),
        ("deal.created", "d3", e.DealCreated(rep, "new", "call", 5_000, "USD")),
        ("deal.lost", "d3", e.DealLost("price")),
    )
    for type_, subject, fact in facts:
        yield Event(f"boards/{subject}/{type_}", "/crm/test", subject, type_, at, fact)
    yield from sold(rep, at)
    yield from edited_at_once(rep, at)
    yield from corrected(rep, at)
    yield from passed_on(rep, at)
    yield Raw("ringside.calls", b"bad", b"not JSON")


def sold(rep: str, at: float) -> Iterator[Event]:
    """Of the pipeline that the simulator applies: one won within the hour, and one lost."""
    told: tuple[tuple[str, str, float, AnyFact], ...] = (
        ("d4", "deal.created", 0, e.DealCreated(rep, "new_business", "qualified", 5_000, "USD")),
        ("d4", "deal.stage_changed", 600, e.DealStageChanged("demo")),
        ("d4", "deal.amount_changed", 900, e.DealAmountChanged(7_000, "USD")),
        ("d4", "deal.won", 1200, e.DealWon()),
        ("d5", "deal.created", 0, e.DealCreated(rep, "new_business", "qualified", 5_000, "USD")),
        ("d5", "deal.lost", 1500, e.DealLost("price")),
    )
    for deal, type_, after, fact in told:
        yield Event(f"boards/{deal}/{after}", "/crm/test", deal, type_, at - 1800 + after, fact)


def edited_at_once(rep: str, at: float) -> Iterator[Event]:
    """Ten deals that somebody marks in a list and moves by one click."""
    made = e.DealCreated(rep, "new_business", "qualified", 5_000, "USD")
    for deal in (f"bulk-{number}" for number in range(10)):
        yield Event(f"{deal}/1", "/crm/test", deal, "deal.created", at - 1800, made)
        moved = e.DealStageChanged("demo")
        yield Event(f"{deal}/2", "/crm/test", deal, "deal.stage_changed", at - 600, moved)


def corrected(rep: str, at: float) -> Iterator[Event]:
    """An inbound call whose answer is corrected; an outbound one that a dialler connects."""
    told: tuple[tuple[str, str, float, AnyFact, str | None], ...] = (
        ("b1", "call.offered", 0, e.CallOffered("service"), None),
        ("b1", "call.answered", 5, e.CallAnswered(rep), None),
        ("b1", "call.answered", 9, e.CallAnswered(rep), "boards/b1/5"),
        ("b2", "call.dialled", 0, e.CallDialled(rep, "service"), None),
        ("b2", "call.connected", 5, e.CallConnected(), None),
        ("b2", "call.answered", 6, e.CallAnswered(rep), None),
        ("b2", "call.ended", 20, e.CallEnded(), None),
    )
    for call, type_, after, fact, cause in told:
        id_ = f"boards/{call}/{after}"
        yield Event(id_, "/pbx/test", call, type_, at + after, fact, causation_id=cause)


def passed_on(rep: str, at: float) -> Iterator[Event]:
    """A call of two legs, and what its PBX counts itself of the quarter of an hour."""
    span = at_time(at - 870), at_time(at + 30)
    told: tuple[tuple[str, str, float, AnyFact], ...] = (
        ("p1", "call.offered", 0, e.CallOffered("service", "+84900000008")),
        ("p1", "call.answered", 2, e.CallAnswered(rep)),
        ("p1", "call.transferred", 4, e.CallTransferred("blind", "new")),
        ("p1", "call.offered", 5, e.CallOffered("new", leg=2)),
        ("p1", "call.answered", 8, e.CallAnswered(rep, 2)),
        ("p1", "call.ended", 20, e.CallEnded(2)),
        ("counters", "pbx.counters", 30, e.PbxCounters("service", *span, 1, 0, 1.0, 20)),
    )
    for subject, type_, after, fact in told:
        id_ = f"passed/{subject}/{after}"
        yield Event(id_, "/pbx/test", subject, type_, at + after, fact)


def test_every_query_of_every_board_returns_data(
    pipeline: Pipeline, prometheus_factory: PrometheusFactory, now: Callable[[], float]
) -> None:
    worker = pipeline.start_worker()
    prometheus = prometheus_factory([f"127.0.0.1:{worker.port}"], rules=[RULES])
    pipeline.run(
        *("simulate", "--seed", "1", "--reps", "60", "--always-open", "--apply-roster"),
        *("--start", at_time(now() - 50 * 60).isoformat(), "--duration", "50m", "--speed", "inf"),
    )
    pipeline.publish(selling("rep-0001", now() - 60))

    def unanswered() -> list[Answer]:
        asked = Asked(prometheus.url, pipeline.reader_url, at_time(now()))
        wanted = [query for query in queries(VALUES) if not is_of_alerts(query)]
        return [one for one in asyncio.run(ask(wanted, asked)) if not one.values]

    deadline = time.monotonic() + PATIENCE_SECONDS
    missing = unanswered()
    while missing and time.monotonic() < deadline:
        time.sleep(1)  # between two scrapes there is nothing new to ask for
        missing = unanswered()
    assert not missing, "\n".join(map(str, missing)) + worker.log()


def test_macros_are_expanded_as_grafana_does_it() -> None:
    asked = Asked("", "", at_time(1_767_787_200))  # 2026-01-07 12:00:00 UTC
    start, end = "'2025-12-31T12:00:00Z'", "'2026-01-07T12:00:00Z'"
    assert with_macros("$__timeFilter(start_at)", asked) == f"start_at BETWEEN {start} AND {end}"
    assert with_macros("$__timeFrom()::timestamptz", asked) == f"{start}::timestamptz"
    assert with_macros("x < $__timeTo()", asked) == f"x < {end}"
    assert with_macros("rate(x[$__rate_interval])", asked) == "rate(x[20s])"
    assert with_macros("$__timeGroupAlias(start_at, '1h')", asked) == (
        'floor(extract(epoch from start_at)/3600)*3600 AS "time"'
    )


def test_a_query_that_a_server_refuses_is_an_answer_without_values(
    pipeline: Pipeline, prometheus_factory: PrometheusFactory, now: Callable[[], float]
) -> None:
    prometheus = prometheus_factory()
    asked = Asked(prometheus.url, pipeline.reader_url, at_time(now()))
    broken = [
        Query("b", "p", "prometheus", "sum(", is_range=False),
        Query("b", "p", "postgres", "SELECT nothing", is_range=False),
    ]
    answers = asyncio.run(ask(broken, asked))
    assert [answer.values for answer in answers] == [0, 0]
    assert "parse error" in str(answers[0])
    assert 'column "nothing" does not exist' in str(answers[1])
