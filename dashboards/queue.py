"""The board of one queue, or of some: everything about its calls, by when they came."""

from collections.abc import Iterator

from grafanalib import core

from dashboards import promql, sql
from dashboards.floor import ACT, calls_now, calm
from dashboards.grafana import rows, samples
from dashboards.layout import Look, Row, board, evenly
from dashboards.panels import CALM, Meaning, bars, lines, meaning, number, table_of_rows
from dashboards.percentiles import INBOUND, OUTBOUND
from dashboards.selection import CHOSEN_WINDOW, QUEUES, QUEUES_SQL, variables
from schemas import measures as m
from schemas.kpis import BY_NAME, Kpi, Total
from schemas.measure import Measure

_LEVEL = "service_level_answered_of_offered"
_NUMBERS = (
    *("calls_offered", "calls_answered", "calls_abandoned", "abandonment"),
    *("abandonment_less_short", "average_speed_of_answer_seconds"),
    *("average_speed_of_answer_since_arrival_seconds", "average_handle_time_seconds"),
)
_BOUNDS = (_LEVEL, f"{_LEVEL}_best", f"{_LEVEL}_worst", f"{_LEVEL}_by_end")
_RULES = (
    *("service_level_answered_of_answered", "service_level_handled_of_offered", _LEVEL),
    *("service_level_answered_less_short", "service_level_answered_less_early"),
)
_RULES_BY_END = tuple(
    f"{name}_by_end" for name in (*_RULES, "abandonment", "abandonment_less_short")
)
_PARTS = (
    *("average_talk_time_seconds", "average_hold_time_seconds"),
    *("average_after_call_work_seconds", "average_dialling_time_seconds"),
)
_BY_QUARTER = (
    *("calls_offered", "calls_answered", "calls_abandoned"),
    *("abandoned_wait_within_short_abandon", "calls_flowed_out", *_BOUNDS, "abandonment"),
    *("average_speed_of_answer_seconds", "answered_wait_p90_seconds"),
    *("average_handle_time_seconds", "blind_transfer_rate", "attended_transfer_rate"),
    "holds_per_handled_call",
)
_OUTBOUND = (
    *("calls_dialled", "calls_connected", "connect_rate", "outbound_abandonment"),
    *("average_dialling_time_seconds", "outbound_average_handle_time_seconds"),
)
_ODD: tuple[Measure, ...] = (
    *(m.CALLS_ENDED_WITHOUT_ANSWER, m.CALLS_CLOSED_WAITING, m.CALLS_CLOSED_TALKING),
    *(m.CALLS_OUT_OF_SEQUENCE, m.CALLS_CONTRADICTED, m.CALLS_TOLD_BY_RECORD),
    *(m.CALLS_ENDED_LATER, m.CALLS_OFFERED_AGAIN, m.CALLS_CORRECTED, m.CALLS_MOVED_AWAY),
    m.CALLS_RETRACTED,
)


def queue() -> core.Dashboard:
    """Return the board."""
    return board(
        "queue",
        "Queues by the interval in which their calls arrived: service levels, waits, "
        "handling, corrections.",
        [*_window(), *_by_arrival(), *_rest()],
        variables(("site", "queue", "window"), window_name="today"),
        Look("now-24h", "30s"),
    )


def _window() -> Iterator[Row]:
    yield evenly(4, calls_now(), "Now")
    yield evenly(4, (_number(BY_NAME[name]) for name in _NUMBERS), "Window: $window")
    yield evenly(
        8,
        [
            _rules(Meaning("Service level, all rules", _rules_help()), _RULES),
            _rules(
                Meaning(
                    "By end, all rules",
                    "The same formulas over the calls that ended in the window, whenever they "
                    f"came:\n\n{_help_of(_RULES_BY_END)}",
                ),
                _RULES_BY_END,
            ),
            _rules(
                Meaning(
                    "Service level, best and worst",
                    "For the calls that arrived in the window: the current value, the best "
                    "and worst that it can still become while calls wait, and the value by "
                    "end of call.",
                ),
                _BOUNDS,
            ),
        ],
    )
    yield evenly(
        8,
        [
            _rules(
                Meaning("Percentiles", "50 %, 90 % and 95 % of the times are at most this long."),
                INBOUND,
            ),
            _rules(Meaning("Parts of the handle time", _help_of(_PARTS)), _PARTS),
        ],
    )


def _number(kpi: Kpi) -> core.Stat:
    expression = promql.expression(kpi, (), QUEUES.and_(CHOSEN_WINDOW))
    if isinstance(kpi.formula, Total):
        expression = promql.or_zero(expression)
    return number(calm(kpi), samples(expression))


def _rules(about: Meaning, names: tuple[str, ...]) -> core.BarGauge:
    kpis = [BY_NAME[name] for name in names]
    unit = meaning(kpis[0]).unit
    where = QUEUES.and_(CHOSEN_WINDOW)
    targets = [samples(promql.expression(kpi, (), where), kpi.title) for kpi in kpis]
    maximum = 1 if unit == "percentunit" else None
    return bars(Meaning(about.title, about.help, unit, maximum=maximum), targets)


def _by_arrival() -> Iterator[Row]:
    kpis = [BY_NAME[name] for name in _BOUNDS]
    shown = ",\n".join(f'    {sql.value(kpi)} AS "{kpi.title}"' for kpi in kpis)
    query = f"""SELECT
    start_at AS "time",
{shown}
FROM ringside.pane_located
WHERE $__timeFilter(start_at)
    AND direction = 'inbound'
    AND {QUEUES_SQL}
GROUP BY start_at
HAVING sum(calls_answered) > 0
ORDER BY start_at"""  # noqa: S608 - made of the catalogue alone
    level = Meaning(
        "Service level by arrival, with its best and worst",
        f"{_help_of(_BOUNDS)}\n\nEach call counts in the quarter of an hour in which it came.",
        "percentunit",
        maximum=1,
    )
    yield Row(9, ((24, lines(level, [rows(query, is_table=False)])),), "By arrival")
    yield Row(12, ((24, _quarters()),))


