"""What is stored: additive measures, histograms, dimensions, windows and limits.

A pane maps *cells* to numbers. A measure is one cell, named like it; a histogram is one cell per
bucket. Every cell adds up over keys, panes and workers; everything else is derived when read.
"""

from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """The few units there are (docs/KPIS.md, rule 2)."""

    COUNT = "count"
    SECONDS = "seconds"
    RATIO = "ratio"


class Limit(StrEnum):
    """A limit that each queue sets for itself in the roster; applied when read."""

    TARGET = "target_seconds"
    SHORT_ABANDON = "short_abandon_seconds"


@dataclass(frozen=True, slots=True)
class Measure:
    """Something counted or summed. `name` is its cell, column and metric (`ringside_<name>`)."""

    name: str
    unit: Unit
    help: str
    topic: str
    """Which facts give it: calls, reps, meetings, deals or activities."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """A distribution over fixed buckets, each holding what is <= its bound, > the one before.

    Quantiles are read from it by linear interpolation, so they are exact only at the bounds;
    counts within a bound are exact.
    """

    name: str
    help: str
    topic: str
    bounds: tuple[float, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells, one per bound and a last one for what is above them all."""
        return tuple(f"{self.name}:{index}" for index in range(len(self.bounds) + 1))

    def bucket(self, value: float) -> int:
        """Return the index of the bucket that holds *value*."""
        return bisect_left(self.bounds, value)


SECONDS_BOUNDS: tuple[float, ...] = (
    *(1, 2, 3, 5, 8, 10, 15, 20, 25, 30, 40, 45, 60, 90, 120, 150),
    *(180, 240, 300, 420, 600, 900, 1200, 1800, 3600),
)
"""Bucket bounds. A queue's target and its short-abandon limit must be one of these."""


@dataclass(frozen=True, slots=True)
class Window:
    """A live window that ends now. `seconds` None means: today, in the time zone of the site."""

    name: str
    grain_seconds: int
    seconds: int | None


MINUTE_SECONDS = 60
QUARTER_SECONDS = 900
GRAINS_SECONDS = (MINUTE_SECONDS, QUARTER_SECONDS)
"""The sizes of panes: minutes for the live windows, quarters of an hour for the calendar."""

WINDOWS = (
    Window("5m", MINUTE_SECONDS, 300),
    Window("15m", MINUTE_SECONDS, 900),
    Window("1h", MINUTE_SECONDS, 3600),
    Window("today", QUARTER_SECONDS, None),
)

DIMENSIONS = ("queue", "rep", "direction", "kind", "source")
"""What an event itself says. Team and site are joined from the roster when read."""

LABELS = ("queue", "team", "site", "team_site", "direction", "kind")
"""The labels of every live measure in Prometheus. The rep goes to Postgres, not to a label.

`site` is the queue's (without a queue: the team's), `team_site` the team's, which may serve queues
of other sites.
"""


def _calls(name: str, help_: str, unit: Unit = Unit.COUNT) -> Measure:
    return Measure(name, unit, help_, "calls")


def _of(topic: str, name: str, help_: str, unit: Unit = Unit.COUNT) -> Measure:
    return Measure(name, unit, help_, topic)


CALLS_OFFERED = _calls("calls_offered", "Inbound calls that joined the queue.")
CALLS_ANSWERED = _calls("calls_answered", "Offered calls that a rep answered.")
CALLS_ABANDONED = _calls("calls_abandoned", "Offered calls whose customer hung up while waiting.")
CALLS_FLOWED_OUT = _calls("calls_flowed_out", "Offered calls that left the queue unanswered.")
CALLS_ENDED_IN_MENU = _calls("calls_ended_in_menu", "Calls that never joined a queue.")
CALLS_HANDLED = _calls("calls_handled", "Answered calls whose conversation has ended.")
CALL_WAIT = _calls("call_wait_seconds", "Time in queue of answered calls.", Unit.SECONDS)
CALL_TALK = _calls("call_talk_seconds", "Time in conversation, holds left out.", Unit.SECONDS)
CALL_HOLD = _calls("call_hold_seconds", "Time on hold of handled calls.", Unit.SECONDS)
CALL_WRAPUP = _calls("call_wrapup_seconds", "After-call work of handled calls.", Unit.SECONDS)
CALL_HOLDS = _calls("call_holds", "Times that a customer of a handled call was put on hold.")
CALLS_TRANSFERRED_BLIND = _calls("calls_transferred_blind", "Answered calls passed on unannounced.")
CALLS_TRANSFERRED_ATTENDED = _calls(
    "calls_transferred_attended", "Answered calls passed on in talk."
)
CALLS_DIALLED = _calls("calls_dialled", "Outbound calls placed.")
CALLS_CONNECTED = _calls("calls_connected", "Outbound calls that were answered.")
OUTBOUND_TALK = _calls("outbound_talk_seconds", "Talk time of outbound calls.", Unit.SECONDS)

