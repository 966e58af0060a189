"""Calls that still wait when somebody reads: what the best possible service level needs to know."""

from collections.abc import Iterable

from schemas.kpis import WAITING_IN_TARGET
from schemas.measures import GRAINS_SECONDS
from streams.call_state import Call
from streams.facts import Fact, dims_of
from streams.panes import PaneTable
from streams.roster import RosterIndex

_ONE = ((WAITING_IN_TARGET.name, 1),)


def waiting_in_target(
    live: Iterable[object], roster: RosterIndex, now: float
) -> dict[int, PaneTable]:
    """Return panes, by arrival, of the calls that wait no longer yet than their queue's target.

    Of a call that has waited longer, no answer will be in time any more.
    """
    tables = {grain: PaneTable(grain) for grain in GRAINS_SECONDS}
    for call in live:
        if not isinstance(call, Call) or not is_waiting(call):
            continue
        offered_at = call.offered_at or 0.0
        if now - offered_at <= roster.queue(call.queue, offered_at).target_seconds:
            fact = Fact(offered_at, dims_of(call.queue, "", "inbound", "", call.source), _ONE)
            for table in tables.values():
                table.count(fact)
    return tables


def is_waiting(call: Call) -> bool:
    """Whether a live call waits in a queue."""
    return call.direction == "inbound" and call.answered_at is None