def _quarters() -> core.Table:
    kpis = [BY_NAME[name] for name in _BY_QUARTER]
    shown = ",\n".join(f'    {sql.value(kpi)} AS "{kpi.title}"' for kpi in reversed(kpis))
    ordered = ",\n".join(f'    "{kpi.title}"' for kpi in kpis)
    query = f"""SELECT
    "Quarter of an hour",
    "Queue",
{ordered}
FROM (
    SELECT
    start_at AS "Quarter of an hour",
    queue AS "Queue",
{shown}
    FROM ringside.pane_located
    WHERE $__timeFilter(start_at)
        AND direction = 'inbound'
        AND {QUEUES_SQL}
    GROUP BY start_at, queue
) AS quarters
WHERE "Offered" > 0
ORDER BY 1 DESC, 2
LIMIT 1000"""  # noqa: S608 - made of the catalogue alone
    about = Meaning(
        "Quarters of an hour",
        "Each queue and quarter of an hour, by arrival. 'At best' and 'at worst' differ from the "
        "level while calls of that quarter wait.",
    )
    return table_of_rows(
        about, rows(query), [calm(kpi) for kpi in kpis], sort_by="Quarter of an hour"
    )


def _rest() -> Iterator[Row]:
    yield evenly(4, (_number(BY_NAME[name]) for name in _OUTBOUND), "Outbound, $window")
    about = Meaning(
        "Outbound percentiles", "50 %, 90 % and 95 % of the times are at most this long."
    )
    yield Row(6, ((24, _rules(about, OUTBOUND)),))
    yield Row(8, ((10, _corrections()), (14, _odd())), "What the PBX corrected or left out")
    yield Row(8, ((24, _reconciled()),))


def _corrections() -> core.Table:
    query = """SELECT
    start_at AS "Quarter of an hour",
    queue AS "Queue",
    corrections AS "Corrections",
    calls_offered AS "Calls moved",
    service_level_before AS "Was",
    service_level_after AS "Is"
FROM ringside.service_level_correction
WHERE $__timeFilter(start_at)
    AND queue ~ $re$^(${queue:regex})$$re$
ORDER BY 1 DESC, 2"""
    share = Meaning("Was", "", "percentunit")
    about = Meaning(
        "Corrections",
        "Quarters of an hour that corrections changed: the service level before and after.",
    )
    return table_of_rows(
        about, rows(query), [share, share.called("Is")], sort_by="Quarter of an hour"
    )


def _odd() -> core.Table:
    shown = ",\n".join(f'    {sql.total(measure)} AS "{_title(measure)}"' for measure in _ODD)
    query = f"""SELECT
    queue AS "Queue",
    source AS "Source",
{shown}
FROM ringside.pane_located
WHERE $__timeFilter(start_at)
    AND queue <> ''
    AND {QUEUES_SQL}
GROUP BY queue, source
ORDER BY queue, source"""  # noqa: S608 - made of the catalogue alone
    helps = "\n".join(f"- {_title(measure)}: {measure.help}" for measure in _ODD)
    about = Meaning("What the PBX left out", f"Counts per queue and source:\n\n{helps}")
    return table_of_rows(about, rows(query), [], sort_by="Queue")


def _reconciled() -> core.Table:
    query = """SELECT
    to_at AS "Interval ends",
    source AS "Source",
    queue AS "Queue",
    missing AS "Missing",
    completed AS "Answered",
    completed_difference AS "Answered, difference",
    abandoned AS "Abandoned",
    abandoned_difference AS "Abandoned, difference",
    service_level AS "Service level",
    service_level_difference AS "Service level, difference",
    pbx_completed + pbx_abandoned AS "PBX's calls"
FROM ringside.reconciled($__timeFrom()::timestamptz, $__timeTo()::timestamptz)
WHERE queue ~ $re$^(${queue:regex})$$re$
ORDER BY to_at DESC, source, queue
LIMIT 1000"""
    about = Meaning(
        "The PBX's own counters",
        "What a PBX counted itself of calls that ended within an interval, beside what its events "
        "add up to. Difference: ours less the PBX's. Missing: `pbx`, it told of other queues and "
        "not of this one; `ours`, none of its calls ended for us; `not yet`, our log has not come "
        "to the end of the interval. `ringside reconcile --source S` says the same.",
    )
    apart = Meaning("Answered, difference", "", "short", ((ACT, None), (CALM, -0.5), (ACT, 0.5)))
    share = Meaning("Service level", "", "percentunit")
    shares_apart = ((ACT, None), (CALM, -0.0005), (ACT, 0.0005))
    shown = [
        *(apart, apart.called("Abandoned, difference"), share),
        Meaning("Service level, difference", "", "percentunit", shares_apart),
    ]
    return table_of_rows(about, rows(query), shown, sort_by="Interval ends")


def _title(measure: Measure) -> str:
    return measure.name.removeprefix("calls_").replace("_", " ").capitalize()


def _help_of(names: tuple[str, ...]) -> str:
    return "\n".join(f"- {BY_NAME[name].title}: {BY_NAME[name].help}" for name in names)


def _rules_help() -> str:
    return f"Five formulas that are all called service level:\n\n{_help_of(_RULES)}"
