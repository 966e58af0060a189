"""The compiled cache of tokens says what the tokeniser says, and asks it once while it can."""

import random

import pytest

from schemas.customers import Tokeniser

fast_tokens = pytest.importorskip("schemas.fast_tokens")
KEY = b"sixteen bytes !!"


def test_a_tokeniser_has_it() -> None:
    assert type(Tokeniser(KEY).token) is fast_tokens.Tokens


def test_many_more_numbers_than_it_keeps_get_their_own_tokens() -> None:
    tokens = fast_tokens.Tokens("of {}".format)
    rng = random.Random(1)  # noqa: S311 - not for secrets
    numbers = [f"+1{rng.randrange(100_000)}" for _ in range(200_000)]
    assert all(tokens(number) == f"of {number}" for number in numbers)


def test_it_asks_once_while_it_keeps_a_number() -> None:
    asked: list[str] = []
    tokens = fast_tokens.Tokens(lambda number: asked.append(number) or f"token {len(asked)}")
    assert [tokens(number) for number in ("+1", "+2", "+1", "+1")] == [
        *("token 1", "token 2", "token 1", "token 1")
    ]
    assert asked == ["+1", "+2"]


@pytest.mark.parametrize("number", ["", "7", "a" * 10_000, "\ud800", "é", "số", "\x00", "ct1_x"])
def test_odd_texts_are_handed_on_as_they_are(number: str) -> None:
    tokens = fast_tokens.Tokens(lambda text: f"of {text}")
    assert tokens(number) == tokens(number) == f"of {number}"


def test_an_error_is_handed_on_and_nothing_is_kept() -> None:
    answers = [ValueError("no"), "token"]

    def make(_: str) -> str:
        answer = answers.pop(0)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    tokens = fast_tokens.Tokens(make)
    with pytest.raises(ValueError, match="no"):
        tokens("+1")
    assert tokens("+1") == tokens("+1") == "token"


def test_two_tokenisers_have_nothing_in_common() -> None:
    one, other = Tokeniser(KEY), Tokeniser(KEY[::-1])
    assert one.token("+84901234567") != other.token("+84901234567")
    assert one.token("+84901234567") == Tokeniser(KEY).token("+84901234567")
