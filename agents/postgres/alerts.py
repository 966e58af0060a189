"""The history of alerts in PostgreSQL."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from agents.postgres.pool import Database
from agents.postgres.scripts import named_statements

_SQL = named_statements("alerts.sql")


class KeptAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as Alertmanager tells it. `ends_at` None: it fires."""

    fingerprint: str
    starts_at: float
    ends_at: float | None
    labels: dict[str, str]
    annotations: dict[str, str]


class Recent(NamedTuple):
    """An alert of late, as a person reads it."""

    id: int
    name: str
    severity: str
    summary: str
    starts_at: datetime
    ends_at: datetime | None
    is_true: bool | None
    note: str


class Month(NamedTuple):
    """What one alert did in one month. `notice_seconds`: median from its beginning to us."""

    month: str
    name: str
    fired: int
    right: int
    false: int
    unmarked: int
    notice_seconds: float


class AlertStore:
    """Keeps alerts, and what people made of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, alerts: list[KeptAlert], now: float) -> None:
        """Keep alerts that were heard of at *now*. Safe to repeat.

        Raises:
            DatabaseError: they are not known to be kept; tell them again.
        """
        async with self._database.transaction() as connection:
            for alert in sorted(alerts, key=lambda each: (each.fingerprint, each.starts_at)):
                await connection.execute(_SQL["keep"], *_row(alert, now))

    async def mark(self, id_: int, *, is_true: bool, note: str, now: float) -> str | None:
        """Say whether an alert was right; return its summary, or None if there is none of that id.

        Raises:
            DatabaseError: it is not known to be marked; mark it again.
        """
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(_SQL["mark"], id_, is_true, note, now)
        return f"{row['name']}: {row['summary']}" if row is not None else None

    async def recent(self, since_at: float) -> list[Recent]:
        """Return alerts that began since then, the newest first, 1,000 at most.

        Raises:
            DatabaseError: the database does not answer.
        """
        async with self._database.transaction() as connection:
            return [Recent(*row) for row in await connection.fetch(_SQL["recent"], since_at)]

    async def by_month(self) -> list[Month]:
        """Return the monthly table, the newest month first.

        Raises:
            DatabaseError: the database does not answer.
        """
        async with self._database.transaction() as connection:
            return [Month(*row) for row in await connection.fetch(_SQL["by_month"])]

    async def noticed(self, label: str, value: str) -> tuple[float, float | None] | None:
        """Return when an alert with that label came, and when its end did; None if it did not.

        Raises:
            DatabaseError: the database does not answer.
        """
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(_SQL["by_label"], label, value)
        return (row["noticed_at"], row["resolved_at"]) if row is not None else None


def _row(alert: KeptAlert, now: float) -> tuple[object, ...]:
    labels, annotations = alert.labels, alert.annotations
    return (
        alert.fingerprint,
        alert.starts_at,
        alert.ends_at,
        labels.get("alertname", ""),
        *(labels.get(name, "") for name in ("severity", "team", "site", "queue", "source")),
        annotations.get("summary", ""),
        _number(annotations.get("value")),
        _number(annotations.get("expected")),
        _number(annotations.get("pending_seconds")) or 0.0,
        msgspec.json.encode(labels).decode(),
        msgspec.json.encode(annotations).decode(),
        now,
    )


def _number(text: str | None) -> float | None:
    """Return a number that a template wrote; None where it wrote none."""
    try:
        return float(text) if text else None
    except ValueError:
        return None
