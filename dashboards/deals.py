"""The board of who sells: which deals age or stall, what is at stake, what activity does."""

from grafanalib import core

from dashboards import deal_queries as ask
from dashboards.deal_sql import PIPELINES
from dashboards.grafana import rows, rows_variable
from dashboards.layout import Look, Row, board
from dashboards.panels import Meaning, table_of_rows
from dashboards.pipeline import count, duration, share
from dashboards.selection import variables


def deals() -> core.Dashboard:
    """Return the board."""
    chosen = variables(("team",), window_name="today")
    return board(
        "deals",
        "Open deals: their age, which have stalled, missed calls of their customers; and touches.",
        [_ageing(), _open(), _at_stake(), _touches(), _meetings()],
        [rows_variable("pipeline", "Pipeline", PIPELINES), *chosen],
        Look("now-30d", "1m"),
    )


def _ageing() -> Row:
    about = Meaning(
        "Ageing",
        "Open deals by the time they have been in their stage. Stalled: longer than the stage's "
        "own limit (`stalled_after_days`), or than nine of ten stays of the last two years.",
    )
    shown = [duration("In stage median"), duration("In stage longest"), count("Money open")]
    panel = table_of_rows(about, rows(ask.AGEING), shown, sort_by="Stalled")
    return Row(8, ((24, panel),), "Ageing, per currency")


def _open() -> Row:
    about = Meaning(
        "Open deals",
        "The stalled ones first, then by worth; at most 500. Usual at most: the stage's own limit, "
        "or what nine of ten stays do not pass.",
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
    panel = table_of_rows(
        about, rows(ask.AT_STAKE), [duration("Missed ago"), count("Worth")], sort_by="Worth"
    )
    return Row(8, ((24, panel),), "Missed calls of customers with open deals")


def _touches() -> Row:
    touches = Meaning(
        "Touches by stage",
        "Answered calls, held meetings and logged activities that fell into a deal's stay in the "
        "stage: of the deal they name, else of each deal of that customer open then.",
    )
    by_touches = Meaning(
        "Conversion by touches",
        "Stays by how many touches fell into them. Of those that are over, the share that went on. "
        "It shows what goes together, not what causes what.",
    )
    pace = Meaning(
        "Pace",
        "Medians, of the deals created in the chosen time: to the first answered call, from it to "
        "the first held meeting, from that to the next stage.",
    )
    gaps = ("To first call", "Call to meeting", "Meeting to next stage")
    return Row(
        9,
        (
            (8, table_of_rows(touches, rows(ask.TOUCHES), [], sort_by="Touches")),
            (
                8,
                table_of_rows(
                    by_touches, rows(ask.BY_TOUCHES), [share("Went on, of over")], sort_by="Stays"
                ),
            ),
            (
                8,
                table_of_rows(
                    pace, rows(ask.PACE), [duration(each) for each in gaps], sort_by="Deals"
                ),
            ),
        ),
        "Activity and the funnel",
    )


def _meetings() -> Row:
    about = Meaning(
        "Meetings",
        "Of the meetings booked in the chosen time: what came of them. One that was moved is still "
        "one. Not told: its time has passed without a word.",
    )
    panel = table_of_rows(about, rows(ask.MEETINGS), [share("Held, of due")], sort_by="Booked")
    return Row(8, ((24, panel),), "Meetings, by rep")
