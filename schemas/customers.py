"""Customer numbers become tokens where they enter; nothing behind the codec sees a raw number."""

import hmac
import re
import unicodedata
from functools import lru_cache

TOKEN_PREFIX = "ct1_"  # noqa: S105 - the public prefix of a token, not a secret
_TOKEN_HEX_DIGITS = 32
_token = re.compile(rf"{TOKEN_PREFIX}[0-9a-f]{{{_TOKEN_HEX_DIGITS}}}")
_PUNCTUATION = str.maketrans("", "", " \t-.()/\u2010\u2011\u2012\u2013")


def is_token(text: str) -> bool:
    """Return whether *text* looks like a customer's token."""
    return _token.fullmatch(text) is not None


def normalise(number: str, *, country_code: str = "") -> str:
    """Return *number* as E.164 (`+` and digits), or stripped and lower-cased if it is none.

    `country_code` (digits, no `+`) is put before national numbers, whose leading 0 is dropped;
    without one they are kept as dialled. Full-width digits, `tel:` and a `(0)` after the country
    code are ways of writing, not other numbers.
    """
    if number.startswith("+") and _is_digits(number[1:]):
        return number  # as it should be, and as nearly all are
    text = unicodedata.normalize("NFKC", number).strip().lower()
    digits = text.removeprefix("tel:")
    if digits.startswith(("+", "00")):
        digits = digits.replace("(0)", "")
    digits = digits.translate(_PUNCTUATION)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if digits.startswith("+") and _is_digits(digits[1:]):
        return digits
    if not _is_digits(digits):
        return text
    return f"+{country_code}{digits.lstrip('0')}" if country_code else digits


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()


class Tokeniser:
    """Replaces a customer's number by a keyed HMAC-SHA256, cut to 128 bits.

    The same number gives the same token under one key, so calls of one customer still meet. Without
    the key a token cannot be computed from a number; with it, it can: keep it like a password.
    """

    def __init__(self, key: bytes, *, country_code: str = "") -> None:
        if len(key) < 16:
            message = "the customer key must have at least 16 bytes"
            raise ValueError(message)
        self._keyed = hmac.new(key, digestmod="sha256")
        self._country_code = country_code
        # A floor sees the same customer several times within minutes (offered, redialled).
        self.token = lru_cache(maxsize=65_536)(self._token)

    def _token(self, number: str) -> str:
        """Return the token of *number*; a token is returned as it is."""
        if is_token(number):
            return number
        normal = normalise(number, country_code=self._country_code)
        # A copy of what has taken in the key: hmac.digest costs half as much again, and lets other
        # threads have the interpreter for those microseconds, which costs as much once more.
        keyed = self._keyed.copy()
        keyed.update(normal.encode("utf-8", "surrogatepass"))
        return TOKEN_PREFIX + keyed.hexdigest()[:_TOKEN_HEX_DIGITS]
