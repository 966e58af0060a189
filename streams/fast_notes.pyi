"""Types of the compiled comparison of calls; streams/fast_notes.pyx says what it does."""

from collections.abc import Mapping
from typing import Any

from schemas.notes import Note
from streams.ledger import Ledger
from streams.notes import Tell

def compare(
    changed: Mapping[str, Any], calls: Mapping[str, Any], tell: Tell, ledger: Ledger, /
) -> list[Note]: ...
