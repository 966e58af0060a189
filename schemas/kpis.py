"""THE CATALOGUE: every KPI once, as data.

A formula is one of three shapes over measures, so that each reader can render it in its own
language: Python (streams/kpi.py), SQL and PromQL (dashboards/). Live values that are not windows
(calls waiting, longest wait now) are gauges of their own, in NOW.
"""

from dataclasses import dataclass
from typing import Literal

from schemas import measures as m
from schemas.measures import Histogram, Limit, Measure, Unit


@dataclass(frozen=True, slots=True)
class Within:
    """How many of a histogram are at or under the queue's own limit. It adds up like a measure."""

    histogram: Histogram
    limit: Limit

    @property
    def name(self) -> str:
        """Its column and metric, e.g. `answered_wait_within_target`."""
        return f"{self.histogram.name}_within_{self.limit.value.removesuffix('_seconds')}"


Term = Measure | Within


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of some terms."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Ratio:
    """`top` over (`bottom` less `less`), all sums. Undefined unless the denominator is > 0."""

    top: tuple[Term, ...]
    bottom: tuple[Term, ...]
    less: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Quantile:
    """The value under which the share `q` of a histogram lies, interpolated within its bucket."""

    histogram: Histogram
    q: float


Formula = Total | Ratio | Quantile


@dataclass(frozen=True, slots=True)
class Kpi:
    """One number with its definition. A changed formula is a new `version`."""

    name: str
    title: str
    unit: Unit
    formula: Formula
    help: str
    source: str
    better: Literal["higher", "lower", "neither"] = "neither"
    target: float | None = None
    version: int = 1

    @property
    def topic(self) -> str:
        """Which part of the floor it is about: calls, reps, meetings, deals or activities."""
        formula = self.formula
        if isinstance(formula, Quantile):
            return formula.histogram.topic
        term = formula.terms[0] if isinstance(formula, Total) else formula.top[0]
        return term.histogram.topic if isinstance(term, Within) else term.topic


ANSWERED_IN_TARGET = Within(m.ANSWERED_WAIT, Limit.TARGET)
ABANDONED_IN_TARGET = Within(m.ABANDONED_WAIT, Limit.TARGET)
SHORT_ABANDONED = Within(m.ABANDONED_WAIT, Limit.SHORT_ABANDON)
WITHINS = (ANSWERED_IN_TARGET, ABANDONED_IN_TARGET, SHORT_ABANDONED)

_HANDLE = (m.CALL_TALK, m.CALL_HOLD, m.CALL_WRAPUP)
_REP_HANDLE = (m.REP_ON_CALL, m.REP_WRAPUP)
_SIGNED_IN = (m.REP_AVAILABLE, m.REP_RINGING, m.REP_ON_CALL, m.REP_WRAPUP, m.REP_PAUSED)
_QUEUED = (m.CALLS_ANSWERED, m.CALLS_ABANDONED)


def _total(measure: Term, title: str, help_: str) -> Kpi:
    unit = measure.unit if isinstance(measure, Measure) else Unit.COUNT
    return Kpi(measure.name, title, unit, Total((measure,)), help_, "count")


