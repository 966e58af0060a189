"""What a PBX counts itself: to be compared with what its events add up to."""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.fields import Fact, Instant, Name, Seconds

Count = Annotated[int, Meta(ge=0, le=10**9)]
Share = Annotated[float, Meta(ge=0, le=1)]
ServiceLevelRule = Literal[
    "answered_of_answered",
    "handled_of_offered",
    "answered_of_offered",
    "answered_less_short",
    "answered_less_early",
]
"""The rules of docs/KPIS.md; Asterisk's ServiceLevelPerf is the first."""


class PbxCounters(Fact, frozen=True):
    """What the PBX counted in one queue, of calls that ended within [`from_at`, `to_at`).

    The event's source is that of the calls; its time is when this was read off. Of one source,
    queue and interval the latest word holds. `completed` are calls that were answered, and are
    over.
    """

    queue: Name
    from_at: Instant
    to_at: Instant
    completed: Count
    abandoned: Count
    service_level: Share | None = None
    service_level_seconds: Seconds | None = None
    """Within how many seconds; without it there is nothing to compare the share with."""
    service_level_rule: ServiceLevelRule = "answered_of_answered"
