"""The KPIs of the queues: what became of the calls that joined them."""

from schemas import measures as m
from schemas.formulas import Kpi, Ratio, Within, total
from schemas.measure import Limit, Measure, Unit

ANSWERED_IN_TARGET = Within(m.ANSWERED_WAIT, Limit.TARGET)
ABANDONED_IN_TARGET = Within(m.ABANDONED_WAIT, Limit.TARGET)
SHORT_ABANDONED = Within(m.ABANDONED_WAIT, Limit.SHORT_ABANDON)
ANSWERED_IN_TARGET_BY_END = Within(m.ANSWERED_WAIT_BY_END, Limit.TARGET)
ABANDONED_IN_TARGET_BY_END = Within(m.ABANDONED_WAIT_BY_END, Limit.TARGET)
SHORT_ABANDONED_BY_END = Within(m.ABANDONED_WAIT_BY_END, Limit.SHORT_ABANDON)
WITHINS = (
    ANSWERED_IN_TARGET,
    ABANDONED_IN_TARGET,
    SHORT_ABANDONED,
    ANSWERED_IN_TARGET_BY_END,
    ABANDONED_IN_TARGET_BY_END,
    SHORT_ABANDONED_BY_END,
)

WAITING_IN_TARGET = Measure(
    "calls_waiting_within_target",
    Unit.COUNT,
    "Calls waiting now, so far no longer than the queue's target, by arrival.",
    "calls",
)
"""Counted from the calls themselves when read; not stored, because it changes with the clock."""
WHEN_READ: tuple[Measure, ...] = (WAITING_IN_TARGET,)

_QUEUED = (m.CALLS_ANSWERED, m.CALLS_ABANDONED)
_OFFERED = (*_QUEUED, m.CALLS_FLOWED_OUT)
"""Denominator of abandonment: a call that left the queue unanswered was offered, too."""
_QUEUED_BY_END = (m.CALLS_ANSWERED_BY_END, m.CALLS_ABANDONED_BY_END)
_OFFERED_BY_END = (*_QUEUED_BY_END, m.CALLS_FLOWED_OUT_BY_END)
_NOT_QUEUED = (m.CALLS_FLOWED_OUT, m.CALLS_CLOSED_WAITING)
"""Offered calls that are in no service level; all others are answered, abandoned or waiting."""
_BY_END = "Asterisk and Amazon Connect count by the end"

