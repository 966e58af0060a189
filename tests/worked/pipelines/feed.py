"""A CRM's deals and a help desk's cases as the events that their systems would have published.

Both are in one log: two pipelines of one installation. All days are moved by the same number, so
that the CRM's last day is yesterday: no figure depends on the date, but the live windows, which are
about now, have something in them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from agents.embedded.paths import PROJECT
from schemas import events as e
from schemas.events import AnyFact, Event

DATA_VARIABLE = "RINGSIDE_SHARED_DATA"
CRM_FILE, CASES_FILE = "crm_opportunities.csv", "helpdesk_cases.csv"
CRM, HELPDESK = "crm", "helpdesk"
CURRENCY = "USD"
LAST_CRM_DAY = date(2017, 12, 31)
FIRST_CRM_AT = datetime(2016, 10, 20, tzinfo=UTC)
"""The first day in the file. Deals without a date are put there: nothing says when they came."""

PIPELINES = """
pipelines:
  - id: crm
    title: Sales
    names: [opportunities]
    stages:
      - {id: prospecting, names: [Prospecting]}
      - {id: engaging, names: [Engaging]}
    won: [Won]
    lost: [Lost]
  - id: helpdesk
    stages:
      - {id: insert, names: [Insert ticket]}
      - {id: assign, names: [Assign seriousness]}
      - {id: take, names: [Take in charge ticket]}
      - {id: wait, names: [Wait]}
      - {id: resolve, names: [Resolve ticket]}
    won: [Closed]
"""
"""The rare activities of the help desk are left out on purpose: they are unknown stages."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where the data are."""

    crm: Path
    cases: Path

    @property
    def missing(self) -> list[Path]:
        """Those that are not there."""
        return [file for file in (self.crm, self.cases) if not file.exists()]


def files(env: Mapping[str, str]) -> Files:
    """Return where the data are: RINGSIDE_SHARED_DATA, or the folder shared beside the project."""
    folder = Path(env.get(DATA_VARIABLE) or PROJECT.parent / "shared" / "data")
    return Files(folder / CRM_FILE, folder / CASES_FILE)


def shift(today: date) -> timedelta:
    """Return by how much everything is moved."""
    return today - timedelta(days=1) - LAST_CRM_DAY


def read(of: Files, moved_by: timedelta) -> list[Event]:
    """Return all events in the order of their times; those of one instant as in the files."""
    events = [*_crm(of.crm, moved_by), *_cases(of.cases, moved_by)]
    return sorted(events, key=lambda event: event.at)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _crm(file: Path, moved_by: timedelta) -> Iterator[Event]:
    for row in _rows(file):
        key, engaged, closed = row["opportunity_id"], row["engage_date"], row["close_date"]
        created_at = (_day(engaged) if engaged else FIRST_CRM_AT) + moved_by
        yield _event(key, created_at, CRM, "deal.created", _created(row))
        if not closed:
            continue
        closed_at = _day(closed) + moved_by
        if row["deal_stage"] == "Won":
            won = e.DealWon(100 * int(row["close_value"]), CURRENCY)
            yield _event(key, closed_at, CRM, "deal.won", won)
        else:
            # Told as a move to the CRM's own stage for it, which the pipeline's file knows.
            yield _event(key, closed_at, CRM, "deal.stage_changed", e.DealStageChanged("Lost"))


def _created(row: dict[str, str]) -> e.DealCreated:
    stage = "Engaging" if row["engage_date"] else "Prospecting"
    return e.DealCreated(
        *(row["sales_agent"], "opportunities", stage), currency=CURRENCY, segment=row["product"]
    )


def _cases(file: Path, moved_by: timedelta) -> Iterator[Event]:
    owner: dict[str, str] = {}
    for row in _rows(file):
        key, stage, rep = row["case"], row["activity"], row["resource"]
        at = datetime.fromisoformat(row["at"]) + moved_by
        if key not in owner:
            created = e.DealCreated(rep, HELPDESK, stage)
            yield _event(key, at, HELPDESK, "deal.created", created)
        else:
            if rep != owner[key]:
                yield _event(key, at, HELPDESK, "deal.owner_changed", e.DealOwnerChanged(rep))
            yield _event(key, at, HELPDESK, "deal.stage_changed", e.DealStageChanged(stage))
        owner[key] = rep


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC)


def _event(key: str, at: datetime, source: str, type_: str, data: AnyFact) -> Event:
    at_seconds = at.timestamp()
    return Event(f"{key}/{type_}/{at_seconds:.0f}", source, key, type_, at_seconds, data)


def repetitions(of: Files) -> int:
    """Return how many events say again what one before has said, word for word."""
    events = read(of, timedelta())
    return len(events) - len({(one.subject, one.at, one.type, one.data) for one in events})


def unknown_activities(of: Files) -> set[str]:
    """Return what the help desk does that is no stage of its pipeline."""
    known = ("Insert ticket", "Assign seriousness", "Take in charge ticket", "Wait")
    known += ("Resolve ticket", "Closed")
    return {row["activity"] for row in _rows(of.cases)} - set(known)
