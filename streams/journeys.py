"""A deal's way through its pipeline: which stages it was in from when to when, and how it ended.

Everything that was said of a deal stands on one line of time. At one instant the `sequence`
decides; without one, a reopening comes first, then moves in the order of the pipeline, then an end:
what a CRM changes in one go nearly always goes forward. Then

- a move to the stage where the deal already is, is no move; also if the stage has another name now;
- a move to a stage that stands for an end is that end;
- the last word counts: a move to a stage after the end opens the deal again;
- what is not the last end was none.
"""

from operator import itemgetter
from typing import NamedTuple

from schemas.pipelines import ENDS, LOST
from streams.deal_state import GONE, Deal
from streams.pipelines import END_POSITION, PipelineIndex, Version
from streams.roster import UNKNOWN

_BEFORE_MOVES, _UNKNOWN_LAST, _AFTER_MOVES = -1.0, END_POSITION - 1, END_POSITION + 1


class Visit(NamedTuple):
    """One stay in a stage: [entered_at, left_at), `left_at` None while it lasts."""

    stage: str
    version: Version
    """The pipeline as it was when the stage was entered."""
    entered_at: float
    left_at: float | None = None


class Journey(NamedTuple):
    """The whole way of a deal that counts."""

    pipeline: str
    visits: tuple[Visit, ...]
    status: str
    """`open`, `won` or `lost`."""
    ended_at: float | None
    reason: str | None
    """Why lost, if that was said."""
    reopened: tuple[float, ...]
    repeated: tuple[float, ...]
    """When it was moved to where it already was."""

    @property
    def now(self) -> Visit | None:
        """The stay that lasts, of an open deal."""
        return self.visits[-1] if self.visits and self.status == "open" else None


class _Saying(NamedTuple):
    """One thing that was said; compares as it comes on the line of time."""

    at: float
    sequence: str
    rank: float
    what: str
    """A stage, `won`, `lost`, `open`, `merged` or `deleted`."""
    version: Version
    reason: str | None = None


def journey(deal: Deal, pipelines: PipelineIndex) -> Journey:
    """Return the way of *deal*; the pipelines say what its stages' names stand for."""
    way = _Way()
    for saying in sorted(_sayings(deal, pipelines), key=_ORDER):
        way.take(saying)
    pipeline = pipelines.version(deal.pipeline, deal.created_at or 0.0).pipeline
    return Journey(
        pipeline,
        tuple(way.visits),
        way.status,
        None if way.status == "open" else way.ended_at,
        way.reason if way.status == LOST else None,
        tuple(way.reopened),
        tuple(way.repeated),
    )


_ORDER = itemgetter(0, 1, 2, 3)


def _sayings(deal: Deal, pipelines: PipelineIndex) -> list[_Saying]:
    found = []
    for move in deal.moves:
        version = pipelines.version(deal.pipeline, move.at)
        stage = version.resolve(move.stage)
        position = version.position(stage)
        rank = _UNKNOWN_LAST if position is None else position
        found.append(_Saying(move.at, move.sequence, rank, stage, version))
    for turn in deal.turns:
        version = pipelines.version(deal.pipeline, turn.at)
        rank = _BEFORE_MOVES if turn.status == "open" else _AFTER_MOVES
        found.append(_Saying(turn.at, turn.sequence, rank, turn.status, version, turn.reason))
    return found


class _Way:
    """What is known of the way so far."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.status = "open"
        self.ended_at: float | None = None
        self.reason: str | None = None
        self.reopened: list[float] = []
        self.repeated: list[float] = []
        self._is_resumed = False
        """Whether the last visit goes on where the one before the end had stopped."""

    def take(self, said: _Saying) -> None:
        if said.what == "open":
            self._reopen(said)
            return
        if said.what in ENDS or said.what in GONE:
            self._end(said)
        else:
            self._move(said)
        self._is_resumed = False

    def _move(self, said: _Saying) -> None:
        last = self.visits[-1] if self.visits else None
        if self.status != "open":
            self.status = "open"
            self.reopened.append(said.at)
        elif last is not None and last.entered_at == said.at and self._is_resumed:
            self.visits.pop()  # reopened in this stage, not in the one before
        elif last is not None and last.stage == said.what != UNKNOWN:
            self.repeated.append(said.at)
            return
        else:
            self._leave(said.at)
        self.visits.append(Visit(said.what, said.version, said.at))

    def _end(self, said: _Saying) -> None:
        if self.status == said.what:
            self.repeated.append(said.at)
            self.reason = said.reason or self.reason
            return
        if self.status == "open":
            self._leave(said.at)
        self.status, self.ended_at, self.reason = said.what, said.at, said.reason

    def _reopen(self, said: _Saying) -> None:
        if self.status == "open":
            return
        self.status = "open"
        self.reopened.append(said.at)
        if self.visits:
            self.visits.append(Visit(self.visits[-1].stage, said.version, said.at))
            self._is_resumed = True

    def _leave(self, at: float) -> None:
        if self.visits and self.visits[-1].left_at is None:
            self.visits[-1] = self.visits[-1]._replace(left_at=at)