QUEUE_KPIS: tuple[Kpi, ...] = (
    total(m.CALLS_OFFERED, "Offered", "Inbound calls that joined a queue, by arrival."),
    total(m.CALLS_ANSWERED, "Answered", "Offered calls that a rep answered, by arrival."),
    total(m.CALLS_ABANDONED, "Abandoned", "Offered calls given up while waiting, by arrival."),
    total(m.CALLS_FLOWED_OUT, "Flowed out", "Offered calls that left the queue unanswered."),
    total(SHORT_ABANDONED, "Short abandons", "Abandoned within the queue's short-abandon limit."),
    Kpi(
        "service_level_answered_of_answered",
        "Service level (of answered)",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET,), (m.CALLS_ANSWERED,)),
        "Share of answered calls answered within the queue's target: aT / a.",
        "Asterisk ServiceLevelPerf, Wazo",
        better="higher",
    ),
    Kpi(
        "service_level_handled_of_offered",
        "Service level (SL X)",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET, ABANDONED_IN_TARGET), _QUEUED),
        "Share of calls answered or abandoned within the target: (aT + bT) / (a + b).",
        "Asterisk ServiceLevelPerf2, Amazon Connect SL X",
        better="higher",
    ),
    Kpi(
        "service_level_answered_of_offered",
        "Service level",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET,), _QUEUED),
        "Share of answered and abandoned calls answered within the queue's target: aT / (a + b).",
        "Genesys Cloud default",
        better="higher",
        target=0.80,
    ),
    Kpi(
        "service_level_answered_less_short",
        "Service level (less short)",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET,), _QUEUED, less=(SHORT_ABANDONED,)),
        "Service level with short abandons left out: aT / (a + b - s).",
        "Talkdesk style",
        better="higher",
    ),
    Kpi(
        "service_level_answered_less_early",
        "Service level (less early)",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET,), _QUEUED, less=(ABANDONED_IN_TARGET,)),
        "Service level with abandons within the target left out: aT / (a + b - bT).",
        "CxEngage default",
        better="higher",
    ),
    Kpi(
        "abandonment",
        "Abandonment",
        Unit.RATIO,
        Ratio((m.CALLS_ABANDONED,), _OFFERED),
        "Share of answered, abandoned and flowed-out calls that were abandoned: b / (a + b + f).",
        "ISO 18295-1, COPC CX Standard",
        version=2,
        better="lower",
        target=0.05,
    ),
    Kpi(
        "service_level_answered_of_offered_best",
        "Service level at best",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET, WAITING_IN_TARGET), (m.CALLS_OFFERED,), less=_NOT_QUEUED),
        "The value if every call still within the target is answered in time and no more flow out.",
        "docs/KPIS.md",
        better="higher",
    ),
    Kpi(
        "service_level_answered_of_offered_worst",
        "Service level at worst",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET,), (m.CALLS_OFFERED,), less=_NOT_QUEUED),
        "The value if no call that still waits is answered in time.",
        "docs/KPIS.md",
        better="higher",
    ),
    Kpi(
        "service_level_answered_of_offered_by_end",
        "Service level by end",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET_BY_END,), _QUEUED_BY_END),
        "Service level of the calls that ended in the interval, whenever they came: aT / (a + b).",
        _BY_END,
        better="higher",
    ),
    Kpi(
        "service_level_answered_of_answered_by_end",
        "Service level by end (of answered)",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET_BY_END,), (m.CALLS_ANSWERED_BY_END,)),
        "Answered within the target, of answered: aT / a of the calls that ended in the interval.",
        _BY_END,
        better="higher",
    ),
    Kpi(
        "service_level_handled_of_offered_by_end",
        "Service level by end (SL X)",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET_BY_END, ABANDONED_IN_TARGET_BY_END), _QUEUED_BY_END),
        "Answered or abandoned within the target: (aT + bT) / (a + b) of calls that ended then.",
        _BY_END,
        better="higher",
    ),
    Kpi(
        "service_level_answered_less_short_by_end",
        "Service level by end (less short)",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET_BY_END,), _QUEUED_BY_END, less=(SHORT_ABANDONED_BY_END,)),
        "Short abandons left out: aT / (a + b - s) of the calls that ended in the interval.",
        _BY_END,
        better="higher",
    ),
    Kpi(
        "service_level_answered_less_early_by_end",
        "Service level by end (less early)",
        Unit.RATIO,
        Ratio((ANSWERED_IN_TARGET_BY_END,), _QUEUED_BY_END, less=(ABANDONED_IN_TARGET_BY_END,)),
        "Abandons within the target left out: aT / (a + b - bT) of the calls that ended then.",
        _BY_END,
        better="higher",
    ),
    Kpi(
        "abandonment_by_end",
        "Abandonment by end",
        Unit.RATIO,
        Ratio((m.CALLS_ABANDONED_BY_END,), _OFFERED_BY_END),
        "Abandonment of the calls that ended or flowed out in the interval: b / (a + b + f).",
        _BY_END,
        version=2,
        better="lower",
    ),
    Kpi(
        "abandonment_less_short_by_end",
        "Abandonment by end (less short)",
        Unit.RATIO,
        Ratio(
            (m.CALLS_ABANDONED_BY_END,),
            _OFFERED_BY_END,
            less=(SHORT_ABANDONED_BY_END,),
            top_less=(SHORT_ABANDONED_BY_END,),
        ),
        "Short abandons left out: (b - s) / (a + b + f - s) of the calls that ended then.",
        _BY_END,
        version=2,
        better="lower",
    ),
    Kpi(
        "abandonment_less_short",
        "Abandonment (less short)",
        Unit.RATIO,
        Ratio((m.CALLS_ABANDONED,), _OFFERED, less=(SHORT_ABANDONED,), top_less=(SHORT_ABANDONED,)),
        "Abandoned after more than the queue's short-abandon limit: (b - s) / (a + b + f - s).",
        "Talkdesk style",
        version=2,
        better="lower",
    ),
    Kpi(
        "average_speed_of_answer_seconds",
        "ASA",
        Unit.SECONDS,
        Ratio((m.CALL_WAIT,), (m.CALLS_ANSWERED,)),
        "Mean time that answered calls spent in the queue.",
        "ISO 18295-1",
        better="lower",
    ),
    Kpi(
        "average_speed_of_answer_since_arrival_seconds",
        "ASA since arrival",
        Unit.SECONDS,
        Ratio((m.CALL_WAIT, m.CALL_EARLIER_WAIT), (m.CALLS_ANSWERED,)),
        "Mean wait of answered customers since their arrival, in all queues.",
        "ISO 18295-1",
        better="lower",
    ),
)
