"""The tables that a worker writes, as data, and the one statement that writes each.

A statement takes an array per column, so thousands of rows are one round trip. It is built here,
not kept in a .sql file, because the columns of `pane` are the catalogue's.
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.measure import Unit
from schemas.measures import DIMENSIONS, HISTOGRAMS, MEASURES


class Type(StrEnum):
    """How a column travels, and what becomes of it: `<array type> <expression>`."""

    TEXT = "text[] {}"
    INTEGER = "integer[] {}"
    BIGINT = "bigint[] {}"
    SECONDS = "float8[] {}"
    INSTANT = "float8[] to_timestamp({})"
    """Seconds since 1970: cheaper to send than datetimes."""
    JSON = "text[] {}::jsonb"
    BOOLEAN = "boolean[] {}"
    COUNTS = "text[] {}::bigint[]"
    """Arrays of arrays cannot be taken apart row by row, so each one travels as its text."""
    COUNT_MEASURE = "float8[] coalesce({}, 0)::bigint"
    FIRST_OFFSET = "bigint[] ({})"
    """The least of all that were written, unless one of them was not known."""
    SECONDS_MEASURE = "float8[] coalesce({}, 0)"
    """Of measures most are 0 in most rows: a column that is 0 in all of them is sent as NULL."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of schema `ringside`: its key and its other columns."""

    name: str
    key: tuple[tuple[str, Type], ...]
    values: tuple[tuple[str, Type], ...]
    offset: str = "last_offset"
    """The column that says, with `epoch`, up to where a row counts."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in the order in which `upsert` takes them."""
        return tuple(name for name, _ in (*self.key, *self.values))

    @property
    def upsert(self) -> str:
        """Write rows, but only over rows that count less far. Safe to repeat."""
        types = [type_.value.split(" ", 1) for _, type_ in (*self.key, *self.values)]
        arrays = ", ".join(f"${n}::{array}" for n, (array, _) in enumerate(types, 1))
        aliases = ", ".join(f"c{n}" for n in range(1, len(types) + 1))
        values = ", ".join(form.format(f"c{n}") for n, (_, form) in enumerate(types, 1))
        names = ", ".join(self.columns)
        keys = ", ".join(name for name, _ in self.key)
        sets = ", ".join(_replacement(name, type_) for name, type_ in self.values)
        return (
            f"INSERT INTO ringside.{self.name} AS stored ({names})\n"
            f"SELECT {values}\nFROM unnest({arrays}) AS sent ({aliases})\n"
            f"ON CONFLICT ({keys}) DO UPDATE\nSET {sets}\n"
            f"WHERE (excluded.epoch, excluded.{self.offset}) > (stored.epoch, stored.{self.offset})"
        )


def _replacement(name: str, type_: Type) -> str:
    if type_ is not Type.FIRST_OFFSET:
        return f"{name} = excluded.{name}"
    return (
        f"{name} = CASE WHEN stored.epoch < excluded.epoch THEN excluded.{name}"
        f" WHEN stored.{name} IS NOT NULL THEN least(stored.{name}, excluded.{name}) END"
    )


_TEXT, _INTEGER, _BIGINT, _SECONDS = Type.TEXT, Type.INTEGER, Type.BIGINT, Type.SECONDS
_INSTANT = Type.INSTANT
_PARTITION = (("topic", _TEXT), ("partition", _INTEGER))
_FENCE = (("epoch", _BIGINT), ("last_offset", _BIGINT))

