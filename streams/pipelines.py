"""Which stage a name stands for, and how far it is along its pipeline, at any instant.

Every version of a pipeline places *all* stages that the pipeline has ever had: its own at 1, 2, 3,
..., one of another version between those of its own that it stands between there. So a deal that
went through a stage before that was taken out, or before it was put in, can still be followed.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.pipelines import ENDS, LOST, WON, Pipeline, Pipelines
from streams.roster import ALWAYS, FOREVER, UNKNOWN, Timeline, since_at

END_POSITION = 1_000.0
"""Both ends are behind every stage."""


class Step(NamedTuple):
    """A stage as a version of its pipeline has it."""

    stage: str
    position: float
    """1, 2, 3, ...; with a fraction if the stage belongs to another version only."""
    next: str
    """The stage that should follow; `won` after the last one."""
    next_position: float
    stalled_after_days: float | None


class Version(NamedTuple):
    """A pipeline as it is in [start_at, end_at)."""

    pipeline: str
    start_at: float
    end_at: float
    zone: str
    stages: tuple[str, ...]
    """Its own stages, in their order."""
    steps: Mapping[str, Step]
    """All that the pipeline ever had, by id."""
    stage_of: Mapping[str, str]
    """From what events say to a stage, `won` or `lost`."""

    def resolve(self, name: str) -> str:
        """Return the stage, `won` or `lost` that *name* stands for, else `unknown`."""
        return self.stage_of.get(name, UNKNOWN)

    def position(self, stage: str) -> float | None:
        """Return how far along a stage or end is; None of what is unknown."""
        step = self.steps.get(stage)
        if step is not None:
            return step.position
        return END_POSITION if stage in ENDS else None

    def between(self, low: float, high: float) -> tuple[str, ...]:
        """Return its own stages whose positions lie between two, both left out."""
        return tuple(s for n, s in enumerate(self.stages, 1) if low < n < high)


_NOWHERE = Version(UNKNOWN, ALWAYS, FOREVER, "UTC", (), {}, {})
"""The pipeline of deals whose pipeline no file has: all their stages are unknown."""


class PipelineIndex:
    """Answers which pipeline and version. Immutable: changed pipelines are a new index.

    Raises:
        ValueError: a `from` is no day or time that exists; see `pipeline_rules.validate`.
    """

    __slots__ = ("_by_name", "versions")

    def __init__(self, pipelines: Pipelines) -> None:
        entries: dict[str, list[Pipeline]] = {}
        for entry in pipelines.pipelines:
            entries.setdefault(entry.id, []).append(entry)
        self.versions: dict[str, Timeline[Version]] = {
            id_: _versions(dated) for id_, dated in sorted(entries.items())
        }
        """By id of the pipeline."""
        self._by_name = {
            name: self.versions[entry.id]
            for entry in reversed(pipelines.pipelines)
            for name in entry.names
        } | self.versions

    def version(self, name: str, at: float) -> Version:
        """Return what events call *name*, as it is at *at*; before its first version: that one."""
        line = self._by_name.get(name)
        if line is None:
            return _NOWHERE
        # Most pipelines have one version only.
        return line.values[0] if len(line.values) == 1 else line.at(at) or line.values[0]

    def names(self) -> dict[str, str]:
        """Return, for each name that events may have for a pipeline, its id."""
        return {name: line.values[0].pipeline for name, line in sorted(self._by_name.items())}


EMPTY = PipelineIndex(Pipelines())
"""Before any pipelines have been read: every stage is unknown."""


def _versions(entries: Sequence[Pipeline]) -> Timeline[Version]:
    dated = sorted(((since_at(one.since, one.zone), one) for one in entries), key=lambda x: x[0])
    ends = [start for start, _ in dated[1:]] + [FOREVER]
    newest_first = [entry for _, entry in reversed(dated)]
    return Timeline(
        (start, _version(entry, newest_first, start, end))
        for (start, entry), end in zip(dated, ends, strict=True)
    )


def _version(
    entry: Pipeline, newest_first: Sequence[Pipeline], start_at: float, end_at: float
) -> Version:
    own = tuple(stage.id for stage in entry.stages)
    positions = {stage: float(number) for number, stage in enumerate(own, 1)}
    for other in newest_first:
        _place_between(positions, own, other)
    limits = {stage.id: stage.stalled_after_days for stage in entry.stages}
    steps = {
        stage: _step(stage, position, own, limits.get(stage))
        for stage, position in positions.items()
    }
    stage_of: dict[str, str] = {}
    for other in (*reversed(newest_first), entry):  # its own names win, then the newest
        stage_of |= _names(other)
    return Version(entry.id, start_at, end_at, entry.zone, own, steps, stage_of)


def _place_between(positions: dict[str, float], own: Sequence[str], other: Pipeline) -> None:
    """Give the stages that only *other* has a place after the one that they follow there."""
    floor, run = 0.0, 0
    for stage in other.stages:
        if stage.id in own:
            floor, run = positions[stage.id], 0
        elif stage.id not in positions:
            run += 1
            # Several in a row come one behind the other, all before the next own stage.
            positions[stage.id] = floor + 1 - 0.5**run


def _step(stage: str, position: float, own: Sequence[str], limit: float | None) -> Step:
    following = int(position) + 1
    if following > len(own):
        return Step(stage, position, WON, END_POSITION, limit)
    return Step(stage, position, own[following - 1], float(following), limit)


def _names(entry: Pipeline) -> dict[str, str]:
    found = {name: end for end, names in ((WON, entry.won), (LOST, entry.lost)) for name in names}
    found |= {name: stage.id for stage in entry.stages for name in stage.names}
    return found | {stage.id: stage.id for stage in entry.stages}
