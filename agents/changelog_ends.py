"""How long each changelog was when the ledger was last written: one that is shorter was cut.

The ledger's records carry it in a header. A topic that was deleted and made again begins at 0; the
ledger would otherwise vouch for entities and panes that are gone.
"""

from collections.abc import Mapping, Sequence

import msgspec

from agents.errors import RingsideError

HEADER = "ringside-ends"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, int]).decode

Headers = Sequence[tuple[str, bytes | None]]


class StateLostError(RingsideError):
    """State is gone that was counted in: a changelog was deleted or cut."""

    def __init__(self, what: str, app_id: str) -> None:
        super().__init__(
            f"{what}: a changelog topic was deleted or cut. Restore it; or count everything anew: "
            "stop all workers, delete the three changelog topics and the consumer group "
            f"{app_id}, run `ringside topics apply`, start"
        )


class Ends:
    """The ends of one shard's changelogs, by table: as they are, and as the ledger says."""

    def __init__(self) -> None:
        self._are: dict[str, int] = {}
        self._promised: Mapping[str, int] = {}

    def note(self, table: str, end: int) -> None:
        """The changelog of that table ends there, or beyond."""
        self._are[table] = max(end, self._are.get(table, 0))

    def header(self) -> tuple[str, bytes]:
        """Return what a record of the ledger promises."""
        return HEADER, _encode(self._are)

    def promised(self, headers: Headers | None) -> None:
        """Take in what a record of the ledger promised; a later one promises more."""
        for name, value in headers or ():
            if name == HEADER and value is not None:
                self._promised = _decode(value)

    def check(self, shard: int, app_id: str) -> None:
        """Pass if every changelog is at least as long as promised.

        Raises:
            StateLostError: one is shorter.
        """
        for table, end in self._promised.items():
            if self._are.get(table, 0) < end:
                raise StateLostError(
                    f"the changelog of {table} ends at {self._are.get(table, 0)} in partition "
                    f"{shard}, and had come to {end}",
                    app_id,
                )
