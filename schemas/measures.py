"""What is stored: additive measures, histograms, dimensions, windows and limits.

A pane maps *cells* to numbers. A measure is one cell with the same name; a histogram is one cell
per bucket. Cells add up over keys, panes and workers; everything else is derived when read.
"""

from schemas.measure import Histogram, Measure, Unit, Window

SECONDS_BOUNDS: tuple[float, ...] = (
    *(1, 2, 3, 5, 8, 10, 15, 20, 25, 30, 40, 45, 60, 90, 120, 150),
    *(180, 240, 300, 420, 600, 900, 1200, 1800, 3600),
)
"""Bucket bounds, seconds. A queue's target and its short-abandon limit must be among these."""


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
"""What the event itself says. Team and site are joined from the roster when read."""

LABELS = ("queue", "team", "site", "team_site", "direction", "kind")
"""The labels of every live measure in Prometheus. The rep is in Postgres, not in a label.

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
CALLS_TRANSFERRED_BLIND = _calls("calls_transferred_blind", "Answered calls transferred blind.")
CALLS_TRANSFERRED_ATTENDED = _calls(
    "calls_transferred_attended", "Answered calls transferred after talking."
)
CALLS_OFFERED_AGAIN = _calls(
    "calls_offered_again", "Offered calls that are a later leg of an earlier contact."
)
CALL_EARLIER_WAIT = _calls(
    "call_earlier_wait_seconds",
    "Time that answered calls waited on earlier legs, in other queues.",
    Unit.SECONDS,
)
CALLS_ANSWERED_BY_END = _calls("calls_answered_by_end", "Answered calls, by when they ended.")
CALLS_ABANDONED_BY_END = _calls("calls_abandoned_by_end", "Abandoned calls, by when they ended.")
CALLS_FLOWED_OUT_BY_END = _calls("calls_flowed_out_by_end", "Calls that flowed out, by when.")

CALLS_DIALLED = _calls("calls_dialled", "Outbound calls placed.")
CALLS_CONNECTED = _calls("calls_connected", "Outbound calls that the customer answered.")
CALLS_NOT_CONNECTED = _calls("calls_not_connected", "Outbound calls that ended unanswered.")
OUTBOUND_ABANDONED = _calls(
    "outbound_abandoned", "Connected outbound calls without a rep within 2 seconds."
)
OUTBOUND_HANDLED = _calls("outbound_handled", "Outbound calls whose conversation has ended.")
OUTBOUND_DIALLING = _calls(
    "outbound_dialling_seconds", "Ring time until the answer of handled calls.", Unit.SECONDS
)
OUTBOUND_UNANSWERED = _calls(
    "outbound_unanswered_seconds", "Ring time of calls that ended unanswered.", Unit.SECONDS
)
OUTBOUND_TALK = _calls("outbound_talk_seconds", "Talk time of outbound calls.", Unit.SECONDS)
OUTBOUND_HOLD = _calls("outbound_hold_seconds", "Time on hold of outbound calls.", Unit.SECONDS)
OUTBOUND_WRAPUP = _calls(
    "outbound_wrapup_seconds", "After-call work of outbound calls.", Unit.SECONDS
)

# What a PBX gets wrong or leaves out: docs/pbx.md has the rule for each.
CALLS_TOLD_BY_RECORD = _calls(
    "calls_told_by_record", "Calls counted from one record of the whole call."
)
CALLS_ENDED_WITHOUT_ANSWER = _calls(
    "calls_ended_without_answer", "Offered calls with an end reported, but no answer or hang-up."
)
CALLS_ANSWERED_WITHOUT_OFFER = _calls(
    "calls_answered_without_offer", "Answers to calls without a reported arrival, by the answer."
)
CALLS_CLOSED_WAITING = _calls(
    "calls_closed_waiting", "Offered calls that we closed in the queue: no event for too long."
)
CALLS_CLOSED_TALKING = _calls(
    "calls_closed_talking", "Calls out of the queue that we closed: no event for too long."
)
CALLS_OUT_OF_SEQUENCE = _calls(
    "calls_out_of_sequence", "Calls answered before they came or over before the answer: clocks."
)
CALLS_CONTRADICTED = _calls(
    "calls_contradicted", "Calls with two statements of one kind and time that differ."
)
CALLS_ENDED_LATER = _calls(
    "calls_ended_later", "Calls that ended in a later quarter of an hour than they came in."
)
CALLS_CORRECTED = _calls("calls_corrected", "Calls that a correction changed, where they count.")
CALLS_MOVED_AWAY = _calls(
    "calls_moved_away", "Calls that a correction moved elsewhere, where they counted before."
)
CALLS_RETRACTED = _calls("calls_retracted", "Calls taken back, where they counted before.")

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

CONTACTS = _of("customers", "contacts", "Inbound calls of known customers; all legs count once.")
CONTACTS_PRECEDED_24H = _of(
    "customers", "contacts_preceded_24h", "Contacts within 24 h after another of the customer."
)
CONTACTS_PRECEDED_7D = _of(
    "customers", "contacts_preceded_7d", "Contacts within 7 d after another of the customer."
)
CONTACTS_FOLLOWED_24H = _of(
    "customers", "contacts_followed_24h", "Contacts that another has followed within 24 h, so far."
)
CONTACTS_FOLLOWED_7D = _of(
    "customers", "contacts_followed_7d", "Contacts that another has followed within 7 d, so far."
)
CONTACTS_SETTLED_24H = _of(
    "customers", "contacts_settled_24h", "Contacts whose 24 h have passed: what is known is final."
)
CONTACTS_SETTLED_7D = _of(
    "customers", "contacts_settled_7d", "Contacts whose 7 d have passed: what is known is final."
)
CONTACTS_RESOLVED_24H = _of(
    "customers", "contacts_resolved_24h", "Settled contacts that none followed within 24 h."
)
CONTACTS_RESOLVED_7D = _of(
    "customers", "contacts_resolved_7d", "Settled contacts that none followed within 7 d."
)
CONTACTS_MISSED = _of("customers", "contacts_missed", "Contacts that nobody answered.")
MISSED_CALLED_BACK = _of(
    "customers", "missed_called_back", "Missed contacts with a call back within 24 h, so far."
)
MISSED_REACHED = _of(
    "customers", "missed_reached", "Missed contacts called back and reached, so far."
)
MISSED_SETTLED = _of("customers", "missed_settled", "Missed contacts whose 24 h have passed.")
MISSED_SETTLED_CALLED_BACK = _of(
    "customers", "missed_settled_called_back", "Of those: called back within 24 h."
)
MISSED_SETTLED_REACHED = _of(
    "customers", "missed_settled_reached", "Of those: called back and reached."
)
CUSTOMER_NOTES_DROPPED = _of(
    "customers", "customer_notes_dropped", "Calls dropped: too many of one customer, or too late."
)

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
    CALLS_OFFERED_AGAIN,
    CALL_EARLIER_WAIT,
    CALLS_ANSWERED_BY_END,
    CALLS_ABANDONED_BY_END,
    CALLS_FLOWED_OUT_BY_END,
    CALLS_DIALLED,
    CALLS_CONNECTED,
    CALLS_NOT_CONNECTED,
    OUTBOUND_ABANDONED,
    OUTBOUND_HANDLED,
    OUTBOUND_DIALLING,
    OUTBOUND_UNANSWERED,
    OUTBOUND_TALK,
    OUTBOUND_HOLD,
    OUTBOUND_WRAPUP,
    CALLS_TOLD_BY_RECORD,
    CALLS_ENDED_WITHOUT_ANSWER,
    CALLS_ANSWERED_WITHOUT_OFFER,
    CALLS_CLOSED_WAITING,
    CALLS_CLOSED_TALKING,
    CALLS_OUT_OF_SEQUENCE,
    CALLS_CONTRADICTED,
    CALLS_ENDED_LATER,
    CALLS_CORRECTED,
    CALLS_MOVED_AWAY,
    CALLS_RETRACTED,
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
    CONTACTS,
    CONTACTS_PRECEDED_24H,
    CONTACTS_PRECEDED_7D,
    CONTACTS_FOLLOWED_24H,
    CONTACTS_FOLLOWED_7D,
    CONTACTS_SETTLED_24H,
    CONTACTS_SETTLED_7D,
    CONTACTS_RESOLVED_24H,
    CONTACTS_RESOLVED_7D,
    CONTACTS_MISSED,
    MISSED_CALLED_BACK,
    MISSED_REACHED,
    MISSED_SETTLED,
    MISSED_SETTLED_CALLED_BACK,
    MISSED_SETTLED_REACHED,
    CUSTOMER_NOTES_DROPPED,
)


def _seconds_of(name: str, help_: str) -> Histogram:
    return Histogram(name, f"{help_}, seconds.", "calls", SECONDS_BOUNDS)


ANSWERED_WAIT = _seconds_of("answered_wait", "Time in queue of answered calls")
ABANDONED_WAIT = _seconds_of("abandoned_wait", "Time in queue of abandoned calls")
TALK = _seconds_of("talk", "Time in conversation of handled calls")
HANDLE = _seconds_of("handle", "Talk, hold and after-call work of handled calls")
ANSWERED_WAIT_BY_END = _seconds_of(
    "answered_wait_by_end", "Time in queue of answered calls by when they ended"
)
ABANDONED_WAIT_BY_END = _seconds_of(
    "abandoned_wait_by_end", "Time in queue of abandoned calls by when they ended"
)
OUTBOUND_TALK_TIME = _seconds_of("dialled_talk", "Talk time of outbound calls")
OUTBOUND_HANDLE_TIME = _seconds_of(
    "dialled_handle", "Dialling, talk, hold and after-call work of outbound calls"
)

HISTOGRAMS: tuple[Histogram, ...] = (
    *(ANSWERED_WAIT, ABANDONED_WAIT, TALK, HANDLE),
    *(ANSWERED_WAIT_BY_END, ABANDONED_WAIT_BY_END),
    *(OUTBOUND_TALK_TIME, OUTBOUND_HANDLE_TIME),
)
OF_REPS = (ANSWERED_WAIT, TALK, HANDLE, OUTBOUND_TALK_TIME, OUTBOUND_HANDLE_TIME)
"""Histograms of calls that all have a rep, and so a team."""

ACTIVITY_VOLUME: tuple[Measure, ...] = (
    CALLS_ANSWERED,
    CALLS_DIALLED,
    MEETINGS_BOOKED,
    ACTIVITIES_LOGGED,
    LEADS_CREATED,
    LEADS_QUALIFIED,
)
"""What "activity volume" may consist of; `activity_volume` in the roster chooses among these."""
