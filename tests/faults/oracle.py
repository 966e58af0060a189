"""The oracle: what a log of messages must come to, worked out in one batch, apart from Ringside.

It reads the whole log, decides what each message is by rules of its own (reading_events.py), sorts
and removes repetitions, and lets DuckDB count. Nothing of `streams` or `agents` is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import duckdb
import pandas as pd

from tests.faults.reading_events import Told, read_event
from tests.faults.source_log import Produced, read_log

LATENESS_SECONDS = {"ringside.calls": 3600.0, "ringside.reps": 3600.0}
CRM_LATENESS_SECONDS = 86_400.0
QUARTER_SECONDS = 900

COUNT_CALLS = """
WITH call AS (
    SELECT
        min(happened_at) FILTER (WHERE type = 'call.offered') AS offered_at,
        min(happened_at) FILTER (WHERE type = 'call.answered') AS answered_at,
        min(happened_at) FILTER (WHERE type = 'call.abandoned') AS abandoned_at,
        min(happened_at) FILTER (WHERE type = 'call.ended') AS ended_at
    FROM event WHERE topic = 'ringside.calls' GROUP BY subject
)
SELECT
    (floor(offered_at / 900) * 900)::bigint AS start_at,
    count(*) AS calls_offered,
    count(answered_at) AS calls_answered,
    count(abandoned_at) AS calls_abandoned,
    count(ended_at) FILTER (WHERE answered_at IS NOT NULL) AS calls_handled,
    coalesce(sum(answered_at - offered_at), 0) AS call_wait_seconds,
    coalesce(sum(ended_at - answered_at), 0) AS call_talk_seconds
FROM call WHERE offered_at IS NOT NULL GROUP BY ALL
"""
COUNT_OTHERS = """
SELECT
    (floor(happened_at / 900) * 900)::bigint AS start_at,
    count(*) FILTER (WHERE type = 'activity.logged') AS activities_logged,
    count(*) FILTER (WHERE type = 'meeting.booked') AS meetings_booked,
    count(*) FILTER (WHERE type = 'meeting.held') AS meetings_held
FROM event WHERE topic IN ('ringside.activities', 'ringside.meetings') GROUP BY ALL
"""
CALL_MEASURES = (
    *("calls_offered", "calls_answered", "calls_abandoned", "calls_handled"),
    *("call_wait_seconds", "call_talk_seconds"),
)
OTHER_MEASURES = ("activities_logged", "meetings_booked", "meetings_held")
MEASURES = (*CALL_MEASURES, *OTHER_MEASURES)

Quarters = dict[tuple[int, str], float]
"""(start of the quarter of an hour, measure) -> how much; nothing where it is 0."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a log must come to."""

    ledger: Counter[str]
    """Messages by result, and `consumed`."""
    ends: dict[tuple[str, int], int]
    """The end of each partition of each source topic."""
    quarters: Quarters
    totals: dict[str, float]
    calls: int
    refused: dict[tuple[str, int, int], Produced]
    """What must be among the dead letters, by its place."""


def truth_of(bootstrap: str) -> Truth:
    """Return what the log on this broker must come to."""
    return work_out(read_log(bootstrap))


def work_out(log: list[Produced], lateness: Mapping[str, float] = LATENESS_SECONDS) -> Truth:
    """Return what these messages must come to; those of a partition are in their order."""
    ledger = Counter(
        dict.fromkeys(("consumed", "applied", "duplicate", "late", "dead_lettered"), 0)
    )
    refused: dict[tuple[str, int, int], Produced] = {}
    kept: dict[str, Told] = {}
    newest: dict[tuple[str, int], float] = {}
    for message in log:
        ledger["consumed"] += 1
        told = read_event(message)
        result = _result(told, newest, kept, lateness)
        ledger[result] += 1
        if told is None or result == "late":
            refused[message.place] = message
    counted = _count(kept.values())
    totals = dict.fromkeys(MEASURES, 0.0)
    for (_, measure), amount in counted.items():
        totals[measure] += amount
    ends: dict[tuple[str, int], int] = {}
    for message in log:
        ends[message.topic, message.partition] = message.offset + 1
    calls = len({told.subject for told in kept.values() if told.topic == "ringside.calls"})
    return Truth(ledger, ends, counted, totals, calls, refused)


def _result(
    told: Told | None,
    newest: dict[tuple[str, int], float],
    kept: dict[str, Told],
    lateness: Mapping[str, float],
) -> str:
    if told is None:
        return "dead_lettered"
    partition = (told.topic, told.partition)
    newest_at = newest.get(partition, told.at)
    if told.at < newest_at - lateness.get(told.topic, CRM_LATENESS_SECONDS):
        return "late"
    newest[partition] = max(newest_at, told.at)
    if told.id in kept:
        return "duplicate"
    kept[told.id] = told
    return "applied"


def _count(told: Iterable[Told]) -> Quarters:
    event = pd.DataFrame(sorted(told, key=lambda one: one.at), columns=list(Told._fields))
    event = event.rename(columns={"at": "happened_at"})  # `at` is a word of SQL's
    with duckdb.connect() as database:
        database.register("event", event)
        return {
            (int(start_at), measure): float(amount)
            for start_at, measure, amount in _cells(database)
            if amount
        }


def _cells(database: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str, float]]:
    for query, measures in ((COUNT_CALLS, CALL_MEASURES), (COUNT_OTHERS, OTHER_MEASURES)):
        for start_at, *amounts in database.execute(query).fetchall():
            for measure, amount in zip(measures, amounts, strict=True):
                yield start_at, measure, amount
