"""One customer, one token; no token without the key; no number behind it."""

import hashlib
import hmac

import pytest

from schemas.customers import Tokeniser, normalise

KEY = b"sixteen bytes !!"


@pytest.mark.parametrize(
    "written",
    [
        "+84901234567",
        "+84 90 123 45 67",
        "+84-90-123-4567",
        "+84 (0)90 123 45 67",
        "+84.90.123.45.67",
        "0084901234567",
        "00 84 90/1234567",
        " +84901234567 ",
        "tel:+84-90-123-45-67",
        "+84 90‑123‑45‑67",  # noqa: RUF001 - non-breaking hyphens, from a spreadsheet
        "+８４９０１２３４５６７",  # noqa: RUF001 - full-width digits, from a Japanese form
    ],
)
def test_every_way_to_write_a_number_is_one_number(written: str) -> None:
    assert normalise(written) == "+84901234567"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("090 123 45 67", "+84901234567"),
        ("901234567", "+84901234567"),
        ("+82 2 123 4567", "+8221234567"),  # another country's stays what it is
        ("0082 2 123 4567", "+8221234567"),
    ],
)
def test_a_national_number_gets_the_country_code(written: str, number: str) -> None:
    assert normalise(written, country_code="84") == number


def test_without_a_country_code_a_national_number_stays_as_dialled() -> None:
    assert normalise("090-123") == "090123"


@pytest.mark.parametrize(
    ("written", "kept"),
    [("Anonymous", "anonymous"), (" sip:Anna@Example.org ", "sip:anna@example.org"), ("+", "+")],
)
def test_what_is_no_number_is_kept_in_small_letters(written: str, kept: str) -> None:
    assert normalise(written, country_code="84") == kept


def test_a_token_is_the_keyed_hmac_of_the_number() -> None:
    digest = hmac.new(KEY, b"+84901234567", hashlib.sha256).hexdigest()
    assert Tokeniser(KEY).token("+84 90 123 45 67") == f"ct1_{digest[:32]}"


def test_another_key_gives_other_tokens() -> None:
    number = "+84901234567"
    assert Tokeniser(KEY).token(number) == Tokeniser(KEY).token(number)
    assert Tokeniser(KEY).token(number) != Tokeniser(KEY[::-1]).token(number)


def test_a_token_passes_through_so_that_a_source_may_send_tokens() -> None:
    token = Tokeniser(KEY).token("+84901234567")
    assert Tokeniser(KEY).token(token) == token


@pytest.mark.parametrize("number", ["ct1_+8490123456700000000000000000000", "ct1_" + "A" * 32])
def test_what_only_looks_like_a_token_becomes_one(number: str) -> None:
    token = Tokeniser(KEY).token(number)
    assert token != number
    assert "84901234567" not in token


def test_a_short_key_is_refused_without_being_quoted() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes") as refused:
        Tokeniser(b"short secret")
    assert "short secret" not in str(refused.value)


def test_odd_text_becomes_a_token_too() -> None:
    assert Tokeniser(KEY).token("\ud800").startswith("ct1_")
