"""The board of whoever looks after customers: calls back, repeats, resolution, several legs.

What has passed its window is final, and counted over the chosen time; what has not is provisional.
"""

from collections.abc import Iterable, Iterator

from grafanalib import core

from dashboards import promql, sql
from dashboards.floor import gauge
from dashboards.grafana import rows, samples
from dashboards.layout import Look, Row, board, evenly
from dashboards.panels import CALM, Meaning, bars, lines, meaning, number, table_of_rows
from dashboards.selection import CHOSEN_WINDOW, QUEUES, QUEUES_SQL, variables
from schemas import kpis
from schemas.kpis import BY_NAME, Kpi, Total

_SO_FAR = (
    *("contacts", "contacts_missed", "missed_call_closure_so_far"),
    *("repeat_contact_rate_24h", "repeat_contact_rate_7d", "followed_so_far_24h"),
)
_CALLS_BACK = ("missed_call_closure", "missed_call_reach", "missed_call_closure_so_far")
_REPEATS = (
    *("first_contact_resolution_24h", "first_contact_resolution_7d"),
    *("repeat_contact_rate_24h", "repeat_contact_rate_7d"),
)
_BY_QUEUE = (
    *("contacts", "contacts_missed", *_CALLS_BACK, *_REPEATS),
    *("followed_so_far_24h", "followed_so_far_7d"),
)
_AGE_STEPS = ((CALM, None), ("orange", 4 * 3600.0), ("red", 24 * 3600.0))
"""Of the oldest: after 24 hours a call back no longer closes it."""
_OPEN = f"ringside_{kpis.MISSED_CALLS_OPEN.name}{QUEUES}"


def contacts() -> core.Dashboard:
    """Return the board."""
    return board(
        "contacts",
        "Customers and their calls: who waits for a call back, who calls again, and which "
        "numbers are final.",
        [_numbers(), _backlog(), *_over_time(), _by_queue(), _several_legs()],
        variables(("site", "queue", "window"), window_name="today"),
        Look("now-7d", "30s"),
    )


def _numbers() -> Row:
    oldest = gauge(kpis.OLDEST_MISSED_CALL, "Oldest to call back", "s", _AGE_STEPS)
    oldest_now = promql.or_zero(f"max(ringside_{kpis.OLDEST_MISSED_CALL.name}{QUEUES})")
    return evenly(
        4,
        [
            number(
                gauge(kpis.MISSED_CALLS_OPEN, "To call back now"),
                samples(promql.or_zero(f"sum({_OPEN})")),
            ),
            number(oldest, samples(oldest_now), is_big=True),
            *(_number(BY_NAME[name]) for name in _SO_FAR),
        ],
        "Now, and in the window: $window",
    )


def _number(kpi: Kpi) -> core.Stat:
    expression = promql.expression(kpi, (), QUEUES.and_(CHOSEN_WINDOW))
    if isinstance(kpi.formula, Total):
        expression = promql.or_zero(expression)
    return number(meaning(kpi), samples(expression))


def _backlog() -> Row:
    ages = Meaning(
        "Backlog by age",
        f"{kpis.MISSED_CALLS_OPEN.help} Within 24 hours a call back still closes a missed call.",
    )
    query = """SELECT
    missed_at AS "Missed at",
    queue AS "Queue",
    call_id AS "Call",
    age_seconds AS "Age",
    source AS "Source",
    CASE WHEN is_closed_by_us THEN 'closed by us' ELSE '' END AS "End"
FROM ringside.missed_call
WHERE is_open
    AND queue ~ $re$^(${queue:regex})$$re$
ORDER BY missed_at
LIMIT 500"""
    about = Meaning(
        "To call back",
        "Missed calls of the last 7 d that nobody has called back and whose customer has not "
        "got through since, oldest first; at most 500. The customer is in "
        "`ringside.missed_call`. A call that Ringside closed because no news came counts as "
        "missed from its last event.",
    )
    age = Meaning("Age", "", "s", _AGE_STEPS)
    return Row(
        9,
        (
            (7, bars(ages, [samples(f"sum by (age) ({_OPEN})", "{{age}}")])),
            (17, table_of_rows(about, rows(query), [age], sort_by="Age")),
        ),
        "Calls back",
    )


