"""Customer numbers become tokens where they enter; nothing behind the codec sees a raw number."""

import hashlib
import hmac
from functools import lru_cache

TOKEN_PREFIX = "ct1_"  # noqa: S105 - the public prefix of a token, not a secret
_TOKEN_HEX_DIGITS = 32
_PUNCTUATION = str.maketrans("", "", " \t-.()/")


def normalise(number: str, *, country_code: str = "") -> str:
    """Return *number* as E.164 (`+` and digits), or stripped and lower-cased if it is none.

    `country_code` (digits, no `+`) is put before national numbers, whose leading 0 is dropped;
    without one they are kept as dialled.
    """
    digits = number.strip().translate(_PUNCTUATION)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if digits.startswith("+") and digits[1:].isdecimal():
        return digits
    if not digits.isdecimal():
        return number.strip().lower()
    return f"+{country_code}{digits.lstrip('0')}" if country_code else digits


class Tokeniser:
    """Replaces a customer's number by a keyed HMAC-SHA256, cut to 128 bits.

    The same number gives the same token under one key, so calls of one customer still meet. Without
    the key a token cannot be computed from a number; with it, it can: keep it like a password.
    """

    def __init__(self, key: bytes, *, country_code: str = "") -> None:
        if len(key) < 16:
            message = "the customer key must have at least 16 bytes"
            raise ValueError(message)
        self._key = key
        self._country_code = country_code
        # A floor sees the same customer several times within minutes (offered, redialled).
        self.token = lru_cache(maxsize=65_536)(self._token)

    def _token(self, number: str) -> str:
        """Return the token of *number*; a token is returned as it is."""
        if number.startswith(TOKEN_PREFIX) and len(number) == len(TOKEN_PREFIX) + _TOKEN_HEX_DIGITS:
            return number
        normal = normalise(number, country_code=self._country_code)
        digest = hmac.new(self._key, normal.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return TOKEN_PREFIX + digest.hexdigest()[:_TOKEN_HEX_DIGITS]
