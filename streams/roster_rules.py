"""What a roster must obey, and how two of them differ: both as sentences for a person."""

from collections.abc import Collection, Iterator

import msgspec

from schemas.measures import ACTIVITY_VOLUME, SECONDS_BOUNDS
from schemas.roster import LIMITS, TARGETS, Entry, Roster, Site, Team
from streams.differences import differences
from streams.roster import UNKNOWN, RosterIndex, since_at
from streams.zones import is_zone

_VOLUMES = tuple(measure.name for measure in ACTIVITY_VOLUME)


def validate(roster: Roster) -> list[str]:
    """Return what is wrong with a roster, a sentence each; nothing if it may be published."""
    wrong = [
        *_ids(roster),
        *_sites(roster),
        *_references(roster),
        *_limits(roster),
        *_targets(roster),
    ]
    never = list(_never(roster))
    return [*wrong, *(never or _twice(roster))]


def difference(old: Roster, new: Roster) -> list[str]:
    """Return what applying *new* over *old* changes: `+` new, `-` gone, `~` changed."""
    return differences(_described(old), _described(new))


def _entries(roster: Roster) -> Iterator[tuple[str, Entry]]:
    """Yield every entry with what it is called."""
    for kind in ("site", "team", "rep", "queue"):
        for entry in getattr(roster, f"{kind}s"):
            yield f"{kind} {entry.id}", entry


def _ids(roster: Roster) -> Iterator[str]:
    for name, entry in _entries(roster):
        if not entry.id.isprintable():
            yield f"{name!r} has an id with a control character; take it out"
        if entry.id == UNKNOWN:
            yield f"{name}: this id stands for what the roster does not know; choose another"
    for measure in roster.activity_volume:
        if measure not in _VOLUMES:
            yield f"activity_volume: {measure} is none of {', '.join(_VOLUMES)}"


def _sites(roster: Roster) -> Iterator[str]:
    for site in roster.sites:
        if not is_zone(site.zone):
            yield (
                f"site {site.id}: there is no time zone {site.zone!r}; "
                "take one of the IANA list, such as Asia/Ho_Chi_Minh"
            )
        for day, hours in _backward_hours(site):
            yield (
                f"site {site.id}: on {day} the working hours {hours} end before they begin; "
                "hours past midnight belong to the next day"
            )


def _backward_hours(site: Site) -> Iterator[tuple[str, str]]:
    for day, hours in site.working_hours.items():
        start, _, end = hours.partition("-")
        if start >= end:
            yield day, hours


def _references(roster: Roster) -> Iterator[str]:
    sites = {site.id for site in roster.sites}
    teams = {team.id for team in roster.teams}
    for team in roster.teams:
        yield from _reference(f"team {team.id}", "site", team.site, sites)
    for queue in roster.queues:
        yield from _reference(f"queue {queue.id}", "site", queue.site, sites)
    for rep in roster.reps:
        if rep.team is not None:
            yield from _reference(f"rep {rep.id}", "team", rep.team, teams)


def _reference(name: str, kind: str, id_: str, known: Collection[str]) -> Iterator[str]:
    if id_ not in known:
        yield f"{name}: there is no {kind} {id_!r}; add it under {kind}s, or correct the name"


def _limits(roster: Roster) -> Iterator[str]:
    bounds = ", ".join(f"{bound:g}" for bound in SECONDS_BOUNDS)
    for queue in roster.queues:
        for field in ("target_seconds", "short_abandon_seconds"):
            limit = getattr(queue, field)
            if limit not in LIMITS:
                yield (
                    f"queue {queue.id}: {field} {limit:g} cannot be counted exactly; "
                    f"choose one of {bounds}"
                )


def _targets(roster: Roster) -> Iterator[str]:
    wanted: list[tuple[str, Site | Team]] = [(f"site {site.id}", site) for site in roster.sites]
    wanted += [(f"team {team.id}", team) for team in roster.teams]
    for name, entry in wanted:
        for measure in sorted(set(entry.monthly_targets or {}) - TARGETS):
            known = ", ".join(sorted(TARGETS))
            yield f"{name}: monthly_targets: {measure} is none of {known}"


def _never(roster: Roster) -> Iterator[str]:
    for name, entry in _entries(roster):
        try:
            since_at(entry.since, "UTC")
        except ValueError:
            yield f"{name}: there is no such day or time as {entry.since}; correct `from`"


def _twice(roster: Roster) -> Iterator[str]:
    for kind, lines in RosterIndex(roster).starts().items():
        for id_, starts in lines.items():
            if len(set(starts)) < len(starts):
                yield f"{kind} {id_} has two entries with the same `from`; keep one of them"


def _described(roster: Roster) -> dict[str, str]:
    """Return each entity with its dated history in words."""
    histories: dict[str, list[str]] = {}
    for name, entry in _entries(roster):
        histories.setdefault(name, []).append(_words(entry))
    described = {name: "; ".join(sorted(words)) for name, words in histories.items()}
    described["activity_volume"] = ", ".join(sorted(roster.activity_volume))
    return described


def _words(entry: Entry) -> str:
    """Return an entry in words, what goes without saying left out."""
    since = "always" if entry.since is None else f"from {entry.since}"
    facts = msgspec.to_builtins(entry)
    words = [f"{name} {_text(fact)}" for name, fact in facts.items() if name not in {"id", "from"}]
    return f"{since}: {', '.join(words)}"


def _text(fact: object) -> str:
    if isinstance(fact, dict):
        return " ".join(f"{name} {text}" for name, text in fact.items()) or "none"
    if isinstance(fact, (list, tuple)):
        return " ".join(str(text) for text in fact) or "none"
    return "none" if fact is None else str(fact)
