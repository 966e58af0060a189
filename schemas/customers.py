"""Customer numbers become tokens where they enter; nothing behind the codec sees a raw number."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

MIN_KEY_BYTES = 16
_TOO_SHORT = f"should have at least {MIN_KEY_BYTES} bytes; `openssl rand -hex 32` makes one"
_TOKEN_HEX_DIGITS = 32
_BLOCK_BYTES = 64  # of SHA-256
_TOKEN = rf"ct[1-9][0-9]{{0,2}}_[0-9a-f]{{{_TOKEN_HEX_DIGITS}}}"
_token = re.compile(_TOKEN)
_tokens = re.compile(rf"(?:{_TOKEN}\n)*{_TOKEN}")
_versioned = re.compile(r"v([1-9][0-9]{0,2}):(.*)")
_PUNCTUATION = str.maketrans("", "", " \t-.()/\u2010\u2011\u2012\u2013")


Tokens = Callable[[str], str]
_cached: Callable[[Tokens], Tokens]
"""Keeps the tokens that were made last, but never all of them."""
try:
    from schemas import fast_tokens
except ImportError:  # not compiled here
    _cached = lru_cache(maxsize=65_536)
else:
    _cached = fast_tokens.Tokens


class _Keyed(NamedTuple):
    """What tokens of a key begin with, and both hashes of HMAC (RFC 2104), which have the key.

    Copies of these cost half of what a copy of an hmac.HMAC does, and a third of hmac.digest.
    """

    prefix: str
    inner: "hashlib._Hash"
    outer: "hashlib._Hash"


def _keyed(prefix: str, key: bytes) -> _Keyed:
    block = (key if len(key) <= _BLOCK_BYTES else sha256(key).digest()).ljust(_BLOCK_BYTES, b"\0")
    inner, outer = (sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
    return _Keyed(prefix, inner, outer)


def is_token(text: str) -> bool:
    """Return whether *text* looks like a customer's token, of whatever key."""
    return text.startswith("ct") and _token.fullmatch(text) is not None


def are_tokens(texts: Collection[str]) -> bool:
    """Return whether all of these look like customers' tokens, and there is one.

    All at once, because a call of the regular expression for each costs twice as much.
    """
    joined = "\n".join(texts)
    return joined.count("\n") == len(texts) - 1 and _tokens.fullmatch(joined) is not None


def may_be_one(token: str | None, other: str | None) -> bool:
    """Return whether two tokens can be of one number: they are equal, or of different keys."""
    if token == other or token is None or other is None:
        return token == other
    both_are_tokens = is_token(token) and is_token(other)
    return both_are_tokens and token.partition("_")[0] != other.partition("_")[0]


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


def keys(text: str) -> dict[int, bytes]:
    """Return the keys that a secret holds, by version: a line each, `v2:` before the second one.

    A line without a version is the first key, so that one key alone is just written down.

    Raises:
        ValueError: a key is too short, a version comes twice, there is none.
    """
    found: dict[int, bytes] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _versioned.fullmatch(line)
        version, key = (int(match[1]), match[2]) if match else (1, line)
        if len(key.encode()) < MIN_KEY_BYTES:
            message = (
                f"should have at least {MIN_KEY_BYTES} bytes; `openssl rand -hex 32` makes one"
            )
            raise ValueError(message)
        if version in found:
            message = f"should have one key of each version, a line each; v{version} comes twice"
            raise ValueError(message)
        found[version] = key.encode()
    if not found:
        raise ValueError(_TOO_SHORT)
    return found


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()


class Tokeniser:
    """Replaces a customer's number by a keyed HMAC-SHA256, cut to 128 bits, and the key's version.

    The same number gives the same token, so calls of one customer meet. Without the keys a token
    cannot be computed from a number; with them, it can: keep them like passwords.

    The first key makes a token of the number, and each later key one of the token before. So what
    an older key made becomes the newest, wherever it comes from; and who has got hold of an older
    key, and not of the newest, can make nothing of the newest tokens.
    """

    def __init__(
        self,
        key: bytes,
        *,
        country_code: str = "",
        version: int = 1,
        older: Mapping[int, bytes] | None = None,
    ) -> None:
        """Make tokens with *key* of those that *older* keys make, by their versions."""
        by_version = {**(older or {}), version: key}
        if min(map(len, by_version.values())) < MIN_KEY_BYTES:
            message = f"the customer key must have at least {MIN_KEY_BYTES} bytes"
            raise ValueError(message)
        self._keyed = [_keyed(f"ct{number}_", one) for number, one in sorted(by_version.items())]
        self._country_code = country_code
        # A floor sees the same customer several times within minutes (offered, redialled).
        self.token = _cached(self._token)

    @property
    def has_older(self) -> bool:
        """Whether there is more than one key, so that there may be tokens of older ones."""
        return len(self._keyed) > 1

    def _token(self, number: str) -> str:
        """Return the newest token of *number*, or of a token of it."""
        if number.startswith("+") and _is_digits(number[1:]):  # as nearly all are: no need to ask
            return _made(number, self._keyed)
        return _made(*self._begun(number))

    def tokens(self, number: str) -> tuple[str, ...]:
        """Return every token that *number* has or had, the newest key's first.

        Of a token, itself and those that came after it: what was before cannot be told from it.
        """
        text, later = self._begun(number)
        made = tuple(_made(text, later[:count]) for count in range(len(later), 0, -1))
        return (*made, number) if is_token(number) else made

    def _begun(self, number: str) -> tuple[str, list[_Keyed]]:
        """Return what the first token is made of, and the keys that make it and the next ones."""
        if not is_token(number):
            return normalise(number, country_code=self._country_code), self._keyed
        prefixes = [keyed.prefix for keyed in self._keyed]
        prefix = f"{number.partition('_')[0]}_"
        later = prefixes.index(prefix) + 1 if prefix in prefixes else len(prefixes)
        return number, self._keyed[later:]


def _made(text: str, keys_in_turn: list[_Keyed]) -> str:
    for prefix, inner, outer in keys_in_turn:
        within, around = inner.copy(), outer.copy()
        within.update(text.encode("utf-8", "surrogatepass"))
        around.update(within.digest())
        text = prefix + around.hexdigest()[:_TOKEN_HEX_DIGITS]
    return text
