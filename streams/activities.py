"""Logged activities and leads: each is remembered while it may be repeated, and counted once.

A source's heartbeat counts nowhere. It shows that the source is well when it has nothing to tell.
"""

from typing import Any, NamedTuple

import msgspec

from schemas import events as e
from schemas import measures as m
from schemas.events import Event
from streams.facts import NOTHING, Fact, Facts, difference, dims_of

HEARTBEAT = "source.heartbeat"
_LEAD_SECONDS = 90 * 86_400
"""How long a lead is kept: qualifying it twice counts once."""


class Said(NamedTuple):
    """One statement; "" where something was not said."""

    type: str
    at: float
    rep: str
    kind: str
    source: str
    customer: str = ""
    deal: str = ""


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
    lead: tuple[Said, ...] = ()
    """What was said of a lead: at most one statement of each type."""


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
    data: Any = event.data
    is_lead = not isinstance(data, e.ActivityLogged)
    said = Said(
        *(event.type, event.at, data.rep or "", "" if is_lead else data.kind, event.source),
        *("", "") if is_lead else (data.customer or "", data.deal or ""),
    )
    known = _said(old, event.type)
    # Of several the earliest counts, and of those with one time the first by its text.
    if known is not None and said >= known:
        return old, NOTHING
    before = () if known is None else (_fact(known),)
    return _with(old, said), difference(before, (_fact(said),))


def expires_at(activity: Activity) -> float:
    """Return from which watermark on it can be forgotten."""
    is_lead = any(type_.startswith("lead.") for type_ in activity.counted)
    return activity.last_at + (_LEAD_SECONDS if is_lead else 0.0)


def _said(activity: Activity, type_: str) -> Said | None:
    """Return the statement of this type that counts."""
    if type_ != "activity.logged":
        return next((one for one in activity.lead if one.type == type_), None)
    if activity.logged_at is None:
        return None
    of = (activity.rep, activity.kind, activity.source)
    return Said(type_, activity.logged_at, *of, activity.customer or "", activity.deal or "")


def _with(old: Activity, said: Said) -> Activity:
    counted = tuple(sorted({*old.counted, said.type}))
    last_at = max(old.last_at, said.at)
    if said.type != "activity.logged":
        others = (one for one in old.lead if one.type != said.type)
        return Activity(counted, last_at, lead=tuple(sorted((*others, said))))
    of = (said.source, said.rep, said.kind, said.customer or None, said.deal or None, said.at)
    return Activity(counted, last_at, *of)


_MEASURES = {
    "activity.logged": m.ACTIVITIES_LOGGED.name,
    "lead.created": m.LEADS_CREATED.name,
    "lead.qualified": m.LEADS_QUALIFIED.name,
}


def _fact(said: Said) -> Fact:
    dims = dims_of("", said.rep, "", said.kind, said.source)
    return Fact(said.at, dims, ((_MEASURES[said.type], 1),))
