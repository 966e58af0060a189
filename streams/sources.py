"""Which sources send too much bad input: 100 messages in a row, or 5 % of the last 1,000."""

from collections.abc import Mapping

import msgspec

from schemas.codec import Message

IN_A_ROW = 100
SHARE = 0.05
OF_THE_LAST = 1000
MAX_SOURCES = 100
OTHERS = "other"


class _Envelope(msgspec.Struct):
    source: str


_envelope = msgspec.json.Decoder(_Envelope)


def source_of(message: Message) -> str:
    """Return the source that a refused message names, or "unknown" if it does not say."""
    for name, value in message.headers:
        if name == "ce_source" and value:
            return _name(value.decode("utf-8", "replace"))
    try:
        return _name(_envelope.decode(message.value or b"").source)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "unknown"


def _name(text: str) -> str:
    return text if 0 < len(text) <= 256 and text.isprintable() else "unknown"


class SourceLimits:
    """Counts per source; at most 100 are told apart, so that bad input cannot fill the memory."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, int, int]] = {}

    def accept(self, counts: Mapping[str, int]) -> None:
        """Take note of good messages by source."""
        for source, count in counts.items():
            total, bad, _ = self._counts.get(source, (0, 0, 0))
            if bad:
                self._set(source, total + count, bad, 0)

    def refuse(self, message: Message) -> None:
        """Take note of a refused message."""
        source = source_of(message)
        if source not in self._counts and len(self._counts) >= MAX_SOURCES:
            source = OTHERS
        total, bad, in_a_row = self._counts.get(source, (0, 0, 0))
        self._set(source, total + 1, bad + 1, in_a_row + 1)

    def over_limit(self) -> dict[str, bool]:
        """Return the sources that sent something bad lately, and whether it was too much."""
        return {
            source: in_a_row >= IN_A_ROW or (total >= OF_THE_LAST / 2 and bad / total > SHARE)
            for source, (total, bad, in_a_row) in list(self._counts.items())
        }

    def _set(self, source: str, total: int, bad: int, in_a_row: int) -> None:
        # Halving forgets the older half, so the share is that of about the last thousand.
        while total > OF_THE_LAST:
            total, bad = total // 2, bad // 2
        if bad:
            self._counts[source] = (total, bad, in_a_row)
        else:
            self._counts.pop(source, None)
