"""The KPIs of the floor's work: calls in and out, and how the reps' time goes."""

from schemas import measures as m
from schemas.formulas import Kpi, Quantile, Ratio, total
from schemas.measure import Histogram, Unit
from schemas.queue_kpis import QUEUE_KPIS

_HANDLE = (m.CALL_TALK, m.CALL_HOLD, m.CALL_WRAPUP)
_DIALLING = (m.OUTBOUND_DIALLING, m.OUTBOUND_UNANSWERED)
_OUTBOUND_HANDLE = (m.OUTBOUND_DIALLING, m.OUTBOUND_TALK, m.OUTBOUND_HOLD, m.OUTBOUND_WRAPUP)
_CONTACTS = (*_HANDLE, m.OUTBOUND_TALK, m.OUTBOUND_HOLD, m.OUTBOUND_WRAPUP)
_TRANSFERRED = (m.CALLS_TRANSFERRED_BLIND, m.CALLS_TRANSFERRED_ATTENDED)
_REP_HANDLE = (m.REP_ON_CALL, m.REP_WRAPUP)
_SIGNED_IN = (m.REP_AVAILABLE, m.REP_RINGING, m.REP_ON_CALL, m.REP_WRAPUP, m.REP_PAUSED)


def _quantile(histogram: Histogram, percent: int, title: str, help_: str) -> Kpi:
    return Kpi(
        f"{histogram.name}_p{percent}_seconds",
        f"{title} p{percent}",
        Unit.SECONDS,
        Quantile(histogram, percent / 100),
        help_,
        "histogram, interpolated",
        better="lower" if histogram is m.ANSWERED_WAIT else "neither",
    )


