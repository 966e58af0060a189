"""Who was where at an instant: the roster as an index, built once and then only read.

Every entry holds from its start (inclusive) to the start of the next entry of the same id. A start
that is a date is midnight in the zone of the site that the entry belongs to; so is an instant
without an offset. Before its first entry, an id is as unknown as if it were not there.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, time
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.measures import QUARTER_SECONDS
from schemas.roster import (
    GHOST_AFTER_SECONDS,
    WEEKDAYS,
    Entry,
    Queue,
    Rep,
    Roster,
    Site,
    Team,
    default_limits,
)

UNKNOWN = "unknown"
"""The team of a rep, and the site of a queue, that the roster does not know at that time."""

ALWAYS = -math.inf
FOREVER = math.inf

_E = TypeVar("_E", bound=Entry)
_V = TypeVar("_V")


class QueueInfo(NamedTuple):
    """What a queue is at one time."""

    site: str
    zone: str
    target_seconds: float
    short_abandon_seconds: float
    ghost_after_seconds: float = GHOST_AFTER_SECONDS


UNKNOWN_QUEUE = QueueInfo(UNKNOWN, "UTC", **default_limits())


class Period(NamedTuple, Generic[_E]):
    """An entry and when it holds: `start_at` inclusive (-inf: always), `end_at` exclusive."""

    id: str
    start_at: float
    end_at: float
    entry: _E


class Timeline(Generic[_V]):
    """A value that changes at known instants."""

    __slots__ = ("starts", "values")

    def __init__(self, steps: Iterable[tuple[float, _V]]) -> None:
        ordered = sorted(steps, key=lambda step: step[0])
        self.starts = tuple(start for start, _ in ordered)
        self.values = tuple(value for _, value in ordered)

    def at(self, at: float) -> _V | None:
        """Return the value that holds at *at*, or None before the first."""
        index = bisect_right(self.starts, at) - 1
        return self.values[index] if index >= 0 else None


class RosterIndex:
    """Answers who and where, at any instant. Immutable: a changed roster is a new index.

    Raises:
        ValueError: a `from` is no day or time that exists; see `streams.roster_rules.validate`.
    """

    __slots__ = ("_queue_infos", "_queues", "_reps", "_sites", "_teams", "activity_volume")

    def __init__(self, roster: Roster) -> None:
        self.activity_volume = roster.activity_volume
        self._sites: Mapping[str, Timeline[Site]] = _timelines(
            roster.sites, lambda site, _: site.zone
        )
        self._teams: Mapping[str, Timeline[Team]] = _timelines(
            roster.teams, lambda team, at: self.zone(team.site, at)
        )
        present = _timelines(
            (rep for rep in roster.reps if rep.team is not None),
            lambda rep, at: self._zone_of_team(rep.team, at),
        )
        self._reps: Mapping[str, Timeline[Rep]] = _timelines(
            roster.reps, lambda rep, at: self._zone_of_team(rep.team or _team(present, rep, at), at)
        )
        self._queues: Mapping[str, Timeline[Queue]] = _timelines(
            roster.queues, lambda queue, at: self.zone(queue.site, at)
        )
        self._queue_infos = {id_: self._infos(line) for id_, line in self._queues.items()}

    def team_of(self, rep: str, at: float) -> str:
        """Return the rep's team at *at*: 'unknown' if in none, '' for ''."""
        if not rep:
            return ""
        line = self._reps.get(rep)
        entry = line.at(at) if line is not None else None
        return entry.team or UNKNOWN if entry is not None else UNKNOWN

    def site_of_team(self, team: str, at: float) -> str:
        """Return the team's site at *at*: 'unknown' if the roster has none, '' for ''."""
        if not team:
            return ""
        line = self._teams.get(team)
        entry = line.at(at) if line is not None else None
        return entry.site if entry is not None else UNKNOWN

    def queue(self, queue: str, at: float) -> QueueInfo:
        """Return what the queue is at *at*; one that is not known has the usual limits."""
        line = self._queue_infos.get(queue)
        return (line.at(at) if line is not None else None) or UNKNOWN_QUEUE

    def site_of(self, queue: str, rep: str, at: float) -> str:
        """Return the site something counts for: the queue's, else that of the rep's team."""
        return self.queue(queue, at).site if queue else self.site_of_team(self.team_of(rep, at), at)

    def zone(self, site: str, at: float) -> str:
        """Return the time zone of a site at *at*; UTC if it is not known."""
        entry = self._site(site, at)
        return entry.zone if entry is not None else "UTC"

    def day_start(self, site: str, at: float) -> float:
        """Return the instant at which the day that *at* lies in began at the site."""
        return day_start(self.zone(site, at), at)

    def day_seconds(self, site: str, at: float) -> float:
        """Return how long the day that *at* lies in is at the site: 23 to 25 hours."""
        start = self.day_start(site, at)
        # A day and two hours later it is tomorrow, and not yet the day after, whatever clocks do.
        return self.day_start(site, start + 26 * 3600) - start

    @property
    def sites(self) -> tuple[str, ...]:
        """The ids of all sites, of any time."""
        return tuple(self._sites)

    def is_working(self, site: str, at: float) -> bool:
        """Return whether *at* is in the site's working hours; a site not known always works."""
        entry = self._site(site, at)
        if entry is None:
            return True
        local = datetime.fromtimestamp(at, zone_info(entry.zone))
        hours = entry.working_hours.get(WEEKDAYS[local.weekday()])
        if hours is None or local.date() in entry.holidays:
            return False
        start, _, end = hours.partition("-")
        return start <= f"{local:%H:%M}" < end

    def team_sizes(self, at: float) -> dict[str, int]:
        """Return how many reps each team has at *at*; a team without any is left out."""
        entries = (line.at(at) for line in self._reps.values())
        return dict(Counter(entry.team for entry in entries if entry is not None and entry.team))

    def site_names(self) -> tuple[str, ...]:
        """Return the ids of all sites there ever were."""
        return tuple(sorted(self._sites))

    def periods(self) -> "Periods":
        """Return every entry with when it holds, as the database keeps it."""
        return Periods(
            sites=tuple(_periods(self._sites)),
            teams=tuple(_periods(self._teams)),
            # Who has left is in no team: as unknown as before the first day.
            reps=tuple(period for period in _periods(self._reps) if period.entry.team is not None),
            queues=tuple(_periods(self._queues)),
        )

    def starts(self) -> dict[str, dict[str, tuple[float, ...]]]:
        """Return the instants at which each entity changes, by kind and id."""
        lines: dict[str, Mapping[str, Timeline[Any]]] = {
            "site": self._sites,
            "team": self._teams,
            "rep": self._reps,
            "queue": self._queues,
        }
        return {
            kind: {id_: line.starts for id_, line in of_kind.items()}
            for kind, of_kind in lines.items()
        }

    def _site(self, site: str, at: float) -> Site | None:
        line = self._sites.get(site)
        return line.at(at) if line is not None else None

    def _zone_of_team(self, team: str | None, at: float) -> str:
        return self.zone(self.site_of_team(team or "", at), at)

    def _infos(self, line: Timeline[Queue]) -> Timeline[QueueInfo]:
        """Return what a queue is, with a step wherever it or its site changes."""
        starts = set(line.starts)
        for queue in line.values:
            site = self._sites.get(queue.site)
            starts.update(start for start in (site.starts if site else ()))
        infos = []
        for start in starts:
            queue_then = line.at(start)
            if queue_then is not None:
                zone = self.zone(queue_then.site, start)
                limits = (
                    queue_then.target_seconds,
                    queue_then.short_abandon_seconds,
                    queue_then.ghost_after_seconds,
                )
                infos.append((start, QueueInfo(queue_then.site, zone, *limits)))
        return Timeline(infos)


