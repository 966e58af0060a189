"""Deals told in a few words, for tests of the funnel. Days count from 1 September 2026, UTC."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from schemas import events as e
from schemas.events import Event, Fact
from schemas.pipelines import Pipelines
from streams.deal_state import Deal
from streams.deals import step
from streams.funnel import contribution
from streams.pipelines import PipelineIndex
from tests.streams.lives import event

DAY0 = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
DAY = 86_400.0


def pipelines(*entries: dict[str, Any]) -> PipelineIndex:
    """Pipelines as their file has them."""
    return PipelineIndex(msgspec.convert({"pipelines": entries}, Pipelines))


SALES = pipelines(
    {
        "id": "sales",
        "stages": [{"id": "agreed"}, {"id": "trial", "names": ["Trial phase"]}, {"id": "offer"}],
        "won": ["Closed won"],
        "lost": ["Closed lost"],
    }
)
"""Three stages, and a name for each end."""

SEED = pipelines({"id": "sales", "stages": [{"id": "asked"}, {"id": "call"}, {"id": "trial"}]})
"""As in the worked example of the domain reference."""


def said(day: float, data: Fact | str, sequence: str = "") -> Event:
    """Something of deal d, as many days after DAY0; a text is a move to that stage."""
    fact = e.DealStageChanged(data) if isinstance(data, str) else data
    return event("d", DAY0 + day * DAY, fact, "crm", sequence)


def deal(*sayings: Event) -> Deal:
    """The deal of which all this was said, in this order."""
    found: Deal | None = None
    for one in sayings:
        found, _ = step(found, one)
    assert found is not None
    return found


def created(
    day: float,
    stage: str = "agreed",
    amount_minor: int | None = 100,
    **rest: Any,  # noqa: ANN401
) -> Event:
    return said(day, e.DealCreated("linh", "sales", stage, amount_minor, "USD", **rest))


def counts(deals: Iterable[Deal], pipelines: PipelineIndex = SALES) -> Mapping[str, Counter[str]]:
    """What deals count by stage, all days and owners together, what is open among it."""
    found: dict[str, Counter[str]] = {}
    for one in deals:
        made = contribution(one, pipelines)
        for part in (made.days, made.open):
            for key, cells in part.items():
                found.setdefault(key.place.stage, Counter()).update(cells)
    return found


def days(one: Deal, cell: str, pipelines: PipelineIndex = SALES) -> dict[tuple[float, str], Any]:
    """On which days, and at which stages, a deal counts something, and how much."""
    made = contribution(one, pipelines)
    return {
        ((key.day_at - DAY0) / DAY, key.place.stage): cells[cell]
        for part in (made.days, made.open)
        for key, cells in part.items()
        if cell in cells
    }
