"""How far teams have come with what they should reach in the month. Pure: no clock, no I/O."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time
from functools import cache, partial
from typing import NamedTuple, TypeVar

from msgspec import UNSET

from schemas.measures import QUARTER_SECONDS
from schemas.roster import TARGETS, Entry
from streams.baseline.calendar import quarters
from streams.roster import Period, RosterIndex, zone_info

_E = TypeVar("_E", bound=Entry)
Reached = Mapping[tuple[str, str], float]
"""What teams have reached since the month began, by team and measure; what is absent is none."""


class Month(NamedTuple):
    """A calendar month on the clock of a site: [start_at, end_at), seconds since 1970."""

    start_at: float
    end_at: float


class Progress(NamedTuple):
    """A team's target and where it stands. `target` and `reached` are counts."""

    team: str
    site: str
    measure: str
    target: int
    reached: float
    time_ratio: float
    """The share of the month's working time that has gone by, 0..1."""


def month_of(site: str, roster: RosterIndex, at: float) -> Month:
    """Return the month that *at* lies in at a site."""
    zone = zone_info(roster.zone(site, at))
    first = datetime.fromtimestamp(at, zone).date().replace(day=1)
    year, month = divmod(first.year * 12 + first.month, 12)
    following = first.replace(year=year, month=month + 1)
    start, end = (datetime.combine(day, time.min, zone) for day in (first, following))
    return Month(start.timestamp(), end.timestamp())


def time_ratio(site: str, roster: RosterIndex, at: float) -> float | None:
    """Return the share of the month's working time that has gone by at *at*; None if it has none.

    Quarters of an hour count that begin in working hours and on no holiday, the last one in part.
    """
    month = month_of(site, roster, at)
    starts = [each for each in quarters(*month) if roster.is_working(site, each)]
    if not starts:
        return None
    gone = sum(min(1.0, max(0.0, (at - start) / QUARTER_SECONDS)) for start in starts)
    return gone / len(starts)


class Targets(NamedTuple):
    """What a team should reach in a month, by measure, and the site whose month it is."""

    site: str
    counts: dict[str, int]


def targeted(roster: RosterIndex, at: float) -> dict[str, Targets]:
    """Return the targets of each team that has any at *at*: its own, or else its site's.

    What is no measured count is left out.
    """
    periods = roster.periods()
    usual = {each.id: each.entry.monthly_targets for each in _now(periods.sites, at)}
    found: dict[str, Targets] = {}
    for each in _now(periods.teams, at):
        team = each.entry
        said = team.monthly_targets
        wanted = usual.get(team.site, UNSET) if said is UNSET else said
        counts = {} if wanted is UNSET else {name: wanted[name] for name in sorted(wanted)}
        counts = {name: count for name, count in counts.items() if name in TARGETS}
        if counts:
            found[each.id] = Targets(team.site, counts)
    return found


def _now(periods: Iterable[Period[_E]], at: float) -> Iterator[Period[_E]]:
    return (each for each in periods if each.start_at <= at < each.end_at)


def progress(
    roster: RosterIndex, reached: Reached, at: float, *, began_at: float
) -> Iterator[Progress]:
    """Yield where each team stands that has a target at *at*. The target is that of now.

    Nothing of a site at which counting began on a later day than work did in this month: what its
    teams reached before is not known.

    Args:
        roster: the teams with their targets, the sites with their calendars.
        reached: in the month that *at* lies in at each team's site.
        at: now, seconds since 1970.
        began_at: when counting began.
    """
    ratio = cache(partial(_known_ratio, roster=roster, at=at, began_at=began_at))
    for id_, (site, targets) in targeted(roster, at).items():
        for measure, target in targets.items():
            share = ratio(site)
            if share is not None:
                count = reached.get((id_, measure), 0.0)
                yield Progress(id_, site, measure, target, count, share)


def _known_ratio(site: str, roster: RosterIndex, at: float, began_at: float) -> float | None:
    if began_at > month_of(site, roster, at).start_at:
        before = time_ratio(site, roster, roster.day_start(site, began_at))
        if began_at > at or before is None or before > 0:
            return None
    return time_ratio(site, roster, at)