PANE = Table(
    "pane",
    (*_PARTITION, ("start_at", _INSTANT), *((name, _TEXT) for name in DIMENSIONS)),
    (
        *_FENCE,
        ("first_offset", Type.FIRST_OFFSET),
        *(
            (m.name, Type.SECONDS_MEASURE if m.unit is Unit.SECONDS else Type.COUNT_MEASURE)
            for m in MEASURES
        ),
        *((histogram.name, Type.COUNTS) for histogram in HISTOGRAMS),
    ),
)
CALL = Table(
    "call",
    (*_PARTITION, ("call_id", _TEXT), ("leg", _INTEGER)),
    (
        *_FENCE,
        *((name, _TEXT) for name in ("source", "queue", "rep", "direction", "customer")),
        ("offered_at", _INSTANT),
        ("answered_at", _INSTANT),
        ("abandoned_at", _INSTANT),
        ("transferred_at", _INSTANT),
        ("transfer_kind", _TEXT),
        ("ended_at", _INSTANT),
        ("wrapup_ended_at", _INSTANT),
        ("wait_seconds", _SECONDS),
        ("talk_seconds", _SECONDS),
        ("hold_seconds", _SECONDS),
        ("wrapup_seconds", _SECONDS),
        ("holds", _INTEGER),
        ("outcome", _TEXT),
        ("last_at", _INSTANT),
        ("connected_at", _INSTANT),
        ("closed_by_us_at", _INSTANT),
        ("earlier_wait_seconds", _SECONDS),
    ),
)
MEETING = Table(
    "meeting",
    (*_PARTITION, ("meeting_id", _TEXT)),
    (
        *_FENCE,
        *((name, _TEXT) for name in ("source", "rep", "customer")),
        ("booked_at", _INSTANT),
        ("starts_at", _INSTANT),
        ("times_moved", _INTEGER),
        ("last_moved_at", _INSTANT),
        ("outcome", _TEXT),
        ("outcome_at", _INSTANT),
        ("last_at", _INSTANT),
        ("deal", _TEXT),
    ),
)
ACTIVITY = Table(
    "activity",
    (*_PARTITION, ("activity_id", _TEXT)),
    (
        *_FENCE,
        *((name, _TEXT) for name in ("source", "rep", "kind", "customer", "deal")),
        ("logged_at", _INSTANT),
    ),
)
DEAL = Table(
    "deal",
    (*_PARTITION, ("deal_id", _TEXT)),
    (
        *_FENCE,
        *((name, _TEXT) for name in ("source", "rep", "pipeline", "customer")),
        ("created_at", _INSTANT),
        ("stage", _TEXT),
        ("stage_at", _INSTANT),
        ("moves", Type.JSON),
        ("amount_minor", _BIGINT),
        ("currency", _TEXT),
        ("amount_at", _INSTANT),
        ("status", _TEXT),
        ("status_at", _INSTANT),
        ("reason", _TEXT),
        ("last_at", _INSTANT),
        ("segment", _TEXT),
        ("owners", Type.JSON),
        ("turns", Type.JSON),
        ("is_cut", Type.BOOLEAN),
    ),
)
REP_STATE = Table(
    "rep_state",
    (*_PARTITION, ("rep", _TEXT)),
    (
        *_FENCE,
        ("source", _TEXT),
        ("state", _TEXT),
        ("reason", _TEXT),
        ("since", _INSTANT),
    ),
)
REP_TURN = Table(
    "rep_turn",
    (*_PARTITION, ("rep", _TEXT), ("since", _INSTANT)),
    (
        *_FENCE,
        ("until", _INSTANT),
        *((name, _TEXT) for name in ("state", "reason", "source")),
    ),
)
CORRECTION = Table(
    "correction",
    (*_PARTITION, ("log_offset", _BIGINT), ("part", _INTEGER)),
    (
        *_FENCE,
        *((name, _TEXT) for name in ("event_id", "corrects_id", "entity")),
        ("at", _INSTANT),
        ("start_at", _INSTANT),
        *((name, _TEXT) for name in (*DIMENSIONS, "cell")),
        ("before", _SECONDS),
        ("after", _SECONDS),
    ),
)
CUSTOMER = Table(
    "customer",
    (*_PARTITION, ("customer", _TEXT)),
    (*_FENCE, ("missed", Type.JSON), ("last_at", _INSTANT)),
)
PBX_COUNTERS = Table(
    "pbx_counters",
    (
        *_PARTITION,
        *(("source", _TEXT), ("queue", _TEXT), ("from_at", _INSTANT), ("to_at", _INSTANT)),
    ),
    (
        *_FENCE,
        *(("completed", _BIGINT), ("abandoned", _BIGINT)),
        *(("service_level", _SECONDS), ("service_level_seconds", _SECONDS)),
        *(("service_level_rule", _TEXT), ("told_at", _INSTANT)),
    ),
)
LEDGER = Table(
    "ledger",
    _PARTITION,
    (
        ("epoch", _BIGINT),
        ("next_offset", _BIGINT),
        *((name, _BIGINT) for name in ("consumed", "applied", "duplicate", "late")),
        ("dead_lettered", _BIGINT),
        ("closed_facts", _BIGINT),
        ("newest_at", _INSTANT),
        ("watermark_at", _INSTANT),
        ("reasons", Type.JSON),
    ),
    offset="next_offset",
)
TABLES = (
    *(PANE, CALL, MEETING, DEAL, ACTIVITY, REP_STATE, REP_TURN),
    *(CORRECTION, CUSTOMER, PBX_COUNTERS, LEDGER),
)
"""Panes are written first, the ledger last; between them entities, by topic. The order is always
the same, so that workers cannot deadlock."""
