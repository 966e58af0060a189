"""All baselines of an installation, from what the database has of the last weeks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from streams.baseline.calendar import Day, days
from streams.baseline.profile import OWN_WEEKS, Profile, learn, scaled, share
from streams.roster import UNKNOWN, RosterIndex

ALGORITHM = 1
"""Version of how it is done. Stored with each baseline; a change of what comes out is a new one."""


class Series(NamedTuple):
    """Whose activity: of a team (kind: a measure), or of a source at a site (kind: '')."""

    subject: Literal["team", "source"]
    name: str
    site: str
    kind: str


class Counts(msgspec.Struct):
    """What happened, by start of the quarter of an hour, and how late it is known on average."""

    by_quarter: dict[int, float] = msgspec.field(default_factory=dict)
    delay_seconds: float = 0.0


History = Mapping[Series, Counts]


class Span(NamedTuple):
    """[start_at, end_at): from when counting began, at the earliest, to what is complete."""

    start_at: float
    end_at: float


def build(history: History, roster: RosterIndex, span: Span) -> dict[Series, Profile]:
    """Return the baseline of each series; one of which nothing can be said has none.

    A team with fewer than OWN_WEEKS weeks of its own gets its part of its site's: the part it had
    so far, or, before it did anything, its part of the site's reps.
    """
    found = {series: _own(series, history[series], roster, span) for series in _sources(history)}
    teams = {series: counts for series, counts in history.items() if series.subject == "team"}
    for place, counts in _sites(teams).items():
        whole = _own(place, counts, roster, span)
        if whole is not None:
            for series in _teams_of(place, teams, roster, span.end_at):
                found[series] = _of_team(series, teams.get(series), whole, (roster, span))
    return {series: profile for series, profile in found.items() if profile is not None}


def _sources(history: History) -> list[Series]:
    """Return the sources at their sites; what belongs to no site only where it is all there is."""
    found = [series for series in history if series.subject == "source"]
    placed = {series.name for series in found if series.site}
    return [series for series in found if series.site or series.name not in placed]


def _own(series: Series, counts: Counts, roster: RosterIndex, span: Span) -> Profile | None:
    profile = learn(_days(series, counts, roster, span))
    return profile and msgspec.structs.replace(profile, delay_seconds=counts.delay_seconds)


def _of_team(
    series: Series, counts: Counts | None, whole: Profile, where: tuple[RosterIndex, Span]
) -> Profile | None:
    roster, span = where
    own = _days(series, counts, roster, span) if counts is not None else []
    if counts is not None and len({day.week for day in own}) >= OWN_WEEKS:
        return _own(series, counts, roster, span)
    part = share(own, whole) if own else _share_of_reps(series, roster, span.end_at)
    return scaled(whole, part) if part else None


def _days(series: Series, counts: Counts, roster: RosterIndex, span: Span) -> Sequence[Day]:
    """Return the days since the series first had anything: before that it was not there."""
    happened = [start for start, count in counts.by_quarter.items() if count]
    start_at = max(span.start_at, min(happened, default=span.end_at))
    return days(
        counts.by_quarter,
        series.site,
        roster,
        start_at=_midnight(series, roster, start_at),
        end_at=span.end_at,
    )


def _midnight(series: Series, roster: RosterIndex, at: float) -> float:
    """Return the start of that day: of the day on which it began, the morning belongs to it."""
    return roster.day_start(series.site, at)


def _sites(teams: History) -> dict[Series, Counts]:
    """Return what all teams of each site did together, by kind."""
    sums: dict[Series, Counts] = defaultdict(Counts)
    for series, counts in teams.items():
        if series.name == UNKNOWN:
            continue
        site = sums[series._replace(name="")]
        for start, count in counts.by_quarter.items():
            site.by_quarter[start] = site.by_quarter.get(start, 0.0) + count
        site.delay_seconds = max(site.delay_seconds, counts.delay_seconds)
    return sums


def _teams_of(place: Series, teams: History, roster: RosterIndex, at: float) -> frozenset[Series]:
    """Return the teams of a site: those that did something, and those that have reps now."""
    active = {each for each in teams if (each.site, each.kind) == (place.site, place.kind)}
    staffed = {
        place._replace(name=team)
        for team in roster.team_sizes(at)
        if roster.site_of_team(team, at) == place.site
    }
    return frozenset(each for each in active | staffed if each.name != UNKNOWN)


def _share_of_reps(series: Series, roster: RosterIndex, at: float) -> float:
    sizes = roster.team_sizes(at)
    at_site = sum(
        size for team, size in sizes.items() if roster.site_of_team(team, at) == series.site
    )
    return sizes.get(series.name, 0) / at_site if at_site else 0.0
