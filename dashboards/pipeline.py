"""The board of sales operations: the funnel, where it leaks, how fast it is, how it will end."""

from grafanalib import core

from dashboards import pipeline_queries as ask
from dashboards.deal_sql import PIPELINES
from dashboards.grafana import rows, rows_variable
from dashboards.layout import Look, Row, board
from dashboards.panels import Meaning, points, table_of_rows
from dashboards.selection import variables

SHARE, TIME, NUMBER = "percentunit", "s", "short"


def pipeline() -> core.Dashboard:
    """Return the board."""
    chosen = variables(("team",), window_name="today")
    return board(
        "pipeline",
        "How deals go through their pipelines: both conversions, leaks, velocity, cohorts and how "
        "they will end.",
        [_funnel(), _estimates(), _cohorts(), _leak(), _velocity(), _time()],
        [rows_variable("pipeline", "Pipeline", PIPELINES), *chosen],
        Look("now-90d", "1m"),
    )


def share(title: str) -> Meaning:
    """Return a column that is a share of something."""
    return Meaning(title, "", SHARE, maximum=1)


def shaded(title: str) -> Meaning:
    """Return a column of shares, coloured by how great they are."""
    steps = (("text", None), ("blue", 0.0), ("green", 0.3), ("yellow", 0.6), ("orange", 0.8))
    return Meaning(title, "", SHARE, steps, maximum=1)


def duration(title: str) -> Meaning:
    """Return a column of seconds."""
    return Meaning(title, "", TIME)


def count(title: str) -> Meaning:
    """Return a column of numbers."""
    return Meaning(title, "", NUMBER)


def _row(heading: str, height: int, *panels: tuple[int, core.Panel]) -> Row:
    return Row(height, panels, heading)


def _funnel() -> Row:
    about = Meaning(
        "Funnel",
        "Each stage's deals of the chosen time. Step conversion: of those that entered in it, the "
        "share that has got further since (cohort; it grows while deals are open). Period "
        "conversion: entries into the next stage by entries into this one, both in it. Skipped, "
        "came back, came again: moves that a plain funnel would hide.",
    )
    shown = [share(each) for each in ("Step conversion", "Period conversion", "Won so far")]
    panel = table_of_rows(about, rows(ask.FUNNEL), shown, sort_by="Entered")
    return _row("Funnel, of deals by their day of entry", 9, (24, panel))


def _estimates() -> Row:
    estimate = Meaning(
        "Won so far, and in the end",
        "Beside what was won so far of the deals that entered in the chosen time: the share that "
        "will be won, if the open ones end as the others did at their age, with its 95 % interval "
        "(Aalen-Johansen, won and lost as competing ends). A young cohort looks bad by what was "
        "won so far alone. Cannot be told: open past the last age at which any deal ended.",
    )
    shares = ("Won so far", "Estimate", "Low", "High", "Will be lost", "Cannot be told")
    by_week = Meaning(
        "Won so far and expected, by week of entry",
        "Each week's cohort in the stage through which most deals come: won so far, and the share "
        "that will be won if its open deals end as those of the two years before did at their age; "
        "95 % of such cohorts end between at least and at most.",
        SHARE,
        maximum=1,
    )
    return _row(
        "Observed and estimated conversion",
        10,
        (
            13,
            table_of_rows(
                estimate, rows(ask.ESTIMATE), [share(each) for each in shares], sort_by="Entered"
            ),
        ),
        (11, points(by_week, [rows(ask.EXPECTATION, is_table=False)])),
    )


def _cohorts() -> Row:
    about = Meaning(
        "Cohorts by week",
        "Of the deals that came to a stage in a week, the share won within so many days of that. "
        "Empty: the youngest of them is not yet so old. Read a column down to compare weeks at the "
        "same age.",
    )
    shown = [shaded(each) for each in (*ask.MATURITY_HEADINGS, "so far")]
    panel = table_of_rows(about, rows(ask.HEATMAP), shown, sort_by="Week")
    return _row("Cohorts", 9, (24, panel))


def _leak() -> Row:
    leak = Meaning(
        "Leak by step",
        "Deals that were lost before they got further, by the stage they entered in the chosen "
        "time, greatest first; in money per currency; and the same of the time before, as long.",
    )
    reasons = Meaning("Why lost", "Reasons of the deals lost in the chosen time.")
    shown = [share("Share lost"), share("Share lost before")]
    return _row(
        "Leak",
        9,
        (15, table_of_rows(leak, rows(ask.LEAK), shown, sort_by="Lost")),
        (9, table_of_rows(reasons, rows(ask.REASONS), [count("Money")], sort_by="Deals")),
    )


def _velocity() -> Row:
    about = Meaning(
        "Sales velocity",
        "Open deals x win rate x average won / cycle, money a day, with its four factors, now and "
        "in the time before. Open: at the end of the time. Win rate: won / (won + lost), of those "
        "that ended in it. Cycle: creation to win.",
    )
    shown = [share("Win rate"), duration("Cycle"), count("Velocity a day"), count("Average won")]
    return _row(
        "Velocity", 7, (24, table_of_rows(about, rows(ask.VELOCITY), shown, sort_by="Open"))
    )


def _time() -> Row:
    about = Meaning(
        "Time in stage",
        "Stays that were over in the chosen time, and the ages of those that are not: median and "
        "the age that nine of ten do not pass.",
    )
    names = ("Stays median", "Stays p90", "Still there median", "Still there p90")
    shown = [duration(each) for each in names]
    panel = table_of_rows(about, rows(ask.TIME_IN_STAGE), shown, sort_by="Still there")
    return _row("Time in stage", 8, (24, panel))