REP_AVAILABLE = _of("reps", "rep_available_seconds", "Time waiting for a call.", Unit.SECONDS)
REP_RINGING = _of("reps", "rep_ringing_seconds", "Time in which a phone rang.", Unit.SECONDS)
REP_ON_CALL = _of("reps", "rep_on_call_seconds", "Time on calls, holds included.", Unit.SECONDS)
REP_WRAPUP = _of("reps", "rep_wrapup_seconds", "Time in after-call work.", Unit.SECONDS)
REP_PAUSED = _of("reps", "rep_paused_seconds", "Time paused, by reason (kind).", Unit.SECONDS)

MEETINGS_BOOKED = _of("meetings", "meetings_booked", "Meetings arranged.")
MEETINGS_RESCHEDULED = _of("meetings", "meetings_rescheduled", "Times a meeting was moved.")
MEETINGS_HELD = _of("meetings", "meetings_held", "Meetings that took place.")
MEETINGS_NO_SHOW = _of("meetings", "meetings_no_show", "Meetings the customer did not come to.")
MEETINGS_CANCELLED = _of("meetings", "meetings_cancelled", "Meetings called off.")

OPPORTUNITIES_CREATED = _of("deals", "opportunities_created", "Deals opened.")
DEAL_STAGE_CHANGES = _of("deals", "deal_stage_changes", "Moves of a deal to a stage (kind).")
DEALS_WON = _of("deals", "deals_won", "Deals won.")
DEALS_LOST = _of("deals", "deals_lost", "Deals lost.")

ACTIVITIES_LOGGED = _of("activities", "activities_logged", "Logged activities, by kind.")
LEADS_CREATED = _of("activities", "leads_created", "Leads that became known.")
LEADS_QUALIFIED = _of("activities", "leads_qualified", "Leads found worth working on.")

MEASURES: tuple[Measure, ...] = (
    CALLS_OFFERED,
    CALLS_ANSWERED,
    CALLS_ABANDONED,
    CALLS_FLOWED_OUT,
    CALLS_ENDED_IN_MENU,
    CALLS_HANDLED,
    CALL_WAIT,
    CALL_TALK,
    CALL_HOLD,
    CALL_WRAPUP,
    CALL_HOLDS,
    CALLS_TRANSFERRED_BLIND,
    CALLS_TRANSFERRED_ATTENDED,
    CALLS_DIALLED,
    CALLS_CONNECTED,
    OUTBOUND_TALK,
    REP_AVAILABLE,
    REP_RINGING,
    REP_ON_CALL,
    REP_WRAPUP,
    REP_PAUSED,
    MEETINGS_BOOKED,
    MEETINGS_RESCHEDULED,
    MEETINGS_HELD,
    MEETINGS_NO_SHOW,
    MEETINGS_CANCELLED,
    OPPORTUNITIES_CREATED,
    DEAL_STAGE_CHANGES,
    DEALS_WON,
    DEALS_LOST,
    ACTIVITIES_LOGGED,
    LEADS_CREATED,
    LEADS_QUALIFIED,
)

ANSWERED_WAIT = Histogram(
    "answered_wait", "Time in queue of answered calls, seconds.", "calls", SECONDS_BOUNDS
)
ABANDONED_WAIT = Histogram(
    "abandoned_wait", "Time in queue of abandoned calls, seconds.", "calls", SECONDS_BOUNDS
)
TALK = Histogram("talk", "Time in conversation of handled calls, seconds.", "calls", SECONDS_BOUNDS)
HANDLE = Histogram(
    "handle", "Talk, hold and after-call work of handled calls, seconds.", "calls", SECONDS_BOUNDS
)

HISTOGRAMS: tuple[Histogram, ...] = (ANSWERED_WAIT, ABANDONED_WAIT, TALK, HANDLE)

ACTIVITY_VOLUME: tuple[Measure, ...] = (
    CALLS_ANSWERED,
    CALLS_DIALLED,
    MEETINGS_BOOKED,
    ACTIVITIES_LOGGED,
    LEADS_CREATED,
    LEADS_QUALIFIED,
)
"""What may make up "activity volume"; the roster's `activity_volume` chooses among these."""
