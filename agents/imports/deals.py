"""A CRM's export to imported deals, row by row: pure but for the stream it reads."""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Row
from datetime import UTC, datetime
from typing import NamedTuple, TextIO

import msgspec

from agents.errors import InputError
from agents.imports import cells
from agents.imports.cells import CellError
from agents.imports.mapping import Mapping, Meaning
from schemas import events as e
from schemas.events import Event

_json = msgspec.json.Encoder().encode


class Refused(NamedTuple):
    """A line that is not imported: its number in the file, the column, and why."""

    line: int
    column: str
    reason: str


class Found(NamedTuple):
    """A deal, and the line that it begins on."""

    line: int
    deal: str
    data: e.DealImported


class _Line(NamedTuple):
    number: int
    row: Row[str, str | None]


def deals(stream: TextIO, mapping: Mapping, as_of: datetime) -> Iterator[Found | Refused]:
    """Yield the deals of an export that was made at `as_of`, and the lines that are refused.

    A file with a row for each deal is read row by row; one with a row for each change of a deal is
    read as a whole first, as a deal's rows may stand anywhere.

    Raises:
        InputError: the file has not the columns that the mapping names.
    """
    reader = csv.DictReader(stream, delimiter=mapping.delimiter, strict=True)
    missing = [column for column in mapping.used if column not in (reader.fieldnames or ())]
    if missing:
        there = ", ".join(reader.fieldnames or ()) or "none"
        raise InputError(f"the file has no column {', '.join(missing)}; its columns are: {there}")
    if mapping.columns.changed_at is None:
        yield from _singly(_lines(reader), mapping, as_of)
    else:
        yield from _grouped(_lines(reader), mapping, as_of)


def event_of(found: Found, source: str, at: float) -> Event:
    """Return the event that imports a deal. Its id is made of the row, and the same again."""
    again = msgspec.structs.replace(found.data, as_of=datetime.fromtimestamp(0, UTC))
    digest = hashlib.sha256(_json((source, found.deal, again))).hexdigest()[:32]
    return Event(f"import/{digest}", source, found.deal, "deal.imported", at, found.data)


def _lines(reader: "csv.DictReader[str]") -> Iterator[_Line | Refused]:
    """Yield the rows with the number of the line that each begins on."""
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield Refused(number, "", f"not CSV: {error}")
            continue
        except UnicodeDecodeError as error:
            raise InputError(
                f"line {number} is not text in {error.encoding}; say `encoding` in the mapping"
            ) from None
        if row is None:
            return
        if None in row or None in row.values():
            yield Refused(number, "", "not as many cells as there are columns")
        else:
            yield _Line(number, row)


def _singly(
    lines: Iterable[_Line | Refused], mapping: Mapping, as_of: datetime
) -> Iterator[Found | Refused]:
    seen: dict[str, int] = {}
    for line in lines:
        if isinstance(line, Refused):
            yield line
            continue
        try:
            found = _of_row(line, mapping, as_of)
        except CellError as error:
            yield Refused(line.number, error.column, error.reason)
            continue
        first = seen.setdefault(found.deal, line.number)
        if first != line.number:
            yield Refused(line.number, mapping.columns.deal, f"the same deal as on line {first}")
        else:
            yield found


