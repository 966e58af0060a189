"""Logged activities and leads: each is remembered while it may be repeated, and counted once.

A source's heartbeat counts nowhere. It shows that the source is well when it has nothing to tell.
"""

from typing import Any

import msgspec

from schemas import events as e
from schemas import measures as m
from schemas.events import Event
from streams.facts import NOTHING, Fact, Facts, dims_of

HEARTBEAT = "source.heartbeat"
_LEAD_SECONDS = 90 * 86_400
"""How long a lead is kept: qualifying it twice counts once."""


class Activity(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What of an activity or a lead has been counted: its event types, and the last time.

    Of an activity also what it was, which PostgreSQL keeps. Instants in seconds since 1970.
    """

    counted: tuple[str, ...] = ()
    last_at: float = 0.0
    source: str = ""
    rep: str = ""
    kind: str = ""
    customer: str | None = None
    deal: str | None = None
    logged_at: float | None = None
    """None: it is a lead, or a source."""


def key(event: Event) -> str:
    """Return the table key: activities, leads and sources have ids of their own."""
    if event.type == "activity.logged":
        return event.subject
    family = "source" if event.type == HEARTBEAT else "lead"
    return f"{family}/{event.subject}"


def step(
    activity: Activity | None, event: Event, _horizon_at: float = 0.0
) -> tuple[Activity, Facts]:
    """Take one event in; a repetition returns the same object."""
    old = activity or Activity()
    if event.type == HEARTBEAT:
        is_newer = activity is None or event.at > old.last_at
        return (Activity((), event.at, event.source) if is_newer else old), NOTHING
    if event.type in old.counted:
        return old, NOTHING
    new = _known(old, event, event.data)
    return new, (_fact(event, event.data),)


def expires_at(activity: Activity) -> float:
    """Return from which watermark on it can be forgotten."""
    is_lead = any(type_.startswith("lead.") for type_ in activity.counted)
    return activity.last_at + (_LEAD_SECONDS if is_lead else 0.0)


def _known(old: Activity, event: Event, data: Any) -> Activity:  # noqa: ANN401 - one of three types
    counted, last_at = tuple(sorted((*old.counted, event.type))), max(old.last_at, event.at)
    if not isinstance(data, e.ActivityLogged):
        return Activity(counted, last_at)
    said = (event.source, data.rep, data.kind, data.customer, data.deal, event.at)
    return Activity(counted, last_at, *said)


def _fact(event: Event, data: Any) -> Fact:  # noqa: ANN401 - one of three types
    if isinstance(data, e.ActivityLogged):
        dims = dims_of("", data.rep, "", data.kind, event.source)
        return Fact(event.at, dims, ((m.ACTIVITIES_LOGGED.name, 1),))
    measure = m.LEADS_CREATED if isinstance(data, e.LeadCreated) else m.LEADS_QUALIFIED
    return Fact(event.at, dims_of("", data.rep or "", "", "", event.source), ((measure.name, 1),))
