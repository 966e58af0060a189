"""What the types of an event cannot say: rules between its fields, printable texts, corrections."""

import json

import msgspec
import pytest

from schemas.codec import Reason, Rejected
from schemas.events import TYPES, Event
from schemas.topics import TOPIC_OF_TYPE
from tests.schemas.wires import MINIMAL, read, wire


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("1999-12-31T23:59:59Z", Reason.TIME_TOO_EARLY),
        ("2099-01-01T00:00:00Z", Reason.TIME_IN_FUTURE),
    ],
)
@pytest.mark.parametrize("type_", ["meeting.booked", "meeting.rescheduled"])
def test_a_meeting_starts_within_years_of_its_booking(type_: str, at: str, reason: Reason) -> None:
    message = wire(type=type_, data=MINIMAL[type_] | {"starts_at": at})
    expected = Rejected(reason, "$.data.starts_at")
    assert read(message, topic="ringside.meetings") == expected


def test_every_text_that_a_source_chooses_is_checked_for_control_characters() -> None:
    # Found from the types, so that a field added later cannot be forgotten.
    for type_, data in TYPES.items():
        for field in msgspec.structs.fields(data):
            if _is_free_text(field):
                message = wire(
                    type=type_, data=MINIMAL.get(type_, {}) | {field.encode_name: "a\x00b"}
                )
                topic = TOPIC_OF_TYPE[type_]
                expected = Rejected(Reason.UNPRINTABLE, f"$.data.{field.name}")
                assert read(message, topic=topic) == expected, (type_, field.name)


def _is_free_text(field: msgspec.structs.FieldInfo) -> bool:
    info = msgspec.inspect.type_info(field.type)
    kinds = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    return any(isinstance(one, msgspec.inspect.StrType) and one.pattern is None for one in kinds)


IMPORTED = MINIMAL["deal.imported"] | {
    "moves": [{"at": "2026-04-01T08:00:00Z", "stage": "trial"}],
    "outcome": "won",
    "ended_at": "2026-05-01T08:00:00Z",
}


def imported(**changes: object) -> Event | Rejected:
    data = {name: value for name, value in (IMPORTED | changes).items() if value is not ...}
    message = wire(type="deal.imported", subject="d", data=data)
    return read(message, topic="ringside.deals", key=b"d")


@pytest.mark.parametrize(
    ("changes", "reason", "where"),
    [
        # The event is of 09:59, five minutes ahead are allowed, and nothing is later than as_of.
        ({"as_of": "2026-09-01T10:05:00Z"}, Reason.TIME_IN_FUTURE, "as_of"),
        ({"as_of": "1999-12-31T23:59:59Z"}, Reason.TIME_TOO_EARLY, "as_of"),
        ({"created_at": "1999-12-31T23:59:59Z"}, Reason.TIME_TOO_EARLY, "created_at"),
        ({"created_at": "2026-04-02T00:00:00Z"}, Reason.TIME_TOO_EARLY, "moves"),
        ({"ended_at": "2026-03-31T00:00:00Z"}, Reason.TIME_TOO_EARLY, "ended_at"),
        ({"ended_at": "2026-08-31T18:00:01Z"}, Reason.TIME_IN_FUTURE, "ended_at"),
        ({"ended_at": ...}, Reason.INVALID, "ended_at"),
        ({"outcome": ...}, Reason.INVALID, "ended_at"),
        (
            {"moves": [{"at": "2026-04-01T08:00:00Z", "stage": "a\u0000"}]},
            Reason.UNPRINTABLE,
            "moves",
        ),
        (
            {"moves": [{"at": "2026-04-01T08:00:00Z", "stage": "a", "by": "x"}]},
            Reason.INVALID,
            "moves[0]",
        ),
        (
            {"moves": [{"at": "2026-04-01T08:00:00Z", "stage": "a"}] * 128},
            Reason.INVALID,
            "moves",
        ),
    ],
)
def test_an_imported_history_must_be_one(
    changes: dict[str, object], reason: Reason, where: str
) -> None:
    assert isinstance(imported(), Event)
    assert imported(**changes) == Rejected(reason, f"$.data.{where}")


def test_which_event_is_corrected_is_read_in_both_modes() -> None:
    corrected = wire(type="call.answered", subject="x", data={"rep": "linh"}, causationid="e1")
    decoded = read(corrected, topic="ringside.calls", key=b"x")
    assert isinstance(decoded, Event)
    assert decoded.causation_id == "e1"
    headers = [(f"ce_{name}", value.encode()) for name, value in corrected.items()
               if isinstance(value, str)]  # fmt: skip
    data = json.dumps(corrected["data"]).encode()
    assert read(data, topic="ringside.calls", key=b"x", headers=headers) == decoded


@pytest.mark.parametrize("type_", ["rep.state_retracted", "deal.retracted"])
def test_a_retraction_of_one_of_many_must_say_of_which(type_: str) -> None:
    back = wire(type=type_, subject="linh", data={})
    refused = read(back, topic=TOPIC_OF_TYPE[type_], key=b"linh")
    assert refused == Rejected(Reason.INVALID, "$.causationid")


def test_a_corrected_event_must_be_named_in_printable_characters() -> None:
    odd = wire(type="call.ended", subject="x", data={}, causationid="e\n1")
    assert read(odd, topic="ringside.calls", key=b"x") == Rejected(
        Reason.UNPRINTABLE, "$.causationid"
    )