FLOOR_KPIS: tuple[Kpi, ...] = (
    *QUEUE_KPIS,
    Kpi(
        "average_handle_time_seconds",
        "AHT",
        Unit.SECONDS,
        Ratio(_HANDLE, (m.CALLS_HANDLED,)),
        "Mean talk, hold and after-call work of handled calls.",
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
        "average_hold_time_seconds",
        "Hold",
        Unit.SECONDS,
        Ratio((m.CALL_HOLD,), (m.CALLS_HANDLED,)),
        "Mean time on hold of handled calls.",
        "COPC CX Standard",
        better="lower",
    ),
    Kpi(
        "average_after_call_work_seconds",
        "After-call work",
        Unit.SECONDS,
        Ratio((m.CALL_WRAPUP,), (m.CALLS_HANDLED,)),
        "Mean after-call work of handled calls.",
        "COPC CX Standard",
    ),
    _quantile(m.ANSWERED_WAIT, 50, "Wait", "Half of the answered calls waited at most this long."),
    _quantile(m.ANSWERED_WAIT, 90, "Wait", "Nine of ten answered calls waited at most this long."),
    _quantile(
        m.ANSWERED_WAIT, 95, "Wait", "Nineteen of 20 answered calls waited at most this long."
    ),
    _quantile(m.TALK, 50, "Talk", "Half of the handled calls had at most this much talk time."),
    _quantile(m.TALK, 90, "Talk", "Nine of ten handled calls had at most this much talk time."),
    _quantile(m.TALK, 95, "Talk", "Nineteen of 20 handled calls had at most this much talk time."),
    _quantile(
        m.HANDLE,
        50,
        "Handle",
        "Half of the handled calls took at most this long, wrap-up included.",
    ),
    _quantile(
        m.HANDLE,
        90,
        "Handle",
        "Nine of ten handled calls took at most this long, wrap-up included.",
    ),
    _quantile(
        m.HANDLE,
        95,
        "Handle",
        "Nineteen of 20 handled calls took at most this long, wrap-up included.",
    ),
    *(
        _quantile(
            histogram,
            percent,
            f"Outbound {title.lower()}",
            f"{share} of the outbound calls {verb}.",
        )
        for histogram, title, verb in (
            (m.OUTBOUND_TALK_TIME, "Talk", "had at most this much talk time"),
            (
                m.OUTBOUND_HANDLE_TIME,
                "Handle",
                "took at most this long, dialling and wrap-up included",
            ),
        )
        for percent, share in ((50, "Half"), (90, "Nine of ten"), (95, "Nineteen of 20"))
    ),
    total(
        m.CALLS_TRANSFERRED_BLIND,
        "Blind transfers",
        "Handled calls transferred without announcement.",
    ),
    total(
        m.CALLS_TRANSFERRED_ATTENDED,
        "Attended transfers",
        "Handled calls transferred after talking to the recipient.",
    ),
    Kpi(
        "transfer_rate",
        "Transfer rate",
        Unit.RATIO,
        Ratio(_TRANSFERRED, (m.CALLS_HANDLED,)),
        "Share of handled calls transferred to another rep or queue.",
        "COPC CX Standard",
        better="lower",
    ),
    Kpi(
        "blind_transfer_rate",
        "Blind transfer rate",
        Unit.RATIO,
        Ratio((m.CALLS_TRANSFERRED_BLIND,), (m.CALLS_HANDLED,)),
        "Share of handled calls transferred without announcement.",
        "transferred blind / handled",
        better="lower",
    ),
    Kpi(
        "attended_transfer_rate",
        "Attended transfer rate",
        Unit.RATIO,
        Ratio((m.CALLS_TRANSFERRED_ATTENDED,), (m.CALLS_HANDLED,)),
        "Share of handled calls transferred after talking to the recipient.",
        "transferred attended / handled",
    ),
    Kpi(
        "holds_per_handled_call",
        "Holds per call",
        Unit.MULTIPLE,
        Ratio((m.CALL_HOLDS,), (m.CALLS_HANDLED,)),
        "Mean number of holds in a handled call.",
        "holds / handled",
        better="lower",
    ),
    Kpi(
        "occupancy",
        "Occupancy",
        Unit.RATIO,
        Ratio(_REP_HANDLE, (*_REP_HANDLE, m.REP_AVAILABLE)),
        "Time on calls and in after-call work, as a share of that and time waiting for a call.",
        "handle / (handle + available)",
    ),
    Kpi(
        "utilisation",
        "Utilisation",
        Unit.RATIO,
        Ratio(_REP_HANDLE, _SIGNED_IN),
        "Time on calls and in after-call work, as a share of all time signed in.",
        "handle / signed in",
    ),
    Kpi(
        "concurrent_contacts",
        "Concurrent contacts",
        Unit.MULTIPLE,
        Ratio(_CONTACTS, _REP_HANDLE),
        "Mean contacts at once while a rep is busy: seconds of contacts / seconds of the rep.",
        "handle time of each contact / time on calls and in after-call work",
    ),
    Kpi(
        "occupancy_of_contacts",
        "Occupancy of contacts",
        Unit.MULTIPLE,
        Ratio(_CONTACTS, (*_REP_HANDLE, m.REP_AVAILABLE)),
        "Like occupancy, but two contacts at once count twice, so it may be above 1.",
        "handle time of each contact / (handle + available)",
    ),
    total(m.CALLS_DIALLED, "Dialled", "Outbound calls placed."),
    total(m.CALLS_CONNECTED, "Connected", "Outbound calls that the customer answered."),
    Kpi(
        "connect_rate",
        "Connect rate",
        Unit.RATIO,
        Ratio((m.CALLS_CONNECTED,), (m.CALLS_DIALLED,)),
        "Share of outbound calls that the customer answered.",
        "connected / dialled",
        better="higher",
    ),
    Kpi(
        "outbound_abandonment",
        "Outbound abandonment",
        Unit.RATIO,
        Ratio((m.OUTBOUND_ABANDONED,), (m.CALLS_CONNECTED,)),
        "Share of connected outbound calls without a rep within 2 seconds of the answer.",
        "Ofcom and FCC rules on abandoned calls",
        better="lower",
        target=0.03,
    ),
    Kpi(
        "average_dialling_time_seconds",
        "Dialling",
        Unit.SECONDS,
        Ratio(_DIALLING, (m.OUTBOUND_HANDLED, m.CALLS_NOT_CONNECTED)),
        "Mean time that an outbound call rang until it was answered or given up.",
        "ring-out / (handled + not connected)",
    ),
    Kpi(
        "outbound_average_handle_time_seconds",
        "Outbound AHT",
        Unit.SECONDS,
        Ratio(_OUTBOUND_HANDLE, (m.OUTBOUND_HANDLED,)),
        "Mean of dialling, talk, hold and after-call work of outbound calls with a conversation.",
        "COPC CX Standard",
    ),
)
