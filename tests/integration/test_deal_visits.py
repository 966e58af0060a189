"""Deals through a pipeline that an installation has described: skips, ways back, other names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from postgres_support import prepared, session, sink_on

from schemas import events as e
from schemas.events import AnyFact, Event
from streams.fold import Fold
from streams.ledger import Ledger

if TYPE_CHECKING:
    from agents.embedded.postgres import Database

T = 1_790_000_000.0
DAY = 86_400.0
TYPE_OF = {data: type_ for type_, data in e.TYPES.items()}

PIPELINE = """
INSERT INTO ringside.pipeline_name VALUES ('Sales pipeline', 'sales');
INSERT INTO ringside.pipeline_version
VALUES ('sales', '-infinity', 'infinity', 'Sales', 'Asia/Ho_Chi_Minh');
INSERT INTO ringside.pipeline_stage VALUES
    ('sales', '-infinity', 'infinity', 'new', 'New', 1, true, 'demo', 2, NULL),
    ('sales', '-infinity', 'infinity', 'demo', 'Demo', 2, true, 'offer', 3, 30),
    ('sales', '-infinity', 'infinity', 'offer', 'Offer', 3, true, 'won', 1000, NULL);
INSERT INTO ringside.pipeline_stage_name VALUES
    ('sales', '-infinity', 'infinity', 'new', 'new'),
    ('sales', '-infinity', 'infinity', 'demo', 'demo'),
    ('sales', '-infinity', 'infinity', 'Demo 2', 'demo'),
    ('sales', '-infinity', 'infinity', 'offer', 'offer');
"""


def folded() -> Fold:
    """Deals: a by the book, b skips the demo, c goes back and again, d is renamed, e reopened."""

    def event(deal: str, days: float, data: AnyFact) -> Event:
        return Event(f"{deal}/{days}", "crm", deal, TYPE_OF[type(data)], T + days * DAY, data)

    def created(deal: str) -> Event:
        return event(deal, 0, e.DealCreated("linh", "Sales pipeline", "new", 100, "USD"))

    def moves(deal: str, *stages: str) -> list[Event]:
        return [event(deal, n, e.DealStageChanged(to)) for n, to in enumerate(stages, 1)]

    events = [
        *(created("a"), *moves("a", "demo", "offer"), event("a", 3, e.DealWon())),
        *(created("b"), *moves("b", "offer")),
        *(created("c"), *moves("c", "demo", "new", "Demo 2"), event("c", 9, e.DealLost("price"))),
        *(created("d"), *moves("d", "demo", "Demo 2")),
        *(created("e"), event("e", 1, e.DealLost()), event("e", 2, e.DealReopened())),
    ]
    fold = Fold("ringside.deals", 0, ledger=Ledger(1), lateness_seconds=30 * DAY)
    for offset, one in enumerate(sorted(events, key=lambda one: (one.at, one.subject))):
        assert fold.apply(one, offset) is None
    return fold


async def test_visits_and_cohorts_follow_the_pipeline(database: Database) -> None:
    users = await prepared(database)
    async with session(users.admin_url) as connection:
        await connection.execute(PIPELINE)
    async with sink_on(users.writer_url) as sink:
        await sink.write([folded().whole()])
    async with session(users.reader_url) as connection:
        stays = await connection.fetch(
            "SELECT deal_id, stage, number, is_first, advanced_at IS NOT NULL, left_by,"
            " extract(epoch FROM left_at - entered_at)::float8 / 86400 AS days"
            " FROM ringside.deal_visits('-infinity') ORDER BY deal_id, number"
        )
        counts = await connection.fetch(
            "SELECT stage, sum(entered)::int, sum(won)::int AS won, sum(lost)::int AS lost"
            " FROM ringside.cohort_counts('2026-09-01', '2026-10-31', '2026-10-31')"
            " GROUP BY stage ORDER BY stage"
        )
        ended = await connection.fetch(
            "SELECT stage, age_days, won, lost"
            " FROM ringside.cohort_counts('2026-09-01', '2026-10-31', '2026-10-31')"
            " WHERE age_days IS NOT NULL ORDER BY stage, age_days"
        )
        now = await connection.fetch(
            "SELECT deal_id, stage, stalled_after_days FROM ringside.deal_ages ORDER BY deal_id"
        )
    assert [tuple(row) for row in stays] == [
        ("a", "new", 1, True, True, "moved", 1.0),
        ("a", "demo", 2, True, True, "moved", 1.0),
        ("a", "offer", 3, True, True, "won", 1.0),
        # Past the demo: it has got further than new.
        ("b", "new", 1, True, True, "moved", 1.0),
        ("b", "offer", 2, True, False, "open", None),
        # Its first time in demo did not lead on; its second time in new is none of its cohort.
        ("c", "new", 1, True, True, "moved", 1.0),
        ("c", "demo", 2, True, False, "moved", 1.0),
        ("c", "new", 3, False, False, "moved", 1.0),
        ("c", "demo", 4, False, False, "lost", 6.0),
        # Demo 2 is another name of demo: no move.
        ("d", "new", 1, True, True, "moved", 1.0),
        ("d", "demo", 2, True, False, "open", None),
        # Reopened where it was: that is another stay, and the end of the first one was a loss (2).
        ("e", "new", 1, True, False, "lost", 1.0),
        ("e", "new", 3, False, False, "open", None),
    ]
    assert [tuple(row) for row in counts] == [
        ("demo", 3, 1, 1),
        ("new", 5, 1, 1),
        ("offer", 2, 1, 0),
    ]
    # From 21:13 in Hanoi on: a was won three days after its creation, c lost nine.
    assert [tuple(row) for row in ended] == [
        *(("demo", 2, 1, 0), ("demo", 8, 0, 1)),
        *(("new", 3, 1, 0), ("new", 9, 0, 1)),
        ("offer", 1, 1, 0),
    ]
    # One stay in offer has ended, after a day; demo has a limit of its own.
    assert [tuple(row) for row in now[:2]] == [("b", "offer", 1.0), ("d", "demo", 30.0)]