def _over_time() -> Iterator[Row]:
    yield Row(
        8,
        (
            (12, _hours("Calls back, by hour of the missed call", _CALLS_BACK)),
            (12, _hours("Repeats and resolution, by hour of the contact", _REPEATS)),
        ),
        "By arrival",
    )


def _hours(title: str, names: tuple[str, ...]) -> core.TimeSeries:
    kpis_ = [BY_NAME[name] for name in names]
    shown = ",\n".join(f'    {sql.value(kpi)} AS "{kpi.title}"' for kpi in kpis_)
    query = f"""SELECT
    $__timeGroupAlias(start_at, '1h'),
{shown}
FROM ringside.pane_located
WHERE $__timeFilter(start_at)
    AND direction = 'inbound'
    AND {QUEUES_SQL}
GROUP BY 1
ORDER BY 1"""  # noqa: S608 - made of the catalogue alone
    about = Meaning(title, _helps(kpis_), "percentunit", maximum=1)
    return lines(about, [rows(query, is_table=False)])


def _by_queue() -> Row:
    kpis_ = [BY_NAME[name] for name in _BY_QUEUE]
    shown = ",\n".join(f'    {sql.value(kpi)} AS "{kpi.title}"' for kpi in reversed(kpis_))
    ordered = ",\n".join(f'    "{kpi.title}"' for kpi in kpis_)
    query = f"""SELECT
    "Queue",
{ordered}
FROM (
    SELECT
    coalesce(queue, 'all') AS "Queue",
    grouping(queue) AS is_all,
{shown}
    FROM ringside.pane_located
    WHERE $__timeFilter(start_at)
        AND direction = 'inbound'
        AND {QUEUES_SQL}
    GROUP BY GROUPING SETS ((queue), ())
) AS queues
WHERE "Contacts" > 0
ORDER BY is_all, "Contacts" DESC"""  # noqa: S608 - made of the catalogue alone
    about = Meaning(
        "Queues, over the chosen time", f"By the queue that a contact came to.\n\n{_helps(kpis_)}"
    )
    panel = table_of_rows(about, rows(query), [meaning(kpi) for kpi in kpis_], sort_by="Contacts")
    return Row(8, ((24, panel),))


def _helps(kpis_: Iterable[Kpi]) -> str:
    return "\n".join(f"- {kpi.title}: {kpi.help}" for kpi in kpis_)


def _several_legs() -> Row:
    query = """SELECT
    min(offered_at) AS "Came",
    call_id AS "Call",
    count(*) AS "Legs",
    string_agg(coalesce(nullif(queue, ''), '?'), ' > ' ORDER BY leg) AS "Way",
    string_agg(nullif(rep, ''), ' > ' ORDER BY leg) AS "Reps",
    max(earlier_wait_seconds + wait_seconds) AS "Waited in all",
    sum(talk_seconds) AS "Talked",
    CASE WHEN bool_or(outcome = 'answered') THEN 'answered' ELSE max(outcome) END AS "Became"
FROM ringside.call
WHERE call_id IN (
    SELECT call_id FROM ringside.call WHERE leg > 1 AND $__timeFilter(offered_at)
)
GROUP BY topic, partition, source, call_id
HAVING bool_or(queue ~ $re$^(${queue:regex})$$re$)
ORDER BY 1 DESC
LIMIT 200"""
    about = Meaning(
        "Contacts of several legs",
        "Transferred calls. Each leg counts in its own queue; all legs are one contact. "
        "Waited in all: in all queues, up to the last answer. Newest first; at most 200.",
    )
    seconds = Meaning("Waited in all", "", "s")
    shown = [seconds, seconds.called("Talked")]
    panel = table_of_rows(about, rows(query), shown, sort_by="Came")
    return Row(9, ((24, panel),), "Transferred")
