"""Instants at which a source changed many deals, found in what was kept of them; worked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from deals_support import database_of
from postgres_support import Users, read

from agents.embedded.postgres import Postgres
from schemas import events as e
from schemas.events import Event
from schemas.pipelines import Pipeline, Pipelines, Stage

STAGES = ("new", "offer", "contract")
SALES = Pipeline(id="sales", stages=tuple(Stage(id=name) for name in STAGES))
NINE, TEN, ELEVEN = (datetime(2026, 9, 21, hour, tzinfo=UTC) for hour in (9, 10, 11))


def told() -> Iterator[Event]:
    """Twelve deals of one CRM and ten of another, all created at different instants of a morning.

    At 9:00 the first moves eleven of its own, one of them twice, loses one of those at once, and
    wins the twelfth, which has not moved. At 10:00 nine move, of each CRM; at 11:00 all ten of the
    other.
    """
    for crm, deals in (("/crm/a", 12), ("/crm/b", 10)):
        for number in range(deals):
            at = datetime(2026, 9, 21, 8, 0, number, tzinfo=UTC)
            yield _event(crm, number, at, "created", e.DealCreated("linh", "sales", "new"))
    for number in range(11):
        yield _event("/crm/a", number, NINE, "stage_changed", e.DealStageChanged("offer", "new"))
    again = e.DealStageChanged("contract", "offer")
    yield _event("/crm/a", 0, NINE, "stage_changed", again)
    yield _event("/crm/a", 1, NINE, "lost", e.DealLost("price"))
    yield _event("/crm/a", 11, NINE, "won", e.DealWon())
    for number in range(9):
        moved = e.DealStageChanged("new", "offer")
        yield _event("/crm/a", number + 2, TEN, "stage_changed", moved)
        moved = e.DealStageChanged("offer", "new")
        yield _event("/crm/b", number, TEN, "stage_changed", moved)
    for number in range(10):
        moved = e.DealStageChanged("contract", "offer")
        yield _event("/crm/b", number, ELEVEN, "stage_changed", moved)


def _event(crm: str, number: int, at: datetime, what: str, data: e.AnyFact) -> Event:
    deal, instant = f"{crm[-1]}-{number:02}", at.timestamp()
    return Event(f"{deal} {instant} {data}", crm, deal, f"deal.{what}", instant, data)


@pytest.fixture(scope="module")
def users(postgres: Postgres) -> Iterator[Users]:
    with database_of(postgres, "bulk", told(), Pipelines(pipelines=(SALES,))) as users:
        yield users


AT_NINE = (NINE, "/crm/a", "sales", 12, 12, 1, 1)
"""Twelve deals: eleven and one more move, one won, one lost."""
AT_TEN = [(TEN, crm, "sales", 9, 9, 0, 0) for crm in ("/crm/a", "/crm/b")]
AT_ELEVEN = (ELEVEN, "/crm/b", "sales", 10, 10, 0, 0)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("'-infinity'", [AT_NINE, AT_ELEVEN]),
        ("'2026-09-21 09:00Z'", [AT_NINE, AT_ELEVEN]),
        ("'2026-09-21 09:00Z', '2026-09-21 11:00Z'", [AT_NINE]),
        ("'-infinity', at_least => 9", [AT_NINE, *AT_TEN, AT_ELEVEN]),
        ("'-infinity', at_least => 13", []),
    ],
)
async def test_bulk_edits_are_told_with_what_became_of_the_deals(
    users: Users, asked: str, found: list[tuple[object, ...]]
) -> None:
    query = f"SELECT * FROM ringside.bulk_edits({asked}) ORDER BY at, source"  # noqa: S608 - ours
    assert await read(users.reader_url, query) == found
