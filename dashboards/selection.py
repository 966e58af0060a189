"""What a board is of: the chosen site, queues, teams and window, as variables and as filters."""

from collections.abc import Collection

from grafanalib import core

from dashboards.grafana import choice_variable, label_variable, rows_variable
from dashboards.promql import Where, window
from schemas.measures import WINDOWS

QUEUES = Where(('site=~"$site"', 'queue=~"$queue"'))
TEAMS = Where(('team_site=~"$site"', 'team=~"$team"'))
"""Of measures: by the team's own site, since a team may serve queues of others."""
TEAMS_NOW = Where(('site=~"$site"', 'team=~"$team"'))
"""Of the reps' states now, which have no queue."""
CHOSEN_WINDOW = window("$window")

# Dollar-quoted, so that a team called O'Brien does not end the text.
TEAMS_SQL = "team_site ~ $re$^(${site:regex})$$re$ AND team ~ $re$^(${team:regex})$$re$"
"""The same filter in SQL."""
QUEUES_SQL = "site ~ $re$^(${site:regex})$$re$ AND queue ~ $re$^(${queue:regex})$$re$"
REPS_SQL = "rep ~ $re$^(${rep:regex})$$re$"

# Not every PBX tells of states: whoever had a call of late can be chosen, too.
_REPS = """SELECT told.rep
FROM (
    SELECT rep FROM ringside.rep_state
    UNION
    SELECT rep FROM ringside.call WHERE rep <> '' AND offered_at > now() - interval '1 day'
) AS told
LEFT JOIN ringside.roster_rep AS reps
    ON reps.id = told.rep AND reps.valid_from <= now() AND now() < reps.valid_to
WHERE coalesce(reps.team, 'unknown') ~ $re$^(${team:regex})$$re$
ORDER BY 1"""

_OF_QUEUES = '{__name__=~"ringside_calls_offered|ringside_calls_waiting", site=~"$site"}'
_OF_TEAMS = '{__name__=~"ringside_activity_volume|ringside_reps_in_state", site=~"$site"}'
_OF_SITES = '{__name__=~"ringside_calls_offered|ringside_activity_volume|ringside_reps_in_state"}'


def variables(shown: Collection[str], *, window_name: str) -> list[core.Template]:
    """Return the variables that every board has.

    Those that a board does not show it still carries, so that the links to the others pass them on.
    """
    made = [
        label_variable("site", "Site", f"label_values({_OF_SITES}, site)"),
        label_variable("queue", "Queue", f"label_values({_OF_QUEUES}, queue)"),
        label_variable("team", "Team", f"label_values({_OF_TEAMS}, team)"),
        rows_variable("rep", "Rep", _REPS),
        choice_variable("window", "Window", [each.name for each in WINDOWS], default=window_name),
    ]
    for variable in made:
        variable.hide = core.SHOW if variable.name in shown else core.HIDE_VARIABLE
    return made
