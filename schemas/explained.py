"""Numbers of the boards that `ringside explain` does not add up, and where to look instead."""

from collections.abc import Mapping

from schemas import kpis as k
from schemas.funnel_kpis import FUNNEL_KPIS, FunnelKpi

_OPEN_CALLS = (
    "it counts what is open at this moment. The calls are rows of ringside.call: those without an "
    "outcome wait, those answered and without ended_at are in progress."
)
_STATES = (
    "it is what reps do at this moment, a row of ringside.rep_state each; ringside.rep_turn has "
    "all states, from when until when."
)
_MISSED = (
    "it counts what waits at this moment to be called back: the rows of ringside.missed_call whose "
    "is_open is true."
)
_NOW: Mapping[k.Now, str] = {
    **dict.fromkeys((k.CALLS_WAITING, k.CALLS_IN_PROGRESS, k.LONGEST_WAIT), _OPEN_CALLS),
    **dict.fromkeys((k.REPS_IN_STATE, k.REPS_PAUSED, k.LONGEST_IN_STATE), _STATES),
    **dict.fromkeys((k.MISSED_CALLS_OPEN, k.OLDEST_MISSED_CALL), _MISSED),
    k.DAY: "it is made of no events: the roster says the site's time zone.",
}


def _of_deals(kpi: FunnelKpi) -> str:
    source = kpi.read_from.replace("`", "")
    return (
        f"it is computed from deals as they are now ({source}), whatever told of them when. Each "
        "is a row of ringside.deal with its moves, owners and ends; ringside.deal_visits(since) "
        "has a row for each stage that a deal was in."
    )


WHY_NOT: Mapping[str, str] = {now.name: _NOW[now] for now in k.NOW} | {
    kpi.name: _of_deals(kpi) for kpi in FUNNEL_KPIS
}
"""Name -> what it is instead, and where its parts are."""
