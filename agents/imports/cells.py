"""One row's cells as values. What cannot be read is an exception of its own, with its column."""

from collections.abc import Mapping as Row
from datetime import datetime
from decimal import Decimal, InvalidOperation

from agents.imports.mapping import Mapping
from schemas.money import minor_units

CURRENCY_LETTERS = 3


class CellError(Exception):
    """A cell does not hold what its column should. The reason never quotes it."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def text(row: Row[str, str | None], column: str | None) -> str | None:
    """Return a cell's text, or None if there is none."""
    return (row.get(column) or "").strip() or None if column is not None else None


def required(row: Row[str, str | None], column: str) -> str:
    """Return a cell's text.

    Raises:
        CellError: it is empty.
    """
    found = text(row, column)
    if found is None:
        raise CellError(column, "empty")
    return found


def instant(row: Row[str, str | None], column: str | None, mapping: Mapping) -> datetime | None:
    """Return a cell's instant; without an offset of its own it is in the mapping's zone.

    Raises:
        CellError: it is not as the mapping's `dates` says, or not ISO 8601.
    """
    found = text(row, column)
    if found is None or column is None:
        return None
    try:
        if mapping.dates is None:
            when = datetime.fromisoformat(found)
        else:
            when = datetime.strptime(found, mapping.dates)  # noqa: DTZ007 - the zone comes next
        return when.replace(tzinfo=mapping.tz) if when.tzinfo is None else when
    except (ValueError, OverflowError):
        form = mapping.dates or "ISO 8601"
        raise CellError(column, f"no date as {form}") from None


def amount(row: Row[str, str | None], mapping: Mapping) -> tuple[int, str] | None:
    """Return a row's amount in minor units and its currency; None if it has no amount.

    Raises:
        CellError: it is no number, has more digits than its currency, or no currency.
    """
    column = mapping.columns.amount
    found = text(row, column)
    if found is None or column is None:
        return None
    currency = text(row, mapping.columns.currency) or mapping.currency
    if currency is None or len(currency) != CURRENCY_LETTERS:
        raise CellError(mapping.columns.currency or column, "no currency as USD")
    thousands = "," if mapping.decimal_mark == "." else "."
    plain = found.replace(thousands, "").replace(" ", "").replace(mapping.decimal_mark, ".")
    try:
        minor = minor_units(Decimal(plain), currency.upper())
    except InvalidOperation:
        minor = None
    if minor is None:
        raise CellError(column, f"no amount of {currency.upper()}")
    return minor, currency.upper()
