"""From what an event says to where it belongs: queue, team, site, with each queue's own limits.

Team and site are joined here, when panes are read, so a roster that comes late repairs the past.
"""

from typing import NamedTuple

from schemas.kpis import WITHINS
from schemas.measure import Limit
from streams.facts import Amount, Dims
from streams.names import Names
from streams.panes import Cells, add_up
from streams.roster import QueueInfo, RosterIndex


class Place(NamedTuple):
    """The labels of a live measure; "" where one does not apply."""

    queue: str
    team: str
    site: str
    team_site: str
    direction: str
    kind: str


def place_of(dims: Dims, at: float, roster: RosterIndex) -> Place:
    """Return where something of time *at* belongs; `unknown` where the roster does not know."""
    team = roster.team_of(dims.rep, at)
    team_site = roster.site_of_team(team, at)
    site = roster.queue(dims.queue, at).site if dims.queue else team_site
    return Place(dims.queue, team, site, team_site, dims.direction, dims.kind)


def _cells_up_to(limits: QueueInfo) -> list[tuple[str, tuple[str, ...]]]:
    """Return, for each Within, its name and the buckets at or under the queue's limit."""
    chosen = {
        Limit.TARGET: limits.target_seconds,
        Limit.SHORT_ABANDON: limits.short_abandon_seconds,
    }
    return [
        (within.name, within.histogram.cells[: within.histogram.bucket(chosen[within.limit]) + 1])
        for within in WITHINS
    ]


def locate(
    panes: dict[Dims, Cells], at: float, roster: RosterIndex, names: Names | None = None
) -> dict[Place, Cells]:
    """Merge the panes of one start by place, and count what lies within each queue's limits.

    With `names`, what they do not admit is merged under `other`.

    `activity_volume` is added as a cell of its own: the measures that the roster chose.
    """
    merged: dict[Place, Cells] = {}
    for dims, cells in list(panes.items()):
        place = place_of(dims, at, roster)
        if names is not None:
            place = names.shown(place, at, roster)
        add_up(merged.setdefault(place, {}), cells)
    for place, cells in merged.items():
        # A PBX's record may name no queue; its waits count by the limits of a queue not known.
        if place.direction == "inbound":
            for name, buckets in _cells_up_to(roster.queue(place.queue, at)):
                _put(cells, name, buckets)
        _put(cells, ACTIVITY_VOLUME, roster.activity_volume)
    return merged


ACTIVITY_VOLUME = "activity_volume"


def _put(cells: Cells, name: str, parts: tuple[str, ...]) -> None:
    total: Amount = 0
    for part in parts:
        total += cells.get(part, 0)
    if total:
        cells[name] = total
