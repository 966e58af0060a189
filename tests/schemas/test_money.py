"""Amounts in minor units, by ISO 4217's own examples."""

from decimal import Decimal

import pytest

from schemas.money import digits_of, minor_units


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1054", "USD", 105_400),  # cents
        ("0.01", "EUR", 1),
        ("0.001", "EUR", None),  # nothing is rounded
        ("10000000", "VND", 10_000_000),  # the dong has no minor unit in use
        ("10.5", "KRW", None),
        ("1.234", "KWD", 1_234),  # fils are thousandths
        ("1E+2", "USD", 10_000),
        ("NaN", "USD", None),
        ("Infinity", "USD", None),
        ("1E+400", "USD", None),
        ("-1", "USD", -100),
    ],
)
def test_minor_units(amount: str, currency: str, minor: int | None) -> None:
    assert minor_units(Decimal(amount), currency) == minor


def test_a_currency_that_is_not_listed_has_two_digits() -> None:
    assert (digits_of("MYR"), digits_of("JPY"), digits_of("BHD")) == (2, 0, 3)
