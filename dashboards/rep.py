"""The board of one rep, or of some: states as they followed, own calls, own figures."""

from collections.abc import Iterator, Mapping

from grafanalib import core

from dashboards import sql
from dashboards.grafana import Json, rows
from dashboards.layout import Look, Row, board, evenly
from dashboards.panels import Meaning, columns, meaning, table_of_rows
from dashboards.percentiles import percentiles_of_teams_and_reps
from dashboards.selection import REPS_SQL, TEAMS_SQL, variables
from dashboards.shifts import BETWEEN_CALLS, PAUSED_FOR, pauses, shifts
from dashboards.timeline import timeline
from schemas import measures as m
from schemas.kpis import BY_NAME

STATES: Mapping[str, tuple[str, str]] = {
    "available": ("Available", "green"),
    "ringing": ("Ringing", "yellow"),
    "on_call": ("On call", "blue"),
    "after_call_work": ("After-call work", "purple"),
    "paused": ("Paused", "orange"),
    "offline": ("Offline", "transparent"),
    BETWEEN_CALLS: ("Between calls", "#80808040"),
}
"""State -> how it is called, and its colour."""

_FIGURES = (
    *("calls_answered", "average_speed_of_answer_seconds", "average_handle_time_seconds"),
    *("average_talk_time_seconds", "average_hold_time_seconds"),
    "average_after_call_work_seconds",
    *("calls_transferred_blind", "calls_transferred_attended", "blind_transfer_rate"),
    *("attended_transfer_rate", "holds_per_handled_call", "calls_dialled", "connect_rate"),
    *("concurrent_contacts", "occupancy_of_contacts", "utilisation", "occupancy"),
)
_TIMES = {
    "Available": m.REP_AVAILABLE,
    "Ringing": m.REP_RINGING,
    "On call": m.REP_ON_CALL,
    "After-call work": m.REP_WRAPUP,
    "Paused": m.REP_PAUSED,
}


def rep() -> core.Dashboard:
    """Return the board."""
    return board(
        "rep",
        "Reps: the sequence of their states, their calls and their figures.",
        [*_states(), _figures(), percentiles_of_teams_and_reps(), _calls()],
        variables(("site", "team", "rep", "window"), window_name="today"),
        Look("now-8h", "10s"),
    )


def _states() -> Iterator[Row]:
    about = Meaning(
        "States",
        "The shift of each rep: the states that were sent, pauses with their reason. Where "
        "none were sent, the states come from the calls: on a call, after-call work, and "
        "between calls, when the rep may have done anything.",
    )
    colours: Json = {
        state: {"text": text, "color": colour} for state, (text, colour) in STATES.items()
    }
    text, colour = STATES["paused"]
    paused: Json = {f"^{PAUSED_FOR}(.*)$": {"text": f"{text}: $1", "color": colour}}
    yield Row(9, ((24, timeline(about, rows(shifts()), colours, paused, by="Rep")),), "States")
    yield evenly(8, [_now(), _times(), _pauses()])


def _now() -> core.Table:
    query = f"""SELECT
    rep AS "Rep",
    state AS "State",
    reason AS "Reason",
    extract(epoch FROM now() - since) AS "Time in state"
FROM ringside.rep_state
WHERE {REPS_SQL}
ORDER BY since"""  # noqa: S608 - made of the catalogue alone
    about = Meaning("Now", "Each rep's present state, for how long, and why if paused.")
    shown = [Meaning("Time in state", "", "s")]
    return table_of_rows(about, rows(query), shown, sort_by="Time in state")


def _times() -> core.TimeSeries:
    shown = ",\n".join(f'    {sql.total(of)} AS "{name}"' for name, of in _TIMES.items())
    query = f"""SELECT
    start_at AS "time",
{shown}
FROM ringside.pane
WHERE $__timeFilter(start_at)
    AND {REPS_SQL}
GROUP BY start_at
HAVING sum(rep_available_seconds + rep_on_call_seconds + rep_paused_seconds) > 0
ORDER BY start_at"""  # noqa: S608 - made of the catalogue alone
    about = Meaning(
        "Time in each state", "Seconds in each quarter of an hour, of all chosen reps.", "s"
    )
    return columns(about, [rows(query, is_table=False)])


def _pauses() -> core.Table:
    about = Meaning("Paused, by reason", "How often, how long in all, and the longest one.")
    shown = [Meaning("Longest", "", "s"), Meaning("Paused", "", "s")]
    return table_of_rows(about, rows(pauses()), shown, sort_by="Paused")


def _figures() -> Row:
    kpis = [BY_NAME[name] for name in _FIGURES]
    shown = ",\n".join(f'    {sql.value(kpi)} AS "{kpi.title}"' for kpi in kpis)
    query = f"""SELECT
    rep AS "Rep",
    team AS "Team",
{shown}
FROM ringside.pane_located
WHERE $__timeFilter(start_at)
    AND rep <> ''
    AND {REPS_SQL}
    AND {TEAMS_SQL}
GROUP BY rep, team
ORDER BY rep"""  # noqa: S608 - made of the catalogue alone
    about = Meaning(
        "Figures", "Each rep in the chosen time. Empty: there was nothing to compute it from."
    )
    table = table_of_rows(about, rows(query), [meaning(kpi) for kpi in kpis], sort_by="Rep")
    return Row(7, ((24, table),), "In the chosen time")


def _calls() -> Row:
    query = f"""SELECT
    offered_at AS "Came",
    rep AS "Rep",
    queue AS "Queue",
    direction AS "Direction",
    wait_seconds AS "Wait",
    talk_seconds AS "Talk",
    hold_seconds AS "Hold",
    wrapup_seconds AS "After-call work",
    transfer_kind AS "Transferred",
    call_id AS "Call",
    outcome AS "Outcome"
FROM ringside.call
WHERE $__timeFilter(offered_at)
    AND rep <> ''
    AND {REPS_SQL}
ORDER BY offered_at DESC
LIMIT 500"""  # noqa: S608 - made of the catalogue alone
    seconds = [Meaning(name, "", "s") for name in ("Wait", "Talk", "Hold", "After-call work")]
    about = Meaning("Calls", "The latest calls that each rep answered or dialled, by arrival.")
    return Row(10, ((24, table_of_rows(about, rows(query), seconds, sort_by="Came")),))
