"""What the database says of a number: its sums, its limits, the part of the log it came from."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from agents.postgres.connection import Connection
from schemas.kpis import Quantile
from streams.explanation import Limits, Question, terms_of, topic_of
from streams.facts import Amount

PLACES = ("queue", "rep", "direction", "team", "site")
"""What a question may be narrowed down to."""


class Reference(NamedTuple):
    """Which part of one partition's log the panes came from: [first_offset, last_offset)."""

    topic: str
    partition: int
    first_offset: int | None
    """None: it is not known where it begins."""
    last_offset: int
    panes: int


async def stored(connection: Connection, question: Question) -> dict[str, Amount]:
    """Return what is stored of each term; of a quantile, how many are in each bucket."""
    formula = question.kpi.formula
    if isinstance(formula, Quantile):
        names = list(formula.histogram.cells)
        sums = [_bucket(formula.histogram.name, number) for number in range(1, len(names) + 1)]
    else:
        names = [term.name for term in terms_of(question.kpi)]
        sums = [f"sum({name})::float8" for name in names]
    where, arguments = _where(question)
    query = f"SELECT {', '.join(sums)} FROM ringside.pane_located WHERE {where}"  # noqa: S608 - the catalogue's names
    row = await connection.fetchrow(query, *arguments)
    values = row if row is not None else [None] * len(names)
    return {name: value for name, value in zip(names, values, strict=True) if value}


def _bucket(name: str, number: int) -> str:
    """Return the sum of one bucket; what is stored is cumulative, and arrays begin at 1."""
    below = f" - coalesce({name}[{number - 1}], 0)" if number > 1 else ""
    return f"sum({name}[{number}]{below})::float8"


async def activity_volume(connection: Connection) -> frozenset[str]:
    """Return which measures the roster chooses as activity."""
    rows = await connection.fetch("SELECT measure FROM ringside.roster_activity_volume")
    return frozenset(name for (name,) in rows)


async def known(connection: Connection, question: Question, place: str) -> list[str]:
    """Return the names of a kind of place (`queue`, `rep`, ...) in the week around the time."""
    rows = await connection.fetch(
        f"""SELECT DISTINCT {place} FROM ringside.pane_located
            WHERE start_at >= $1::timestamptz - interval '1 week'
                AND start_at < $2::timestamptz + interval '1 week'
                AND {place} <> ''
            ORDER BY 1""",  # noqa: S608 - one of a few words
        *_times(question),
    )
    return [name for (name,) in rows]


async def limits(connection: Connection, question: Question) -> dict[tuple[int, str], Limits]:
    """Return what queues promised, by the start of each quarter of an hour and the queue."""
    where, arguments = _where(question)
    rows = await connection.fetch(
        f"""SELECT DISTINCT
                extract(epoch FROM start_at)::bigint,
                queue,
                target_seconds,
                short_abandon_seconds
            FROM ringside.pane_located WHERE {where}""",  # noqa: S608 - constant
        *arguments,
    )
    return {(start, queue): Limits(target, short) for start, queue, target, short in rows}


async def references(connection: Connection, question: Question) -> list[Reference]:
    """Return the parts of the log that the panes came from, by topic and partition."""
    where, arguments = _where(question)
    rows = await connection.fetch(
        f"""SELECT
                topic,
                partition,
                CASE WHEN bool_and(first_offset IS NOT NULL) THEN min(first_offset) END,
                max(last_offset),
                count(*)
            FROM ringside.pane_located WHERE {where} AND topic = ANY(${len(arguments) + 1})
            GROUP BY topic, partition ORDER BY topic, partition""",  # noqa: S608 - constant
        *arguments,
        _topics(question),
    )
    return [Reference(*row) for row in rows]


def _topics(question: Question) -> Sequence[str]:
    formula = question.kpi.formula
    if isinstance(formula, Quantile):
        return [f"ringside.{formula.histogram.topic}"]
    return sorted({topic_of(term) for term in terms_of(question.kpi)})


def _where(question: Question) -> tuple[str, list[object]]:
    conditions = ["start_at >= $1", "start_at < $2"]
    arguments: list[object] = [*_times(question)]
    for name in PLACES:
        value = getattr(question, name)
        if value is not None:
            arguments.append(value)
            conditions.append(f"{name} = ${len(arguments)}")
    return " AND ".join(conditions), arguments


def _times(question: Question) -> tuple[datetime, datetime]:
    return datetime.fromtimestamp(question.from_at, UTC), datetime.fromtimestamp(
        question.to_at, UTC
    )