class Periods(NamedTuple):
    """The whole roster as periods."""

    sites: tuple[Period[Site], ...]
    teams: tuple[Period[Team], ...]
    reps: tuple[Period[Rep], ...]
    queues: tuple[Period[Queue], ...]


@lru_cache(maxsize=1024)
def zone_info(zone: str) -> ZoneInfo:
    """Return the rules of a time zone; UTC if there is no such zone (see `validate`)."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def day_start(zone: str, at: float) -> float:
    """Return the instant at which the day that *at* lies in began in *zone*.

    Where the clocks skip midnight, the day begins at the first instant after the gap.
    """
    # Offsets, and so midnights, are multiples of a quarter of an hour in all zones of today.
    return _day_start(zone, math.floor(at / QUARTER_SECONDS) * QUARTER_SECONDS)


@lru_cache(maxsize=16_384)
def _day_start(zone: str, quarter_at: int) -> float:
    info = zone_info(zone)
    today = datetime.fromtimestamp(quarter_at, info).date()
    return datetime.combine(today, time.min, info).timestamp()


def since_at(since: str | None, zone: str) -> float:
    """Return the instant that `from` means in *zone*; -inf if it was left out.

    Raises:
        ValueError: there is no such day or time, as in 2026-02-30.
    """
    if since is None:
        return ALWAYS
    start = datetime.fromisoformat(since)
    return (start if start.tzinfo else start.replace(tzinfo=zone_info(zone))).timestamp()


def _timelines(
    entries: Iterable[_E], zone_of: Callable[[_E, float], str]
) -> dict[str, Timeline[_E]]:
    """Group entries by id; `zone_of` gives an entry's zone at about its start."""
    steps: dict[str, list[tuple[float, _E]]] = {}
    for entry in entries:
        # The zone decides the start, and the start (of the site) the zone: a day either way does
        # not matter to the first, so that UTC is good enough to look the zone up.
        about = since_at(entry.since, "UTC")
        steps.setdefault(entry.id, []).append((since_at(entry.since, zone_of(entry, about)), entry))
    return {id_: Timeline(pairs) for id_, pairs in steps.items()}


def _team(present: Mapping[str, Timeline[Rep]], rep: Rep, at: float) -> str | None:
    """Return the team that a rep who leaves at about *at* leaves."""
    line = present.get(rep.id)
    entry = line.at(at) if line is not None else None
    return entry.team if entry is not None else None


def _periods(lines: Mapping[str, Timeline[_E]]) -> Iterator[Period[_E]]:
    for id_, line in sorted(lines.items()):
        ends = (*line.starts[1:], FOREVER)
        for start, end, entry in zip(line.starts, ends, line.values, strict=True):
            if start < end:
                yield Period(id_, start, end, entry)


EMPTY = RosterIndex(Roster())
"""Before the roster has been read: everything is unknown."""
