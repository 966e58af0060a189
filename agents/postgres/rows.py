"""Turns snapshots into rows, as arrays of columns. Pure.

A pane is a sparse dict of cells; a row has a column for each measure. Most columns of most rows are
0, so a column is made only if a row of the chunk has something in it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, groupby, islice
from operator import attrgetter
from typing import Any

import msgspec

from agents.postgres.correction_rows import moved
from agents.postgres.tables import (
    ACTIVITY,
    CALL,
    CORRECTION,
    CUSTOMER,
    DEAL,
    LEDGER,
    MEETING,
    PANE,
    PBX_COUNTERS,
    REP_STATE,
    REP_TURN,
    TABLES,
    Table,
)
from schemas.measures import HISTOGRAMS, MEASURES
from streams.activities import Activity
from streams.call_keys import call_id_and_leg
from streams.call_state import Call
from streams.counters import Counters
from streams.customers import Customer
from streams.deal_state import Deal, Owned
from streams.facts import Amount
from streams.meetings import Meeting
from streams.reps import Rep
from streams.snapshot import Entity, Snapshot

Column = Sequence[Any] | None
"""A column's values, row by row; None if it is empty in all rows."""

Row = tuple[Any, ...]

CHUNK_ROWS = 1000
"""Rows per statement: 500 to 5000 are equally fast, and fewer rows block the loop for less time."""

_BUCKETS = [len(histogram.cells) for histogram in HISTOGRAMS]
_NOWHERE = (-1, -1)
_PLACE = {measure.name: (slot, -1) for slot, measure in enumerate(MEASURES)} | {
    cell: (slot, bucket)
    for slot, histogram in enumerate(HISTOGRAMS)
    for bucket, cell in enumerate(histogram.cells)
}
"""A cell's column among the measures, or its column among the histograms and its bucket."""
_json = msgspec.json.Encoder().encode


def batches(
    snapshots: Iterable[Snapshot],
    *,
    lateness_of: Callable[[str], float],
    chunk_rows: int = CHUNK_ROWS,
) -> Iterator[tuple[Table, Sequence[Column]]]:
    """Yield each table and its columns to write: tables in a fixed order, rows ordered by key."""
    ordered = sorted(snapshots, key=lambda snapshot: (snapshot.topic, snapshot.partition))
    panes = (row for snapshot in ordered for row in _panes(snapshot))
    while chunk := list(islice(panes, chunk_rows)):
        yield PANE, pane_columns(chunk)
    yield from _entities(ordered, chunk_rows)
    ledgers = [_ledger(snapshot, lateness_of(snapshot.topic)) for snapshot in ordered]
    if ledgers:
        yield LEDGER, tuple(zip(*ledgers, strict=True))


def _panes(snapshot: Snapshot) -> Iterator[tuple[Row, dict[str, Amount]]]:
    """Yield each pane's key and fence, and its cells."""
    topic, partition, ledger = snapshot.topic, snapshot.partition, snapshot.ledger
    epoch, offset = ledger.epoch, ledger.fence
    panes = snapshot.panes
    for key in sorted(panes):
        fence = (epoch, offset, snapshot.first_offset)
        yield (topic, partition, key.start_at, *key.dims, *fence), panes[key]


def pane_columns(rows: Sequence[tuple[Row, dict[str, Amount]]]) -> list[Column]:
    """Return the columns of PANE for (key and fence, cells) pairs."""
    height = len(rows)
    measures: list[list[Amount]] = [[0] * height for _ in MEASURES]
    histograms: list[list[str | None]] = [[None] * height for _ in HISTOGRAMS]
    for index, (_, pane) in enumerate(rows):
        counts: dict[int, list[int]] = {}
        for cell, amount in pane.items():
            # A cell of another release has no column here and is left out.
            slot, bucket = _PLACE.get(cell, _NOWHERE)
            # So is one below zero: an older release did not count it yet, and a correction or a
            # late event takes something back.
            if slot < 0 or amount <= 0:
                continue
            if bucket < 0:
                measures[slot][index] = amount
                continue
            if slot not in counts:
                counts[slot] = [0] * _BUCKETS[slot]
            counts[slot][bucket] = int(amount)
        for slot, buckets in counts.items():
            histograms[slot][index] = cumulative(buckets)
    keys = zip(*(key for key, _ in rows), strict=True)
    cells: list[Sequence[Any]] = [*measures, *histograms]
    return [*keys, *(column if any(column) else None for column in cells)]


def cumulative(buckets: Iterable[int]) -> str:
    """Return the running totals of a histogram's buckets as PostgreSQL writes an array."""
    return "{" + _json(list(accumulate(buckets)))[1:-1].decode() + "}"


def _entities(
    ordered: Iterable[Snapshot], chunk_rows: int
) -> Iterator[tuple[Table, Sequence[Column]]]:
    """Yield topic by topic, each chunk as soon as it is full, so as not to hold a million rows.

    Corrections and turns are rare, and are kept until the end.
    """
    later: dict[Table, list[Row]] = {REP_TURN: [], CORRECTION: []}
    for _, snapshots in groupby(ordered, key=attrgetter("topic")):
        tables: dict[Table, list[Row]] = {}
        for snapshot in snapshots:
            for table, row in _rows(snapshot):
                rows = (later if table in later else tables).setdefault(table, [])
                rows.append(row)
                if table in tables and len(rows) == chunk_rows:
                    yield table, tuple(zip(*rows, strict=True))
                    rows.clear()
        yield from _chunks(tables, chunk_rows)
    yield from _chunks(later, chunk_rows)


