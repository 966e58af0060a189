"""What pipelines must obey, and how two sets of them differ: both as sentences for a person."""

from collections import Counter
from collections.abc import Iterator

import msgspec

from schemas.pipelines import ENDS, Pipeline, Pipelines
from streams.differences import differences
from streams.roster import UNKNOWN, since_at
from streams.zones import is_zone


def validate(pipelines: Pipelines) -> list[str]:
    """Return what is wrong, a sentence each; nothing if they may be published."""
    entries = pipelines.pipelines
    return [
        *(line for entry in entries for line in _one(entry)),
        *_dates(entries),
        *_shared_names(entries),
    ]


def difference(old: Pipelines, new: Pipelines) -> list[str]:
    """Return what applying *new* over *old* changes: `+` new, `-` gone, `~` changed."""
    return differences(_described(old), _described(new))


def _title(entry: Pipeline) -> str:
    return f"pipeline {entry.id}" + (f" from {entry.since}" if entry.since else "")


def _described(pipelines: Pipelines) -> dict[str, str]:
    """Return each version in words, what goes without saying left out."""
    found: dict[str, str] = {}
    for entry in pipelines.pipelines:
        stages = []
        for stage in entry.stages:
            words = _words(stage, "id")
            stages.append(f"{stage.id} ({', '.join(words)})" if words else stage.id)
        found[_title(entry)] = "; ".join((" > ".join(stages), *_words(entry, "id from stages")))
    return found


def _words(struct: msgspec.Struct, without: str) -> list[str]:
    facts = msgspec.to_builtins(struct)
    return [
        f"{name} {' or '.join(fact) if isinstance(fact, (list, tuple)) else fact}"
        for name, fact in facts.items()
        if fact and name not in without.split()
    ]


def _one(entry: Pipeline) -> Iterator[str]:
    name = _title(entry)
    for text in _texts(entry):
        if not text.isprintable():
            yield f"{name}: {text!r} has a control character; take it out"
    if entry.id == UNKNOWN:
        yield f"{name}: this id stands for what the file does not have; choose another"
    if not is_zone(entry.zone):
        yield (
            f"{name}: there is no time zone {entry.zone!r}; "
            "take one of the IANA list, such as Asia/Ho_Chi_Minh"
        )
    for stage in entry.stages:
        if stage.id in (*ENDS, UNKNOWN):
            yield (
                f"{name}: a stage cannot be called {stage.id}; "
                "list what the source calls its ends under `won` and `lost`"
            )
    yield from _same_names(entry)


def _same_names(entry: Pipeline) -> Iterator[str]:
    """Complain of names that could mean two things at one time."""
    said = Counter(
        [
            *(text for stage in entry.stages for text in {stage.id, *stage.names}),
            *entry.won,
            *entry.lost,
        ]
    )
    for text, times in said.items():
        if times > 1:
            yield f"{_title(entry)}: {text!r} stands for more than one stage or end; keep one"


def _texts(entry: Pipeline) -> Iterator[str]:
    yield from (entry.id, entry.title or "", *entry.names, *entry.won, *entry.lost)
    for stage in entry.stages:
        yield from (stage.id, stage.title or "", *stage.names)


def _dates(entries: tuple[Pipeline, ...]) -> Iterator[str]:
    starts: dict[str, list[float]] = {}
    for entry in entries:
        try:
            starts.setdefault(entry.id, []).append(since_at(entry.since, entry.zone))
        except ValueError:
            yield f"{_title(entry)}: there is no such day or time; correct `from`"
    for id_, of_one in starts.items():
        if len(set(of_one)) < len(of_one):
            yield f"pipeline {id_} has two entries with the same `from`; keep one of them"
        if min(of_one) > float("-inf"):
            yield (
                f"pipeline {id_}: leave `from` out of its first entry, "
                "so that every deal of it, however old, has one"
            )


def _shared_names(entries: tuple[Pipeline, ...]) -> Iterator[str]:
    owners: dict[str, set[str]] = {}
    for entry in entries:
        for name in (entry.id, *entry.names):
            owners.setdefault(name, set()).add(entry.id)
    for name, ids in sorted(owners.items()):
        if len(ids) > 1:
            yield f"the name {name!r} is claimed by pipelines {', '.join(sorted(ids))}; keep one"
