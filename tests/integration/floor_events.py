"""Events of a small floor, written out in full."""

from schemas import events as e
from schemas.events import AnyFact, Event

SOURCE = "/pbx/test"


def event(type_: str, subject: str, at: float, data: AnyFact) -> Event:
    """Return an event whose id says which it is, so that a repetition has the same."""
    return Event(f"{subject}/{type_}/{at}", SOURCE, subject, type_, at, data)


def call(
    call_id: str,
    at: float,
    *,
    wait_seconds: float,
    talk_seconds: float | None = None,
    queue: str = "sales",
    rep: str = "mai",
) -> list[Event]:
    """Return the life of a call: answered and ended, or given up if nobody talked."""
    met_at = at + wait_seconds
    offered = event("call.offered", call_id, at, e.CallOffered(queue, "+84 90 123 4567"))
    if talk_seconds is None:
        return [offered, event("call.abandoned", call_id, met_at, e.CallAbandoned())]
    ended = event("call.ended", call_id, met_at + talk_seconds, e.CallEnded())
    return [offered, event("call.answered", call_id, met_at, e.CallAnswered(rep)), ended]


def activity(activity_id: str, at: float, *, rep: str = "mai", kind: str = "e-mail") -> Event:
    """Return a logged activity."""
    return event("activity.logged", activity_id, at, e.ActivityLogged(rep, kind))


def rep_state(rep: str, at: float, state: e.RepState, reason: str | None = None) -> Event:
    """Return a change of a rep's state."""
    return event("rep.state_changed", rep, at, e.RepStateChanged(state, reason))
