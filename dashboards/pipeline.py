"""The board of sales operations: the funnel, where it leaks, how fast it is, how it will end."""

from grafanalib import core

from dashboards import estimate_queries as estimated
from dashboards import pipeline_live as live
from dashboards import pipeline_queries as ask
from dashboards.deal_panels import (
    PENDING,
    SHARE,
    by_variable,
    columns,
    count,
    deal_variables,
    defined,
    duration,
    kpis,
    shaded,
    share,
)
from dashboards.grafana import rows
from dashboards.layout import Look, Row, board
from dashboards.panels import Meaning, number, points, table_of_rows
from dashboards.selection import variables


def pipeline() -> core.Dashboard:
    """Return the board."""
    chosen = variables(("team",), window_name="today")
    shown = [_whole(), *_funnel(), _estimates(), _cohorts(), _leak(), _velocity(), _time()]
    return board(
        "pipeline",
        "How deals move through their pipelines: both conversions, leaks, velocity, and "
        "cohorts with their expected end.",
        [*live.rows_of_now(), *shown, live.changes()],
        [*deal_variables(), by_variable(), *chosen],
        Look("now-90d", "1m"),
    )


def _row(heading: str, height: int, *panels: tuple[int, core.Panel]) -> Row:
    return Row(height, panels, heading)


def _whole() -> Row:
    shown = kpis("created_win_share", "decided_win_share", "cohort_open_share")
    about = Meaning(
        "The whole pipeline",
        "Deals that were created in the chosen time, and what has become of them since. Owner and "
        "team: as now.",
    )
    money = (count("Money created"), count("Money won"))
    panel = table_of_rows(
        defined(about, shown), rows(ask.WHOLE), [*columns(shown), *money], sort_by="Created"
    )
    behind = Meaning(
        "Deals still to judge",
        "Deals that what PostgreSQL shows (this row and those below) still judges by the pipelines "
        "before the last change. They are judged anew a thousand at a time, within minutes for a "
        "million; until this is 0, old and new stages stand side by side.",
        steps=PENDING,
    )
    left = number(behind, rows(ask.NOT_JUDGED))
    return _row("Created in the chosen time, and what became of them", 6, (20, panel), (4, left))


def _funnel() -> tuple[Row, Row]:
    shown = kpis(
        *("cohort_conversion", "path_conversion", "period_conversion", "cohort_win_share"),
        *("cohort_open_share", "skipped", "backward", "re_entries"),
    )
    about = Meaning(
        "Funnel",
        "Each stage's deals of the chosen time. Owner and team: those at that instant. What no "
        "pipeline has a name for is shown as unknown.",
    )
    panel = table_of_rows(
        defined(about, shown), rows(ask.FUNNEL), columns(shown), sort_by="Entered"
    )
    alike = kpis("cohort_conversion", "period_conversion", "cohort_win_share", "cohort_open_share")
    compared = Meaning(
        "Steps compared",
        "The same for each team, owner (rep), source, segment or currency, as chosen above: those "
        "at the entry. At most 500 rows.",
    )
    comparison = table_of_rows(
        defined(compared, alike), rows(ask.COMPARED), columns(alike), sort_by="Entered"
    )
    return (
        _row("Funnel, of deals by their day of entry", 9, (24, panel)),
        _row("The same, compared by $by", 9, (24, comparison)),
    )


def _estimates() -> Row:
    shown = kpis(
        *("cohort_win_share", "estimated_conversion", "estimated_conversion_low"),
        *("estimated_conversion_high", "estimated_loss", "undecided"),
    )
    estimate = Meaning(
        "Won so far, and in the end",
        "Of the deals that entered in the chosen time. Owner and team: those at the entry. A young "
        "cohort looks bad by what was won so far alone.",
    )
    by_week = Meaning(
        "Won so far and expected, by week of entry",
        "Each week's cohort in the stage through which most deals come: won so far, and the share "
        "that will be won if its open deals end as those of the two years before did at their age; "
        "95 % of such cohorts end between at least and at most.",
        SHARE,
        maximum=1,
    )
    table = table_of_rows(
        defined(estimate, shown), rows(estimated.ESTIMATE), columns(shown), sort_by="Entered"
    )
    return _row(
        "Observed and estimated conversion",
        10,
        (13, table),
        (11, points(by_week, [rows(estimated.EXPECTATION, is_table=False)])),
    )


def _cohorts() -> Row:
    about = Meaning(
        "Cohorts by week",
        "Of the deals that entered a stage in a week, the share won within so many days. "
        "Empty: the youngest of them is not that old yet. Read down a column to compare weeks "
        "at the same age. What is still open may yet be won.",
    )
    shown = [shaded(each) for each in (*estimated.MATURITY_HEADINGS, "so far")]
    panel = table_of_rows(about, rows(estimated.HEATMAP), shown, sort_by="Week")
    return _row("Cohorts", 9, (24, panel))


def _leak() -> Row:
    shown = kpis("lost_share", "lost_share_change", "lost_of_decided", "lost_value")
    leak = Meaning(
        "Leak by step",
        "Deals that were lost before they reached a further stage, by the stage that they "
        "entered in the chosen time; most first, money per currency. Rank 1 by deals, or by money, "
        "is the leak. Changes compare with the preceding period of the same length.",
    )
    because = kpis("exits_by_reason")
    reasons = Meaning(
        "Why lost",
        "Reasons for the deals lost in the chosen time. Changes compare with the preceding "
        "period of the same length.",
    )
    more = (share("Change of decided"), count("Change of money"), count("Change of lost"))
    return _row(
        "Leak",
        9,
        (
            15,
            table_of_rows(
                defined(leak, shown), rows(ask.LEAK), [*columns(shown), *more], sort_by="Lost"
            ),
        ),
        (
            9,
            table_of_rows(
                defined(reasons, because),
                rows(ask.REASONS),
                [count("Money"), count("Change of money"), count("Change of deals")],
                sort_by="Deals by reason",
            ),
        ),
    )


def _velocity() -> Row:
    factors = kpis("open_deals", "pipeline_win_rate", "average_won_value", "cycle")
    parts = kpis(
        *("change_by_open_deals", "change_by_win_rate"),
        *("change_by_average_won", "change_by_cycle"),
    )
    shown = (*kpis("sales_velocity"), *parts, *factors)
    about = Meaning(
        "Sales velocity",
        "The chosen time and the preceding period of the same length, with the four factors "
        "of each, and how much each factor changed the velocity. The parts add up to the "
        "change.",
    )
    before = (share("Win rate before"), duration("Cycle before"))
    panel = table_of_rows(
        defined(about, shown),
        rows(ask.VELOCITY),
        [*columns(shown), *before],
        sort_by="Open deals",
    )
    return _row("Velocity", 7, (24, panel))


def _time() -> Row:
    shown = kpis("stay_p50", "stay_p90", "open_age_p50", "open_age_p90")
    about = Meaning(
        "Time in stage",
        "Stays that ended in the chosen time, and the ages of those that have not ended.",
    )
    panel = table_of_rows(
        defined(about, shown), rows(ask.TIME_IN_STAGE), columns(shown), sort_by="Still there"
    )
    spread = Meaning(
        "How long stays last",
        "The same stays by their length. Still there: how old they are now.",
    )
    histogram = table_of_rows(spread, rows(ask.HISTOGRAM), [], sort_by="Stays")
    return _row("Time in stage", 8, (12, panel), (12, histogram))
