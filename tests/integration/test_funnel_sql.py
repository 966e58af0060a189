"""The funnel in SQL is that of streams/, deal by deal and place by place, on wild random deals."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec
import pytest
from postgres_support import Users, prepared, read

from agents.embedded.postgres import Postgres
from agents.postgres.pool import Database as Pool
from agents.postgres.roster import RosterWriter
from agents.postgres.sink import PostgresSink
from schemas.events import Event
from schemas.pipelines import Pipelines
from schemas.roster import Rep, Roster, Site, Team
from schemas.topics import DEALS
from streams.deal_state import Deal
from streams.fold import Fold
from streams.funnel import Cells, Key
from streams.journeys import journey
from streams.ledger import Ledger
from streams.panes import add_up
from streams.pipelines import PipelineIndex
from tests.streams.lives import SOURCES, apply, deal_events
from tests.worked.velocity import Velocity, split_of_change

ZONE = "Asia/Ho_Chi_Minh"
DAYS = 20 * 86_400.0
PIPELINES = msgspec.convert(
    {
        "pipelines": [
            {
                "id": "business",
                "names": ["sales"],
                "zone": ZONE,
                "stages": [{"id": "new"}, {"id": "test", "names": ["trial"]}],
                "won": ["signed"],
            },
            {
                "id": "business",
                "names": ["sales"],
                "zone": ZONE,
                "from": "2026-09-10",
                "stages": [{"id": "new"}, {"id": "offer"}, {"id": "test", "names": ["trial"]}],
                "won": ["signed"],
            },
        ]
    },
    Pipelines,
)
ROSTER = Roster(
    sites=(Site(id="hcmc", zone=ZONE),),
    teams=(Team(id="red", site="hcmc"), Team(id="blue", site="hcmc")),
    reps=(
        Rep(id="linh", team="red"),
        Rep(id="minh", team="red"),
        Rep(id="minh", team="blue", since="2026-09-08"),
    ),
)
Counts = dict[tuple[Any, ...], Cells]


def random_events(count: int) -> list[Event]:
    """Deals of twenty days from 1 September on: some stages unknown, some names of an end."""
    random = Random(5)  # noqa: S311 - repeatable, not secret
    events = [
        msgspec.structs.replace(one, subject=f"{one.subject}-{number}")
        for number in range(count)
        for one in deal_events(random, DAYS)
    ]
    random.shuffle(events)
    return events


@pytest.fixture(scope="module")
def users(postgres: Postgres) -> Iterator[Users]:
    """One database for all: nobody here changes what it holds."""
    made = postgres.create_database(f"funnel_{secrets.token_hex(6)}")
    yield asyncio.run(prepared(made))
    postgres.drop_database(made.name)


@pytest.fixture(scope="module")
def fold(users: Users) -> Fold:
    """Written as a worker does it: in checkpoints, the pipelines changed in between."""
    folded = Fold(DEALS.name, 0, ledger=Ledger(1), lateness_seconds=2 * DAYS)
    assert folded.funnel is not None
    folded.funnel.pipelines = PipelineIndex(PIPELINES)
    asyncio.run(_write(users, folded))
    return folded


async def _write(users: Users, fold: Fold) -> None:
    pool = Pool(users.writer_url)
    sink, roster = PostgresSink(pool, lateness_of=lambda _: 0.0), RosterWriter(pool)
    events = random_events(400)
    size = len(events) // 4 + 1
    older = msgspec.structs.replace(PIPELINES, pipelines=PIPELINES.pipelines[:1])
    known = {1: older, 2: PIPELINES}
    for number, start in enumerate(range(0, len(events), size)):
        apply(fold, events[start : start + size])
        await sink.write([fold.whole()])
        if number in known:
            assert await roster.write(ROSTER, number, known[number])
    await pool.close()


def counted(fold: Fold, names: Mapping[str, str]) -> Counts:
    """What the fold counts of *names*, under their SQL names, by day and place."""
    assert fold.funnel is not None
    found: Counts = {}
    for start, day in fold.funnel.days.items():
        for place, cells in day.places.items():
            mine = {sql: cells[ours] for ours, sql in names.items() if cells.get(ours)}
            if mine:
                found[Key(start, place)] = mine
    return found


async def asked(users: Users, function: str, names: Mapping[str, str], since: str) -> Counts:
    """What SQL counts of the same."""
    places = "pipeline, stage, rep, source, segment, currency"
    columns = ", ".join(names.values())
    day_at = "extract(epoch FROM day::timestamp AT TIME ZONE zone)::bigint"
    query = f"""SELECT {day_at}, {places}, {columns}
            FROM ringside.{function}('{since}')
            CROSS JOIN LATERAL (
                SELECT CASE WHEN pipeline = 'unknown' THEN 'UTC' ELSE '{ZONE}' END AS zone
            ) AS place"""  # noqa: S608 - constant names
    found: Counts = {}
    for row in await read(users.reader_url, query):
        cells = {name: value for name, value in zip(names.values(), row[7:], strict=True) if value}
        if cells:
            # One row for each day and place, but for the team, which the owner's day decides.
            add_up(found.setdefault((row[0], tuple(row[1:7])), {}), cells)
    return found


def plain(counts: Counts) -> Counts:
    return {(key[0], tuple(key[1])): cells for key, cells in counts.items()}


COHORTS = {
    "cohort_entered": "entered",
    "cohort_advanced": "advanced",
    "cohort_lost": "lost",
    "cohort_won": "won",
    "cohort_entered_minor": "entered_minor",
    "cohort_advanced_minor": "advanced_minor",
    "cohort_lost_minor": "lost_minor",
    "cohort_won_minor": "won_minor",
}
DAYS_OF = {
    "entries": "entries",
    "re_entries": "re_entries",
    "backward": "backward",
    "next_entries": "next_entries",
    "skipped": "skipped",
    "exits_lost": "exits_lost",
    "exits_lost_minor": "exits_lost_minor",
}
PATHS = {"path_entered": "entered", "path_advanced": "advanced", "path_won": "won"}


@pytest.mark.parametrize(
    ("function", "names"),
    [("funnel_cohorts", COHORTS), ("funnel_days", DAYS_OF), ("funnel_paths", PATHS)],
)
async def test_sql_counts_what_the_fold_counts(
    users: Users, fold: Fold, function: str, names: Mapping[str, str]
) -> None:
    ours = plain(counted(fold, names))
    theirs = await asked(users, function, names, "-infinity")
    assert len(ours) > 100
    assert {name for cells in ours.values() for name in cells} == set(names.values())
    assert theirs == ours


@pytest.mark.usefixtures("fold")
async def test_the_change_of_velocity_is_split_as_its_definition_says(users: Users) -> None:
    """Of the ten days to the 11th and of those before: every deal of September 2026 at once."""
    names = ("open", "win_rate", "average_won_minor", "cycle_days")
    velocities = {}
    for since, until in (("2026-09-01", "2026-09-11"), ("2026-09-11", "2026-09-21")):
        query = f"""SELECT pipeline, currency, {", ".join(names)}, minor_per_day
                    FROM ringside.sales_velocity('{since}Z', '{until}Z')"""  # noqa: S608
        for pipeline, currency, *factors, per_day in await read(users.reader_url, query):
            found = Velocity(*factors)
            assert per_day == pytest.approx(found.minor_per_day)
            velocities[since, pipeline, currency] = found
    changes = await read(
        users.reader_url,
        "SELECT * FROM ringside.velocity_changes('2026-09-11Z', '2026-09-21Z')",
    )
    split = 0
    for pipeline, currency, now, before, *parts in changes:
        earlier, later = (velocities[s, pipeline, currency] for s in ("2026-09-01", "2026-09-11"))
        ours = split_of_change(earlier, later)
        if ours is None:
            assert parts == [None] * 4
            continue
        split += 1
        assert parts == pytest.approx(list(ours.values()))
        assert sum(parts) == pytest.approx(now - before)
    assert split > 0


async def test_the_journeys_are_the_same(users: Users, fold: Fold) -> None:
    assert fold.funnel is not None
    ours = {}
    for name, deal in fold.entities.items():
        assert isinstance(deal, Deal)
        if deal.is_counted:
            way = journey(deal, fold.funnel.pipelines)
            last = way.visits[-1] if way.visits else None
            ours[name] = (
                *(way.pipeline, way.status, way.reason, deal.owner, deal.owner_at(deal.created_at)),
                None if way.ended_at is None else datetime.fromtimestamp(way.ended_at, UTC),
                "unknown" if last is None else last.stage,
            )
    rows = await read(
        users.reader_url,
        """SELECT deal_id, pipeline, status, reason, rep, created_by, ended_at, stage
           FROM ringside.deal_journeys('-infinity')""",
    )
    assert Counter(status for _, _, status, *_ in rows).keys() == {"open", "won", "lost"}
    assert {name: tuple(rest) for name, *rest in rows} == ours


@pytest.mark.usefixtures("fold")
async def test_teams_are_those_of_the_time_of_entry(users: Users) -> None:
    rows = await read(
        users.reader_url,
        """SELECT DISTINCT rep, day >= '2026-09-08', team
           FROM ringside.funnel_cohorts('-infinity') ORDER BY 1, 2""",
    )
    assert rows == [
        *(("an", False, "unknown"), ("an", True, "unknown")),
        *(("linh", False, "red"), ("linh", True, "red")),
        *(("minh", False, "red"), ("minh", True, "blue")),
    ]


@pytest.mark.parametrize(
    ("asked_for", "chosen"),
    [
        ("owners => 'linh', sources => 'pbx/hanoi'", ("linh", {"pbx/hanoi"}, None)),
        ("owners => 'minh', currencies => 'USD'", ("minh", set(SOURCES), "USD")),
        ("teams => 'red|blue', owners => 'minh'", ("minh", set(SOURCES), None)),
    ],
)
async def test_estimates_are_made_of_the_chosen_deals_alone(
    users: Users, fold: Fold, asked_for: str, chosen: tuple[str, set[str], str | None]
) -> None:
    owner, sources, currency = chosen
    assert fold.funnel is not None
    ours: Counter[tuple[str, str, str]] = Counter()
    for deal in fold.entities.values():
        assert isinstance(deal, Deal)
        if not deal.is_counted or deal.source not in sources:
            continue
        if currency is not None and deal.currency != currency:
            continue
        way = journey(deal, fold.funnel.pipelines)
        first = {visit.stage: visit for visit in reversed(way.visits) if visit.stage != "unknown"}
        for stage, visit in first.items():
            if deal.owner_at(visit.entered_at) == owner:
                ours[way.pipeline, stage, "entered"] += 1
                ours[way.pipeline, stage, way.status] += 1
    rows = await read(
        users.reader_url,
        f"""SELECT pipeline, stage, entered, won, lost, still_open
            FROM ringside.conversion_estimate(
                '-infinity', 'infinity', '2026-12-01', ringside.only_deals({asked_for}))""",  # noqa: S608
    )
    theirs = {
        (pipeline, stage, what): count
        for pipeline, stage, *counts in rows
        for what, count in zip(("entered", "won", "lost", "open"), counts, strict=True)
        if count
    }
    assert len(theirs) > 5
    assert theirs == ours
