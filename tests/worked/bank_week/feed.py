"""A bank's week of calls, row by row, as the events that its PBX would have published.

A row is a whole call, known afterwards. Rows of one queue are sent as that, one `call.completed`;
the others as the events that made them, so both ways of telling of a call are in one week.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from agents.embedded.paths import PROJECT
from schemas import events as e
from schemas.events import AnyFact, Event

ZONE = ZoneInfo("Asia/Jerusalem")
SITE = "bank"
SOURCE = "/bank/vru"
IN_ONE_RECORD = "IN"
"""The queue whose calls are told in one record each."""
NAMELESS = "agent-nameless"
"""Who took the calls that have no agent in the file: a call is answered by somebody."""
REPS_PER_TEAM = 6
DATA_VARIABLE = "RINGSIDE_SHARED_DATA"
FILE_NAME = "bank_calls_week.csv"


@dataclass(frozen=True, slots=True)
class Feed:
    """The week as events in the order of their times, and what was left out."""

    events: tuple[Event, ...]
    queues: tuple[str, ...]
    reps: tuple[str, ...]
    phantoms: int


def data_file(env: Mapping[str, str]) -> Path:
    """Return where the week is: RINGSIDE_SHARED_DATA, or the folder shared beside the project."""
    return Path(env.get(DATA_VARIABLE) or PROJECT.parent / "shared" / "data") / FILE_NAME


def read(file: Path) -> Feed:
    """Return the week. Rows with the outcome PHANTOM are no calls, and are only counted."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    calls = [row for row in rows if row["outcome"] != "PHANTOM"]
    events = [event for row in calls for event in _events(row)]
    # Stable, so events of one instant stay in the order in which the call's life has them.
    events.sort(key=lambda event: event.at)
    reps = {_rep(row) for row in calls if row["outcome"] == "AGENT"}
    queues = {row["type"] for row in calls}
    return Feed(tuple(events), tuple(sorted(queues)), tuple(sorted(reps)), len(rows) - len(calls))


def roster(feed: Feed, *, target_seconds: int) -> str:
    """Return the bank's roster as YAML: one site, a team for every few reps, its queues."""
    teams = {rep: f"team-{index // REPS_PER_TEAM + 1}" for index, rep in enumerate(feed.reps)}
    limits = {"site": SITE, "target_seconds": target_seconds, "short_abandon_seconds": 5}
    return yaml.safe_dump(
        {
            "sites": [{"id": SITE, "zone": ZONE.key}],
            "teams": [{"id": team, "site": SITE} for team in sorted(set(teams.values()))],
            "reps": [{"id": rep, "team": team} for rep, team in teams.items()],
            "queues": [{"id": queue, **limits} for queue in feed.queues],
        }
    )


def call_id(row: Mapping[str, str]) -> str:
    """Return what names a call: a number alone comes back within the day on another line."""
    return f"{row['date']}/{row['vru_line']}/{row['call_id']}"


def _events(row: Mapping[str, str]) -> Iterator[Event]:
    queue_seconds, service_seconds = int(row["queue_seconds"]), int(row["service_seconds"])
    answered = row["outcome"] == "AGENT"
    if not answered and queue_seconds == 0:
        yield _in_menu(row)
        return
    arrived_at = _at(row, "queue_start" if queue_seconds else "vru_exit")
    met_at = arrived_at + timedelta(seconds=queue_seconds)
    ended_at = met_at + timedelta(seconds=service_seconds if answered else 0)
    if row["type"] == IN_ONE_RECORD:
        yield _event(row, "call.completed", ended_at, _record(row, arrived_at, answered=answered))
        return
    customer = row["customer"] or None
    yield _event(row, "call.offered", arrived_at, e.CallOffered(row["type"], customer))
    if answered:
        yield _event(row, "call.answered", met_at, e.CallAnswered(_rep(row)))
        yield _event(row, "call.ended", ended_at, e.CallEnded())
    else:
        yield _event(row, "call.abandoned", met_at, e.CallAbandoned())


def _in_menu(row: Mapping[str, str]) -> Event:
    # Seven rows leave the menu before they enter it, by a minute or so: a clock was put back.
    ended_at = max(_at(row, "vru_entry"), _at(row, "vru_exit"))
    record = e.CallCompleted(_at(row, "vru_entry"), "menu", customer=row["customer"] or None)
    return _event(row, "call.completed", ended_at, record)


def _record(row: Mapping[str, str], arrived_at: datetime, *, answered: bool) -> e.CallCompleted:
    return e.CallCompleted(
        arrived_at,
        "answered" if answered else "abandoned",
        queue=row["type"],
        rep=_rep(row) if answered else None,
        customer=row["customer"] or None,
        wait_seconds=int(row["queue_seconds"]),
        talk_seconds=int(row["service_seconds"]) if answered else 0,
    )


def _event(row: Mapping[str, str], type_: str, at: datetime, data: AnyFact) -> Event:
    subject = call_id(row)
    return Event(f"{subject}/{type_}", SOURCE, subject, type_, at.timestamp(), data)


def _at(row: Mapping[str, str], column: str) -> datetime:
    """Return an instant of the row's day. No row goes on past midnight before it is met."""
    moment = datetime.strptime(f"{row['date']} {row[column]}", "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
    return moment.replace(tzinfo=ZONE)


def _rep(row: Mapping[str, str]) -> str:
    return row["agent"] or NAMELESS
