"""Amounts of money as integers of a currency's minor unit."""

from decimal import Decimal

_WITHOUT_MINOR_UNIT = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"),
    *("VND", "VUV", "XAF", "XOF", "XPF"),
)
_OF_THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_DIGITS = dict.fromkeys(_WITHOUT_MINOR_UNIT, 0) | dict.fromkeys(_OF_THOUSANDTHS, 3)


def digits_of(currency: str) -> int:
    """Return how many decimal digits the minor unit of *currency* has (ISO 4217, list one)."""
    return _DIGITS.get(currency, 2)


def minor_digits() -> dict[int, tuple[str, ...]]:
    """Return the currencies that have not two digits, by how many they have."""
    return {0: _WITHOUT_MINOR_UNIT, 3: _OF_THOUSANDTHS}


def minor_units(amount: Decimal, currency: str) -> int | None:
    """Return *amount* in minor units; None if it has more digits than those, or is no number.

    Nothing is rounded: a file with tenths of a cent means something else by its numbers.
    """
    if not amount.is_finite() or amount.adjusted() > 18:
        return None
    minor = amount.scaleb(digits_of(currency))
    return int(minor) if minor == minor.to_integral_value() else None
