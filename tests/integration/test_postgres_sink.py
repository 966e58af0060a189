"""What is written, read back: absolute values, fenced by (epoch, last_offset)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from postgres_support import (
    QUARTER_AT,
    SALES,
    Users,
    prepared,
    read,
    session,
    sink_on,
    snapshot,
)

from agents.embedded.postgres import Postgres
from agents.errors import DatabaseError
from agents.postgres.rows import CHUNK_ROWS
from schemas.measures import SECONDS_BOUNDS
from streams.activities import Activity
from streams.call_state import Call
from streams.deal_state import Deal, Move
from streams.deal_state import Turn as DealTurn
from streams.facts import Amount, Dims
from streams.ledger import Ledger
from streams.meetings import Meeting
from streams.reps import Rep, Turn
from streams.snapshot import Entity, PaneKey, Snapshot

OFFERED = "SELECT partition, epoch, last_offset, calls_offered FROM ringside.pane ORDER BY 1"
Cells = dict[str, Amount]


@pytest.fixture(scope="module")
def migrated(postgres: Postgres) -> Iterator[Users]:
    made = postgres.create_database(f"sink_{secrets.token_hex(6)}")
    yield asyncio.run(prepared(made))
    postgres.drop_database(made.name)


@pytest.fixture
async def users(migrated: Users) -> Users:
    async with session(migrated.admin_url) as connection:
        await connection.execute(
            "TRUNCATE ringside.pane, ringside.call, ringside.meeting, ringside.deal,"
            " ringside.rep_state, ringside.ledger"
        )
    return migrated


async def write(users: Users, *snapshots: Snapshot) -> None:
    async with sink_on(users.writer_url) as sink:
        await sink.write(snapshots)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def offered(next_offset: int, count: int, *, epoch: int = 5, partition: int = 0) -> Snapshot:
    cells: Cells = {"calls_offered": count}
    return snapshot(next_offset, {SALES: cells}, epoch=epoch, partition=partition)


async def test_a_pane_is_read_back_as_it_was(users: Users) -> None:
    # Three answered calls waited 1, 10 and 4000 s: buckets <=1 s, <=10 s, and above the last.
    last = len(SECONDS_BOUNDS)
    cells: Cells = {
        "calls_offered": 4,
        "calls_answered": 3,
        "call_wait_seconds": 4011.5,
        "answered_wait:0": 1,
        "answered_wait:5": 1,
        f"answered_wait:{last}": 1,
    }
    await write(users, snapshot(17, {SALES: cells}, partition=2))
    ((*key, offered_, abandoned, wait, waits, talk),) = await read(
        users.reader_url,
        """SELECT topic, partition, start_at, queue, rep, direction, kind, source, epoch,
                  last_offset, calls_offered, calls_abandoned, call_wait_seconds, answered_wait,
                  talk
           FROM ringside.pane""",
    )
    dimensions = ["sales", "mai", "inbound", "", "pbx/1"]
    assert key == ["ringside.calls", 2, at(QUARTER_AT), *dimensions, 5, 17]
    assert (offered_, abandoned, wait, talk) == (4, 0, 4011.5, None)
    assert waits == [1, 1, 1, 1, 1] + [2] * (last - 5) + [3]


async def test_writing_twice_is_writing_once(users: Users) -> None:
    await write(users, offered(10, 3))
    await write(users, offered(10, 3))
    assert await read(users.reader_url, OFFERED) == [(0, 5, 10, 3)]


@pytest.mark.parametrize(
    ("epoch", "next_offset"), [(5, 9), (5, 10), (4, 99)], ids=["older", "equal", "older epoch"]
)
async def test_what_counts_less_far_or_as_far_changes_nothing(
    users: Users, epoch: int, next_offset: int
) -> None:
    await write(users, offered(10, 3))
    stale = offered(next_offset, 77, epoch=epoch)
    stale.ledger.consumed = 77
    stale.entities["c1"] = Call(last_at=1.0)
    await write(users, stale)
    assert await read(users.reader_url, OFFERED) == [(0, 5, 10, 3)]
    ledger = await read(users.reader_url, "SELECT epoch, next_offset, consumed FROM ledger")
    assert ledger == [(5, 10, 0)]


@pytest.mark.parametrize(("epoch", "next_offset"), [(5, 11), (6, 1)])
async def test_what_counts_further_replaces_and_a_rebuilt_state_counts_further(
    users: Users, epoch: int, next_offset: int
) -> None:
    await write(users, offered(10, 3))
    await write(users, offered(next_offset, 2, epoch=epoch))
    assert await read(users.reader_url, OFFERED) == [(0, epoch, next_offset, 2)]


async def test_a_cell_that_is_gone_is_zero_again(users: Users) -> None:
    first: Cells = {"calls_offered": 1, "calls_abandoned": 1, "abandoned_wait:3": 1}
    await write(users, snapshot(1, {SALES: first}))
    await write(users, snapshot(2, {SALES: {"calls_offered": 1, "calls_abandoned": 0}}))
    found = await read(
        users.reader_url, "SELECT calls_offered, calls_abandoned, abandoned_wait FROM pane"
    )
    assert found == [(1, 0, None)]


async def test_partitions_have_rows_and_fences_of_their_own_and_add_up(users: Users) -> None:
    await write(users, offered(1000, 3, partition=0), offered(2, 4, partition=1))
    await write(users, offered(3, 5, partition=1))
    assert await read(users.reader_url, OFFERED) == [(0, 5, 1000, 3), (1, 5, 3, 5)]
    assert await read(users.reader_url, "SELECT sum(calls_offered) FROM pane") == [(8,)]


async def test_more_rows_than_a_statement_takes_all_arrive(users: Users) -> None:
    count = 2 * CHUNK_ROWS + 1
    panes: dict[PaneKey, Cells] = {
        PaneKey(900 * n, Dims("sales")): {"calls_offered": 1} for n in range(count)
    }
    await write(users, snapshot(1, panes))
    found = await read(users.reader_url, "SELECT count(*), sum(calls_offered) FROM pane")
    assert found == [(count, count)]


async def test_all_of_a_write_is_there_or_nothing(users: Users) -> None:
    # A NUL cannot be stored; the codec refuses it, so this stands for any late error.
    broken = snapshot(1, partition=1)
    broken.entities["c\0"] = Call(last_at=1.0)
    with pytest.raises(DatabaseError):
        await write(users, offered(1, 3), broken)
    assert await read(users.reader_url, OFFERED) == []


async def test_calls_are_read_back_with_their_durations(users: Users) -> None:
    # Waited 12 s, held 10 s, talked 112..180 less 10 = 58 s, wrap-up 20 s.
    call = Call(
        source="pbx/1", queue="sales", rep="mai", customer="t1", offered_at=100.25,
        answered_at=112.25, holds=(130.0,), resumes=(140.0,), ended_at=180.25,
        wrapup_ended_at=200.25, last_at=200.25,
    )  # fmt: skip
    entities: dict[str, Entity] = {"c1": call, "c1#2": Call(queue="aid", last_at=180.0)}
    await write(users, Snapshot("ringside.calls", 0, Ledger(5, 10), entities=entities))
    first, second = await read(
        users.reader_url,
        """SELECT call_id, leg, queue, customer, offered_at, outcome, wait_seconds, talk_seconds,
                  hold_seconds, wrapup_seconds
           FROM call ORDER BY leg""",
    )
    assert first == ("c1", 1, "sales", "t1", at(100.25), "answered", 12, 58, 10, 20)
    assert second == ("c1", 2, "aid", None, None, None, None, None, None, None)


async def test_meetings_deals_and_reps_are_read_back(users: Users) -> None:
    entities: dict[str, Entity] = {
        "m1": Meeting(rep="mai", booked_at=1.0, starts_at=9.0, moves=(5.0,), last_at=5.0),
        "d1": Deal(
            rep="mai", pipeline="new", created_at=1.0,
            moves=(Move(1.0, "lead"), Move(4.5, "offer", "2")), turns=(DealTurn(7.0, "deleted"),),
            segment="smb",
            amount_minor=10**15, currency="VND", status="deleted", status_at=7.0, last_at=7.0,
        ),
        "mai": Rep("mai", (Turn(3.0, "paused", "lunch", "pbx/1"),)),
        "a1": Activity(("lead.created",), 1.0),
    }  # fmt: skip
    await write(users, Snapshot("ringside.deals", 0, Ledger(5, 10), entities=entities))
    meetings = "SELECT meeting_id, starts_at, times_moved, last_moved_at, outcome FROM meeting"
    assert await read(users.reader_url, meetings) == [("m1", at(9), 1, at(5), None)]
    deals = "SELECT deal_id, status, stage, stage_at, moves, amount_minor, owners, turns FROM deal"
    moves = '[[1.0, "lead", ""], [4.5, "offer", "2"]]'
    owners, turns = '[[1.0, "mai", ""]]', '[[7.0, "deleted", "", null]]'
    assert await read(users.reader_url, deals) == [
        ("d1", "deleted", "offer", at(4.5), moves, 10**15, owners, turns)
    ]
    reps = "SELECT rep, state, reason, since FROM rep_state"
    assert await read(users.reader_url, reps) == [("mai", "paused", "lunch", at(3))]


async def test_the_ledger_is_read_back(users: Users) -> None:
    ledger = Ledger(5, 10, 10, 7, 1, 1, 1, newest_at=8000.5, reasons={"too_late": 1})
    await write(users, Snapshot("ringside.calls", 3, ledger))
    found = await read(
        users.reader_url,
        """SELECT partition, next_offset, consumed, applied, duplicate, late, dead_lettered,
                  newest_at, watermark_at, reasons ->> 'too_late'
           FROM ledger""",
    )
    # An hour may pass before an event is late: 8000.5 - 3600 = 4400.5.
    assert found == [(3, 10, 10, 7, 1, 1, 1, at(8000.5), at(4400.5), "1")]


async def test_workers_that_write_the_same_rows_at_one_time_do_not_deadlock(users: Users) -> None:
    # Two who believe to own all partitions, each with the rows in another order.
    keys = [PaneKey(900 * n, Dims("sales")) for n in range(300)]

    def written(next_offset: int, order: int) -> list[Snapshot]:
        panes: dict[PaneKey, Cells] = {key: {"calls_offered": next_offset} for key in keys[::order]}
        return [snapshot(next_offset, panes, partition=p) for p in (0, 1)][::order]

    async def work(offsets: range, order: int) -> None:
        async with sink_on(users.writer_url) as sink:
            for next_offset in offsets:
                await sink.write(written(next_offset, order))

    await asyncio.gather(work(range(1, 40, 2), 1), work(range(2, 41, 2), -1))
    found = await read(users.reader_url, "SELECT DISTINCT last_offset, calls_offered FROM pane")
    assert found == [(40, 40)]
