"""THE CATALOGUE: every KPI once, as data.

A formula is one of three shapes over measures (schemas/formulas.py), so that each renderer can
write it in its own language. Live values without a window (calls waiting, longest wait now) are
gauges, listed in NOW. The call floor's KPIs are in schemas/floor_kpis.py, those of its queues in
schemas/queue_kpis.py.
"""

from dataclasses import dataclass

from schemas import measures as m
from schemas.customer_kpis import CUSTOMER_KPIS
from schemas.floor_kpis import FLOOR_KPIS
from schemas.formulas import (
    Formula,
    Kpi,
    Quantile,
    Ratio,
    Term,
    Total,
    Within,
    total,
)
from schemas.measure import Unit
from schemas.queue_kpis import WAITING_IN_TARGET, WHEN_READ, WITHINS

__all__ = [
    "BY_NAME",
    "CALLS_IN_PROGRESS",
    "CALLS_WAITING",
    "CUSTOMER_KPIS",
    "DAY",
    "FLOOR_KPIS",
    "KPIS",
    "LONGEST_IN_STATE",
    "LONGEST_WAIT",
    "MISSED_CALLS_OPEN",
    "NOW",
    "OLDEST_MISSED_CALL",
    "REPS_IN_STATE",
    "REPS_PAUSED",
    "WAITING_IN_TARGET",
    "WHEN_READ",
    "WITHINS",
    "Formula",
    "Kpi",
    "Now",
    "Quantile",
    "Ratio",
    "Term",
    "Total",
    "Within",
]

KPIS: tuple[Kpi, ...] = (
    *FLOOR_KPIS,
    *CUSTOMER_KPIS,
    total(
        m.MEETINGS_BOOKED,
        "Meetings booked",
        "Meetings arranged; a reschedule does not count again.",
    ),
    total(m.MEETINGS_HELD, "Meetings held", "Meetings that took place."),
    Kpi(
        "meeting_no_show_rate",
        "No-show rate",
        Unit.RATIO,
        Ratio((m.MEETINGS_NO_SHOW,), (m.MEETINGS_HELD, m.MEETINGS_NO_SHOW)),
        "Share of meetings, held or missed, that the customer did not attend.",
        "no-show / (held + no-show)",
        better="lower",
    ),
    total(m.ACTIVITIES_LOGGED, "Activities", "Logged activities of every kind."),
    total(m.LEADS_CREATED, "Leads", "Leads that became known."),
    total(m.LEADS_QUALIFIED, "Qualified leads", "Leads found worth working on."),
    total(m.OPPORTUNITIES_CREATED, "Opportunities", "Deals opened."),
    total(m.DEALS_WON, "Deals won", "Deals won."),
    total(m.DEALS_LOST, "Deals lost", "Deals lost."),
    Kpi(
        "win_rate",
        "Win rate",
        Unit.RATIO,
        Ratio((m.DEALS_WON,), (m.DEALS_WON, m.DEALS_LOST)),
        "Share of the deals that ended in the window that were won.",
        "won / (won + lost)",
        better="higher",
    ),
    Kpi(
        "lead_conversion",
        "Lead conversion",
        Unit.RATIO,
        Ratio((m.DEALS_WON,), (m.LEADS_CREATED,)),
        "Deals won in the window, divided by the leads that became known in it.",
        "won / leads",
        better="higher",
    ),
    Kpi(
        "qualified_lead_conversion",
        "Qualified lead conversion",
        Unit.RATIO,
        Ratio((m.DEALS_WON,), (m.LEADS_QUALIFIED,)),
        "Deals won in the window, divided by the leads found worth working on in it.",
        "won / qualified leads",
        better="higher",
    ),
    Kpi(
        "activity_volume",
        "Activity volume",
        Unit.COUNT,
        Total(m.ACTIVITY_VOLUME),
        "All sales activity; the roster chooses which kinds count.",
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
REPS_PAUSED = Now("reps_paused", "Reps on pause now, by reason.", ("team", "site", "reason"))
LONGEST_IN_STATE = Now(
    "longest_in_state_seconds",
    "For each state, the longest time that a rep has been in it so far.",
    ("team", "site", "state"),
)
DAY = Now("day_seconds", "Length of today; clocks change on a day of 23 or 25 hours.", ("site",))
MISSED_CALLS_OPEN = Now(
    "missed_calls_open",
    "Missed calls of the last 7 d that were not called back yet, by age.",
    ("queue", "site", "age"),
)
OLDEST_MISSED_CALL = Now(
    "oldest_missed_call_seconds", "Age of the oldest of them.", ("queue", "site")
)
NOW: tuple[Now, ...] = (
    CALLS_WAITING,
    CALLS_IN_PROGRESS,
    LONGEST_WAIT,
    REPS_IN_STATE,
    REPS_PAUSED,
    LONGEST_IN_STATE,
    DAY,
    MISSED_CALLS_OPEN,
    OLDEST_MISSED_CALL,
)
