from collections.abc import Sequence

from schemas.codec import Decode
from schemas.customers import Tokeniser
from schemas.events import Event
from schemas.messages import Decoded, Received

PLANNED: frozenset[str]

def accept(record: Received, topic: str, now: float, tokeniser: Tokeniser) -> Event | None: ...
def decode_records(
    records: Sequence[Received], topic: str, now: float, tokeniser: Tokeniser, decode: Decode
) -> list[Decoded]: ...