def _of_row(line: _Line, mapping: Mapping, as_of: datetime) -> Found:
    """Return the deal of a row that tells all of it. Raises CellError."""
    row, columns = line.row, mapping.columns
    meaning = _meaning(row, mapping)
    created_at = cells.instant(row, columns.created_at, mapping)
    ended_at = cells.instant(row, columns.ended_at, mapping) if meaning.outcome else None
    if created_at is None and mapping.created_at_missing == "export" and not meaning.outcome:
        created_at = as_of
    if created_at is None:
        raise CellError(columns.created_at or "", "empty")
    if meaning.outcome and ended_at is None:
        raise CellError(columns.ended_at or columns.stage, "no date of its end")
    entries = [
        e.StageEntry(at, stage)
        for stage, column in mapping.entered.items()
        if (at := cells.instant(row, column, mapping)) is not None
    ]
    # In the order of the mapping where they are of one day, as the pipeline's stages are listed.
    entries.sort(key=lambda entry: entry.at)
    if meaning.stage is not None and all(entry.stage != meaning.stage for entry in entries):
        # When it came to the stage it is in, nobody says; it was there by its end, or its creation.
        entries.append(e.StageEntry(created_at if not entries else entries[-1].at, meaning.stage))
    if not entries:
        raise CellError(columns.stage, "no stage: give the mapping the stage it ended in")
    return _found(line, mapping, as_of, (created_at, ended_at, meaning, entries))


def _grouped(
    lines: Iterable[_Line | Refused], mapping: Mapping, as_of: datetime
) -> Iterator[Found | Refused]:
    changes: dict[str, list[_Change]] = {}
    for line in lines:
        if isinstance(line, Refused):
            yield line
            continue
        try:
            change = _change(line, mapping)
        except CellError as error:
            yield Refused(line.number, error.column, error.reason)
            continue
        changes.setdefault(change.deal, []).append(change)
    for of_deal in changes.values():
        of_deal.sort(key=lambda change: change.at)
        try:
            yield _of_changes(of_deal, mapping, as_of)
        except CellError as error:
            yield Refused(of_deal[-1].line.number, error.column, error.reason)


class _Change(NamedTuple):
    deal: str
    at: datetime
    line: _Line
    meaning: Meaning


def _change(line: _Line, mapping: Mapping) -> _Change:
    """Return the change of a deal that a row tells of. Raises CellError."""
    column = mapping.columns.changed_at
    at = cells.instant(line.row, column, mapping)
    if at is None:
        raise CellError(column or "", "empty")
    deal = cells.required(line.row, mapping.columns.deal)
    return _Change(deal, at, line, _meaning(line.row, mapping))


def _of_changes(changes: Sequence[_Change], mapping: Mapping, as_of: datetime) -> Found:
    """Return the deal of its changes by time. Raises CellError.

    Only an end that is the last word is one; what went on after its end was reopened.
    """
    last = changes[-1]
    entries = [
        e.StageEntry(change.at, change.meaning.stage)
        for change in changes
        if change.meaning.stage is not None
    ]
    if not entries:
        raise CellError(mapping.columns.stage, "no stage: give the mapping the stage it ended in")
    ended_at = last.at if last.meaning.outcome else None
    told = changes[0].at, ended_at, last.meaning, entries
    return _found(last.line, mapping, as_of, told)


def _found(
    line: _Line,
    mapping: Mapping,
    as_of: datetime,
    told: tuple[datetime, datetime | None, Meaning, Sequence[e.StageEntry]],
) -> Found:
    row, columns = line.row, mapping.columns
    created_at, ended_at, meaning, (first, *moves) = told
    worth = cells.amount(row, mapping)
    data = e.DealImported(
        as_of=as_of,
        created_at=created_at,
        rep=cells.required(row, columns.rep),
        pipeline=mapping.pipeline or cells.required(row, columns.pipeline or ""),
        stage=first.stage,
        moves=tuple(moves),
        outcome=meaning.outcome,
        ended_at=ended_at,
        reason=cells.text(row, columns.reason) if meaning.outcome == "lost" else None,
        amount_minor=worth[0] if worth else None,
        currency=worth[1] if worth else None,
        customer=cells.text(row, columns.customer),
        segment=cells.text(row, columns.segment),
    )
    return Found(line.number, cells.required(row, columns.deal), data)


def _meaning(row: Row[str, str | None], mapping: Mapping) -> Meaning:
    column = mapping.columns.stage
    found = mapping.meaning(cells.required(row, column))
    if found is None:
        raise CellError(column, "a value that the mapping's `stages` does not have")
    return found
