"""Logged activities and leads: each is remembered while it may be repeated, and counted once.

A source's heartbeat counts nowhere. It shows that the source is well when it has nothing to tell.
"""

from schemas import measures as m
from schemas.events import Event
from streams import activity_corrections
from streams.activity_state import LOGGED, Activity, ActivityCorrected, Said, said_of
from streams.facts import NOTHING, Fact, Facts, difference, dims_of

__all__ = ["Activity", "ActivityCorrected", "Said"]

HEARTBEAT = "source.heartbeat"
LEAD_SECONDS = 90 * 86_400
"""How long a lead is kept: qualifying it twice counts once."""
_IS_ACTIVITY = frozenset((LOGGED, activity_corrections.ACTIVITY_RETRACTED))


def key(event: Event) -> str:
    """Return the table key: activities, leads and sources have ids of their own."""
    if event.type in _IS_ACTIVITY:
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
    if event.causation_id is not None or event.type in activity_corrections.RETRACTED:
        new = activity_corrections.corrected_by(old, event)
        return new, () if new is old else difference(_facts(old), _facts(new))
    told = said_of(event)
    if activity is None:
        # As it nearly always is.
        return Activity.of((told,), told.at, (told.type,)), (_fact(told),)
    base = old if old.corrected is None else old.corrected.base
    said = base.said
    # Of several the earliest counts, and of those with one time the first by its text.
    if any(one.type == told.type and one <= told for one in said):
        return old, NOTHING
    others = (one for one in said if one.type != told.type)
    counted = (*base.counted, told.type)
    base = Activity.of((*others, told), max(base.last_at, told.at), counted)
    new = activity_corrections.told(old, base)
    return new, difference(_facts(old), _facts(new))


def expires_at(activity: Activity) -> float:
    """Return from which watermark on it can be forgotten."""
    return activity.last_at + (LEAD_SECONDS if activity.is_lead else 0.0)


_MEASURES = {
    LOGGED: m.ACTIVITIES_LOGGED.name,
    "lead.created": m.LEADS_CREATED.name,
    "lead.qualified": m.LEADS_QUALIFIED.name,
}


def _facts(activity: Activity) -> tuple[Fact, ...]:
    return tuple(map(_fact, activity.said))


def _fact(said: Said) -> Fact:
    dims = dims_of("", said.rep, "", said.kind, said.source)
    return Fact(said.at, dims, ((_MEASURES[said.type], 1),))
