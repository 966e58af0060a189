"""Messages as they come over the wire: good ones, with whatever changed makes them bad."""

import json
from typing import Any

from schemas.codec import Message, Rejected, decode
from schemas.customers import Tokeniser
from schemas.events import Event
from tests.schemas.event_strategies import NOW_AT

TOKENISER = Tokeniser(b"a key of sixteen")
MINIMAL: dict[str, dict[str, object]] = {
    "call.offered": {"queue": "loans"},
    "call.dialled": {"rep": "linh"},
    "call.answered": {"rep": "linh"},
    "call.completed": {"offered_at": "2026-09-01T09:50:00Z", "outcome": "menu"},
    "rep.state_changed": {"state": "available"},
    "meeting.booked": {"rep": "linh", "starts_at": "2026-09-08T09:00:00+07:00"},
    "meeting.rescheduled": {"starts_at": "2026-09-08T09:00:00+07:00"},
    "deal.created": {"rep": "linh", "pipeline": "sales", "stage": "new"},
    "deal.stage_changed": {"stage": "trial"},
    "deal.amount_changed": {"amount_minor": 100, "currency": "USD"},
    "deal.owner_changed": {"rep": "linh"},
    "deal.merged": {"into": "d2"},
    "deal.imported": {
        "as_of": "2026-08-31T18:00:00Z",
        "created_at": "2026-03-02T10:00:00Z",
        "rep": "linh",
        "pipeline": "sales",
        "stage": "new",
    },
    "activity.logged": {"rep": "linh", "kind": "e-mail"},
    "pbx.counters": {
        "queue": "loans",
        "from_at": "2026-09-01T09:30:00Z",
        "to_at": "2026-09-01T09:45:00Z",
        "completed": 9,
        "abandoned": 1,
    },
}
"""The required fields of each type; types that are not here have none."""


def wire(**changes: object) -> dict[str, Any]:
    """A good call.offered with attributes changed; `...` leaves one out."""
    good = {
        "specversion": "1.0",
        "id": "1",
        "source": "pbx/hanoi",
        "type": "call.offered",
        "subject": "call-1",
        "time": "2026-09-01T09:59:00Z",
        "data": {"queue": "loans"},
    }
    return {name: value for name, value in (good | changes).items() if value is not ...}


def read(
    value: bytes | dict[str, Any] | None,
    *,
    topic: str = "ringside.calls",
    key: bytes | None = b"call-1",
    headers: Any = (),  # noqa: ANN401 - wrong ones too
) -> Event | Rejected:
    raw = json.dumps(value).encode() if isinstance(value, dict) else value
    return decode(Message(topic, key, raw, headers), now=NOW_AT, tokeniser=TOKENISER)