def _chunks(
    tables: dict[Table, list[Row]], chunk_rows: int
) -> Iterator[tuple[Table, Sequence[Column]]]:
    for table in sorted(tables, key=TABLES.index):
        rows = tables[table]
        for start in range(0, len(rows), chunk_rows):
            yield table, tuple(zip(*rows[start : start + chunk_rows], strict=True))


def _rows(snapshot: Snapshot) -> Iterator[tuple[Table, Row]]:
    """Yield the rows of one snapshot's entities, in the order of their keys, and of turns."""
    partition = (snapshot.topic, snapshot.partition)
    fence = (snapshot.ledger.epoch, snapshot.ledger.fence)
    for key in sorted(snapshot.entities):
        entity = snapshot.entities[key]
        found = _entity(key, entity)
        if found is not None:
            table, ids, values = found
            yield table, (*partition, *ids, *fence, *values)
        corrected = getattr(entity, "corrected", None)
        if corrected is not None:
            for ids, values in moved(key, corrected.moved):
                yield CORRECTION, (*partition, *ids, *fence, *values)
    for (rep, since), turn in sorted(snapshot.turns.items()):
        # A turn that was taken back ends when it begins.
        until = turn.until if turn.state else since
        told = (until, turn.state, turn.reason, turn.source)
        yield REP_TURN, (*partition, rep, since, *fence, *told)


def _entity(  # noqa: PLR0911 - one for each kind
    key: str, entity: Entity
) -> tuple[Table, Row, Row] | None:
    """Return an entity's table, its key there, and its values; None if it has no row."""
    match entity:
        case Call():
            return CALL, call_id_and_leg(key), _call(entity)
        case Meeting():
            return MEETING, (key,), _meeting(entity)
        case Deal():
            return DEAL, (key,), _deal(entity)
        case Rep():
            now = entity.now
            return REP_STATE, (key,), (now.source, now.state, now.reason, now.at)
        case Counters():
            source, queue, from_at, to_at, *values = msgspec.structs.astuple(entity)
            return PBX_COUNTERS, (source, queue, from_at, to_at), tuple(values)
        case Customer():
            return _customer(key, entity)
        case Activity():
            return _activity(key, entity)


def _call(call: Call) -> Row:
    outcome = call.outcome
    is_known = call.offered_at is not None or call.durations is not None
    has_waited = is_known and outcome in {"answered", "abandoned", "flowed_out"}
    is_handled = outcome == "answered" and call.closed_at is not None
    return (
        *(call.source, call.queue, call.rep, call.direction, call.customer),
        *(call.offered_at, call.answered_at, call.abandoned_at),
        *(call.transferred_at, call.transfer_kind, call.ended_at, call.wrapup_ended_at),
        call.wait_seconds if has_waited else None,
        call.talk_seconds if is_handled else None,
        call.hold_seconds if is_handled else None,
        call.wrapup_seconds if is_handled else None,
        len(call.holds),
        outcome,
        call.last_at,
        call.connected_at,
        call.closed_by_us_at if call.is_closed_by_us else None,
        call.earlier_wait_seconds,
    )


def _meeting(meeting: Meeting) -> Row:
    moves = meeting.moves
    return (
        *(meeting.source, meeting.rep, meeting.customer, meeting.booked_at, meeting.starts_at),
        *(len(moves), moves[-1] if moves else None),
        *(meeting.outcome, meeting.outcome_at, meeting.last_at, meeting.deal),
    )


def _activity(key: str, activity: Activity) -> tuple[Table, Row, Row] | None:
    """Return an activity's row; None for a lead, which is only remembered to count it once."""
    if not activity.is_activity:
        return None
    said = (activity.source, activity.rep, activity.kind, activity.customer, activity.deal)
    return ACTIVITY, (key,), (*said, activity.logged_at)


def _deal(deal: Deal) -> Row:
    owners = deal.owners
    if deal.created_at is not None:
        owners = (Owned(deal.created_at, deal.rep), *owners)
    # What events said, without the marks that corrections refer to.
    moves = [(one.at, one.stage, one.sequence) for one in deal.moves]
    turns = [(one.at, one.status, one.sequence, one.reason) for one in deal.turns]
    owned = [(one.at, one.rep, one.sequence) for one in owners]
    return (
        *(deal.source, deal.owner, deal.pipeline, deal.customer, deal.created_at),
        *(deal.stage, moves[-1][0] if moves else None, _json(moves).decode()),
        *(deal.amount_minor, deal.currency, deal.amount_at),
        *(deal.status, deal.status_at, deal.reason, deal.last_at),
        *(deal.segment, _json(owned).decode(), _json(turns).decode(), deal.is_cut),
    )


def _customer(key: str, customer: Customer) -> tuple[Table, Row, Row] | None:
    """Return the row of a customer's missed calls; None for the many who never had one."""
    if not customer.has_missed:
        return None
    waiting = {call_id for call_id, _ in customer.open_missed}
    missed = [
        {
            "call_id": call_id,
            "source": call.source,
            "queue": call.queue,
            "arrived_at": call.arrived_at,
            "missed_at": call.missed_at,
            "is_open": call_id in waiting,
            "is_closed_by_us": call.is_closed_by_us,
        }
        for call_id, call in customer.contacts
        if call.missed_at is not None
    ]
    return CUSTOMER, (key,), (_json(missed).decode(), customer.last_at)


def _ledger(snapshot: Snapshot, lateness_seconds: float) -> Row:
    ledger = snapshot.ledger
    newest_at = ledger.newest_at
    return (
        *(snapshot.topic, snapshot.partition, ledger.epoch, ledger.next_offset),
        *(ledger.consumed, ledger.applied, ledger.duplicate, ledger.late),
        *(ledger.dead_lettered, ledger.closed_facts, newest_at),
        newest_at - lateness_seconds if newest_at is not None else None,
        _json(ledger.reasons).decode(),
    )
