"""A PBX's own counters of one queue and interval, as last told. They count nothing themselves."""

import msgspec

from schemas.events import Event, PbxCounters
from streams.facts import NOTHING, Facts


class Counters(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the PBX said. Instants in seconds since 1970; `at` is when it was read off."""

    source: str
    queue: str
    from_at: float
    to_at: float
    completed: int
    abandoned: int
    service_level: float | None
    service_level_seconds: float | None
    service_level_rule: str
    at: float


def key(event: Event) -> str:
    """Return the table key: the source, the queue and the interval."""
    data = _data(event)
    span = f"{data.from_at.timestamp():.3f}/{data.to_at.timestamp():.3f}"
    return f"{event.source}|{data.queue}|{span}"


def step(
    counters: Counters | None, event: Event, _horizon_at: float = 0.0
) -> tuple[Counters, Facts]:
    """Take one event in; the latest word holds, and of two at one time the greater one."""
    data = _data(event)
    new = Counters(
        event.source,
        data.queue,
        data.from_at.timestamp(),
        data.to_at.timestamp(),
        data.completed,
        data.abandoned,
        data.service_level,
        data.service_level_seconds,
        data.service_level_rule,
        event.at,
    )
    if counters is not None and _rank(new) <= _rank(counters):
        return counters, NOTHING
    return new, NOTHING


def expires_at(counters: Counters) -> float:
    """Return from which watermark on it can be forgotten: what is older is late. Rows stay."""
    return counters.at


def _data(event: Event) -> PbxCounters:
    data = event.data
    assert isinstance(data, PbxCounters)  # noqa: S101 - its topic takes nothing else
    return data


def _rank(counters: Counters) -> tuple[float, str]:
    return counters.at, repr(msgspec.structs.astuple(counters))