KPIS: tuple[Kpi, ...] = (
    _total(m.CALLS_OFFERED, "Offered", "Inbound calls that joined a queue, by arrival."),
    _total(m.CALLS_ANSWERED, "Answered", "Offered calls that a rep answered, by arrival."),
    _total(m.CALLS_ABANDONED, "Abandoned", "Offered calls given up while waiting, by arrival."),
    _total(m.CALLS_FLOWED_OUT, "Flowed out", "Offered calls that left the queue unanswered."),
    _total(SHORT_ABANDONED, "Short abandons", "Abandoned within the queue's short-abandon limit."),
    Kpi(
        "service_level_answered_of_answered",
        "Service level (of answered)",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET,), (m.CALLS_ANSWERED,)),
        "Answered within the queue's target, of answered: aT / a.",
        "Asterisk ServiceLevelPerf, Wazo",
        better="higher",
    ),
    Kpi(
        "service_level_handled_of_offered",
        "Service level (SL X)",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET, ABANDONED_IN_TARGET), _QUEUED),
        "Answered or given up within the target, of all: (aT + bT) / (a + b).",
        "Asterisk ServiceLevelPerf2, Amazon Connect SL X",
        better="higher",
    ),
    Kpi(
        "service_level_answered_of_offered",
        "Service level",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET,), _QUEUED),
        "Answered within the queue's target, of answered and abandoned: aT / (a + b).",
        "Genesys Cloud default",
        better="higher",
        target=0.80,
    ),
    Kpi(
        "service_level_answered_less_short",
        "Service level (less short)",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET,), _QUEUED, less=(SHORT_ABANDONED,)),
        "Short abandons left out of the denominator: aT / (a + b - s).",
        "Talkdesk style",
        better="higher",
    ),
    Kpi(
        "service_level_answered_less_early",
        "Service level (less early)",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET,), _QUEUED, less=(ABANDONED_IN_TARGET,)),
        "Abandons within the target left out of the denominator: aT / (a + b - bT).",
        "CxEngage default",
        better="higher",
    ),
    Kpi(
        "abandonment",
        "Abandonment",
        Unit.RATIO,
        Ratio((m.CALLS_ABANDONED,), _QUEUED),
        "Abandoned, of answered and abandoned.",
        "ISO 18295-1, COPC CX Standard",
        better="lower",
        target=0.05,
    ),
    Kpi(
        "average_speed_of_answer_seconds",
        "ASA",
        Unit.SECONDS,
        Ratio((m.CALL_WAIT,), (m.CALLS_ANSWERED,)),
        "Mean time in queue of answered calls.",
        "ISO 18295-1",
        better="lower",
    ),
    Kpi(
        "average_handle_time_seconds",
        "AHT",
        Unit.SECONDS,
        Ratio(_HANDLE, (m.CALLS_HANDLED,)),
        "Mean of talk, hold and after-call work of handled calls.",
        "COPC CX Standard",
    ),
    Kpi(
        "average_talk_time_seconds",
        "Talk",
        Unit.SECONDS,
        Ratio((m.CALL_TALK,), (m.CALLS_HANDLED,)),
        "Mean time in conversation of handled calls, holds left out.",
        "COPC CX Standard",
    ),
    Kpi(
        "average_after_call_work_seconds",
        "After-call work",
        Unit.SECONDS,
        Ratio((m.CALL_WRAPUP,), (m.CALLS_HANDLED,)),
        "Mean after-call work of handled calls.",
        "COPC CX Standard",
    ),
    Kpi(
        "answered_wait_p50_seconds",
        "Wait p50",
        Unit.SECONDS,
        Quantile(m.ANSWERED_WAIT, 0.5),
        "Half of the answered calls waited no longer.",
        "histogram, interpolated",
        better="lower",
    ),
    Kpi(
        "answered_wait_p90_seconds",
        "Wait p90",
        Unit.SECONDS,
        Quantile(m.ANSWERED_WAIT, 0.9),
        "Nine of ten answered calls waited no longer.",
        "histogram, interpolated",
        better="lower",
    ),
    Kpi(
        "talk_p90_seconds",
        "Talk p90",
        Unit.SECONDS,
        Quantile(m.TALK, 0.9),
        "Nine of ten handled calls talked no longer.",
        "histogram, interpolated",
    ),
    Kpi(
        "handle_p90_seconds",
        "Handle p90",
        Unit.SECONDS,
        Quantile(m.HANDLE, 0.9),
        "Nine of ten handled calls took no longer, after-call work included.",
        "histogram, interpolated",
    ),
    Kpi(
        "occupancy",
        "Occupancy",
        Unit.RATIO,
        Ratio(_REP_HANDLE, (*_REP_HANDLE, m.REP_AVAILABLE)),
        "Time on calls and in after-call work, of that and time waiting for a call.",
        "handle / (handle + available)",
    ),
    Kpi(
        "utilisation",
        "Utilisation",
        Unit.RATIO,
        Ratio(_REP_HANDLE, _SIGNED_IN),
        "Time on calls and in after-call work, of all time signed in.",
        "handle / signed in",
    ),
    _total(m.CALLS_DIALLED, "Dialled", "Outbound calls placed."),
    _total(m.CALLS_CONNECTED, "Connected", "Outbound calls that were answered."),
    Kpi(
        "connect_rate",
        "Connect rate",
        Unit.RATIO,
        Ratio((m.CALLS_CONNECTED,), (m.CALLS_DIALLED,)),
        "Outbound calls answered, of placed.",
        "connected / dialled",
        better="higher",
    ),
    _total(m.MEETINGS_BOOKED, "Meetings booked", "Meetings arranged; a reschedule is no new one."),
    _total(m.MEETINGS_HELD, "Meetings held", "Meetings that took place."),
    Kpi(
        "meeting_no_show_rate",
        "No-show rate",
        Unit.RATIO,
        Ratio((m.MEETINGS_NO_SHOW,), (m.MEETINGS_HELD, m.MEETINGS_NO_SHOW)),
        "Meetings the customer did not come to, of those held or missed.",
        "no-show / (held + no-show)",
        better="lower",
    ),
    _total(m.ACTIVITIES_LOGGED, "Activities", "Logged activities of every kind."),
    _total(m.LEADS_CREATED, "Leads", "Leads that became known."),
    _total(m.LEADS_QUALIFIED, "Qualified leads", "Leads found worth working on."),
    _total(m.OPPORTUNITIES_CREATED, "Opportunities", "Deals opened."),
    _total(m.DEALS_WON, "Deals won", "Deals won."),
    _total(m.DEALS_LOST, "Deals lost", "Deals lost."),
    Kpi(
        "win_rate",
        "Win rate",
        Unit.RATIO,
        Ratio((m.DEALS_WON,), (m.DEALS_WON, m.DEALS_LOST)),
        "Deals won, of deals ended in the window.",
        "won / (won + lost)",
        better="higher",
    ),
    Kpi(
        "activity_volume",
        "Activity volume",
        Unit.COUNT,
        Total(m.ACTIVITY_VOLUME),
        "Everything that counts as sales activity; the roster chooses which kinds.",
        "docs/KPIS.md",
        better="higher",
    ),
)

BY_NAME: dict[str, Kpi] = {kpi.name: kpi for kpi in KPIS}


@dataclass(frozen=True, slots=True)
class Now:
    """A live gauge of the floor, `ringside_<name>`, with its labels."""

    name: str
    help: str
    labels: tuple[str, ...]


CALLS_WAITING = Now("calls_waiting", "Calls in the queue now.", ("queue", "site"))
CALLS_IN_PROGRESS = Now("calls_in_progress", "Conversations now.", ("queue", "site"))
LONGEST_WAIT = Now(
    "longest_wait_seconds", "Age of the oldest call in the queue now.", ("queue", "site")
)
REPS_IN_STATE = Now("reps_in_state", "Signed-in reps by state now.", ("team", "site", "state"))
NOW: tuple[Now, ...] = (CALLS_WAITING, CALLS_IN_PROGRESS, LONGEST_WAIT, REPS_IN_STATE)
