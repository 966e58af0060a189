"""One customer, one token; no token without the key; no number behind it."""

import hashlib
import hmac

import pytest

from schemas.customers import Tokeniser, are_tokens, is_token, keys, normalise

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


@pytest.mark.parametrize("length", [16, 63, 64, 65, 200])
def test_a_key_may_be_as_long_as_it_likes(length: int) -> None:
    key = bytes(range(length))
    digest = hmac.digest(key, b"+84901234567", "sha256").hex()
    assert Tokeniser(key).token("+84901234567") == f"ct1_{digest[:32]}"


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


def test_each_key_makes_a_token_of_the_token_before() -> None:
    tokeniser = Tokeniser(b"a third of sixteen", version=3, older={1: KEY, 2: KEY[::-1]})
    third, second, first = tokeniser.tokens("+84 90 123 45 67")
    assert first == Tokeniser(KEY).token("+84901234567")
    # By hand: what openssl dgst -sha256 -hmac says of the token before, its first half.
    assert second == "ct2_" + hmac.new(KEY[::-1], first.encode(), "sha256").hexdigest()[:32]
    of_third = hmac.new(b"a third of sixteen", second.encode(), "sha256").hexdigest()
    assert third == tokeniser.token("+84901234567") == "ct3_" + of_third[:32]


def test_a_token_of_an_older_key_becomes_the_newest() -> None:
    old = Tokeniser(KEY).token("+84901234567")
    rotated = Tokeniser(KEY[::-1], version=2, older={1: KEY})
    assert rotated.token(old) == rotated.token("+84901234567")
    assert rotated.tokens(old) == (rotated.token(old), old)
    assert rotated.has_older
    assert not Tokeniser(KEY).has_older


def test_a_token_of_a_key_that_is_not_here_stays_what_it_is() -> None:
    newer = Tokeniser(KEY[::-1], version=2, older={1: KEY}).token("+84901234567")
    assert Tokeniser(KEY).token(newer) == newer
    old = Tokeniser(KEY).token("+84901234567")
    assert Tokeniser(KEY[::-1], version=2).token(old) == old


def test_keys_are_written_a_line_each() -> None:
    assert keys("one key of sixteen") == {1: b"one key of sixteen"}
    assert keys("one key of sixteen\n\nv2:another of sixteen\n") == {
        1: b"one key of sixteen",
        2: b"another of sixteen",
    }
    assert keys("v7:the only one of them") == {7: b"the only one of them"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("v2:short", "at least 16 bytes"),
        ("", "at least 16 bytes"),
        ("one key of sixteen\nv1:another of sixteen", "v1 comes twice"),
        ("one key of sixteen\nanother of sixteen", "v1 comes twice"),
    ],
)
def test_keys_that_cannot_be_told_apart_or_are_too_short_are_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        keys(text)
    assert "sixteen" not in str(refused.value)


ONE, OTHER = "ct1_" + "0" * 32, "ct999_" + "f" * 32


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([ONE], True),
        ([ONE, OTHER, ONE], True),
        ([], False),
        ([ONE, "+84901234567"], False),
        (["ct0_" + "0" * 32], False),
        ([ONE.upper(), ONE], False),
        ([ONE + "\n"], False),
        # Each is none, though put together they look like two.
        ([ONE + "\n" + OTHER], False),
        ([ONE + "\n" + OTHER[:9], OTHER[9:]], False),
        ([ONE[:9], ONE[9:]], False),
    ],
)
def test_all_are_tokens_or_not(texts: list[str], said: bool) -> None:
    assert are_tokens(texts) is said
    assert (bool(texts) and all(map(is_token, texts))) is said
