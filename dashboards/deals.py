"""The board of who sells: which deals age or stall, what is at stake, what activity does."""

from grafanalib import core

from dashboards import deal_queries as ask
from dashboards.deal_panels import columns, count, deal_variables, defined, duration, kpis
from dashboards.grafana import rows
from dashboards.layout import Look, Row, board
from dashboards.panels import Meaning, table_of_rows
from dashboards.selection import variables


def deals() -> core.Dashboard:
    """Return the board."""
    chosen = variables(("team",), window_name="today")
    return board(
        "deals",
        "Open deals: their age, stalled deals, missed calls of their customers, and touches. "
        "From PostgreSQL, to which workers write every few seconds.",
        [_ageing(), _open(), _at_stake(), _touches(), _meetings()],
        [*deal_variables(), *chosen],
        Look("now-30d", "30s"),
    )


def _ageing() -> Row:
    about = Meaning(
        "Ageing",
        "Open deals by how long they have been in their stage. Stalled: longer than the "
        "stage's limit (`stalled_after_days`), or else longer than nine of ten stays that "
        "have ended.",
    )
    shown = [duration("In stage median"), duration("In stage longest"), count("Money open")]
    panel = table_of_rows(
        defined(about, kpis("stalled")), rows(ask.AGEING), shown, sort_by="Stalled"
    )
    return Row(8, ((24, panel),), "Ageing, per currency")


def _open() -> Row:
    about = Meaning(
        "Open deals",
        "Stalled deals first, then by worth; at most 500. Usual at most: the stage's limit, "
        "or else the time that nine of ten stays do not exceed.",
    )
    shown = [duration(each) for each in ("In stage", "Usual at most", "Age")]
    panel = table_of_rows(
        about, rows(ask.DEALS), [*shown, count("Worth")], sort_by="Times the usual"
    )
    return Row(12, ((24, panel),), "Open deals")


def _at_stake() -> Row:
    about = Meaning(
        "Missed calls by what is at stake",
        "Calls of the last 7 days that nobody answered or called back, whose customer has an open "
        "deal; ranked by its worth within each currency.",
    )
    shown = kpis("at_stake")
    panel = table_of_rows(
        defined(about, shown),
        rows(ask.AT_STAKE),
        [duration("Missed ago"), *columns(shown)],
        sort_by="Worth at stake",
    )
    return Row(8, ((24, panel),), "Missed calls of customers with open deals")


def _touches() -> Row:
    per_stay, went_on = kpis("touches_per_stay"), kpis("conversion_by_touches")
    gaps = kpis("to_first_call", "call_to_meeting", "meeting_to_next_stage")
    touches = Meaning(
        "Touches by stage",
        "For stays that began in the chosen time or later. A stay: one time of a deal in a stage.",
    )
    by_touches = Meaning("Conversion by touches", "For the same stays.")
    pace = Meaning(
        "From call to meeting to next stage",
        "Medians, of the deals created in the chosen time, and how many have come so far.",
    )
    return Row(
        9,
        (
            (
                8,
                table_of_rows(
                    defined(touches, per_stay),
                    rows(ask.TOUCHES),
                    columns(per_stay),
                    sort_by="Touches",
                ),
            ),
            (
                8,
                table_of_rows(
                    defined(by_touches, went_on),
                    rows(ask.BY_TOUCHES),
                    columns(went_on),
                    sort_by="Stays",
                ),
            ),
            (8, table_of_rows(defined(pace, gaps), rows(ask.PACE), columns(gaps), sort_by="Deals")),
        ),
        "Activity and the funnel",
    )


def _meetings() -> Row:
    about = Meaning(
        "Meetings",
        "Results of the meetings booked in the chosen time. A rescheduled meeting counts "
        "once. Outcome unknown: its time has passed and no result was sent.",
    )
    shown = kpis("meetings_held_of_due")
    panel = table_of_rows(
        defined(about, shown), rows(ask.MEETINGS), columns(shown), sort_by="Booked"
    )
    return Row(8, ((24, panel),), "Meetings, by rep")
