"""Which events are let in: what their types cannot say."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from schemas.counter_events import PbxCounters
from schemas.events import (
    MAX_SECONDS,
    TYPES,
    CallCompleted,
    DealImported,
    Fact,
    MeetingBooked,
    MeetingRescheduled,
)
from schemas.histories import impossible, is_whole
from schemas.messages import Reason, Rejected
from schemas.topics import TOPIC_OF_TYPE
from schemas.wire import WIRE_TYPES

EARLIEST_AT = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
MAX_AHEAD_SECONDS = 300.0

MAX_BOOKED_AHEAD_SECONDS = 5 * 366 * 86_400.0
"""A meeting may start years ahead; in 2099 nobody meets."""

Rule = Callable[[Any, float], Rejected | None]
"""Looks at an event's data and time, and says what is wrong with them."""


def _within(name: str, earliest: float, latest: float) -> Rule:
    """Return the rule that another instant of a fact lies so far from the event's time."""

    def rule(data: Any, at: float) -> Rejected | None:  # noqa: ANN401 - a Fact
        other_at = getattr(data, name).timestamp()
        if at + earliest <= other_at <= at + latest:
            return None
        return out_of_bounds(other_at, at + earliest, f"$.data.{name}")

    return rule


def _wrong_history(data: DealImported, at: float) -> Rejected | None:
    if not is_whole(data):
        return Rejected(Reason.INVALID, "$.data.ended_at")
    wrong = impossible(data, EARLIEST_AT, at + MAX_AHEAD_SECONDS)
    if wrong is None:
        return None
    name, is_early = wrong
    reason = Reason.TIME_TOO_EARLY if is_early else Reason.TIME_IN_FUTURE
    return Rejected(reason, f"$.data.{name}")


def _wrong_interval(data: PbxCounters, at: float) -> Rejected | None:
    from_at, to_at = data.from_at.timestamp(), data.to_at.timestamp()
    if not from_at < to_at:
        return Rejected(Reason.INVALID, "$.data.to_at")
    if from_at < EARLIEST_AT:
        return Rejected(Reason.TIME_TOO_EARLY, "$.data.from_at")
    if to_at > at + MAX_AHEAD_SECONDS:
        return Rejected(Reason.TIME_IN_FUTURE, "$.data.to_at")
    return None


def out_of_bounds(at: float, earliest: float, where: str) -> Rejected:
    """Refuse an instant that is not between its bounds, before *earliest* or after the other."""
    early = at < earliest
    return Rejected(Reason.TIME_TOO_EARLY if early else Reason.TIME_IN_FUTURE, where)


_STARTS_AT = _within("starts_at", -MAX_BOOKED_AHEAD_SECONDS, MAX_BOOKED_AHEAD_SECONDS)
_RULES: dict[type[Fact], Rule] = {
    CallCompleted: _within("offered_at", -MAX_SECONDS, MAX_AHEAD_SECONDS),
    MeetingBooked: _STARTS_AT,
    MeetingRescheduled: _STARTS_AT,
    DealImported: _wrong_history,
    PbxCounters: _wrong_interval,
}
"""What must hold between the fields of a fact."""

_HAS_CUSTOMER = frozenset(data for data in TYPES.values() if "customer" in data.__struct_fields__)

ADMISSION: dict[type, tuple[str, str, bool, Rule | None]] = {
    wire: (type_, TOPIC_OF_TYPE[type_], TYPES[type_] in _HAS_CUSTOMER, _RULES.get(TYPES[type_]))
    for type_, wire in WIRE_TYPES.items()
}
"""By envelope: its type, its topic, whether its data names a customer, its rule."""

TAKE_BACK = frozenset(type_ for type_ in TYPES if type_.endswith("retracted"))
"""The types of events that take others back: which ones, `causationid` says."""


def _text_fields(data: type[Fact]) -> tuple[str, ...]:
    """Return the fields of a fact that hold free text."""
    names = {"queue", "rep", "customer", "reason", "kind", "stage", "from_stage", "pipeline"}
    names |= {"to_queue", "to_rep", "deal", "segment", "into"}
    return tuple(name for name in data.__struct_fields__ if name in names)


_TEXT_FIELDS = {type_: _text_fields(data) for type_, data in TYPES.items()}


def unprintable(wire: Any, type_: str) -> Rejected | None:  # noqa: ANN401 - one of WIRE_TYPES
    """Refuse an event that holds a control character.

    Postgres takes no NUL, and a line break in a queue's name is an attack on whoever reads a log.
    """
    if not (wire.id.isprintable() and wire.source.isprintable() and wire.subject.isprintable()):
        return Rejected(Reason.UNPRINTABLE, "$")
    if isinstance(wire.sequence, str) and not wire.sequence.isprintable():
        return Rejected(Reason.UNPRINTABLE, "$.sequence")
    if wire.causationid is not None and not wire.causationid.isprintable():
        return Rejected(Reason.UNPRINTABLE, "$.causationid")
    for name in _TEXT_FIELDS[type_]:
        text = getattr(wire.data, name)
        if text is not None and not text.isprintable():
            return Rejected(Reason.UNPRINTABLE, f"$.data.{name}")
    if type(wire.data) is DealImported and not all(m.stage.isprintable() for m in wire.data.moves):
        return Rejected(Reason.UNPRINTABLE, "$.data.moves")
    return None
