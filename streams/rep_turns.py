"""The turns of reps on their way to Postgres: what a checkpoint changed, and what may be let go.

A rep keeps the turns among which an event may still fall. One that is older goes when Postgres has
it: so a worker that ends in between, or a database that is away, takes no turn from the history.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

from streams.rep_state import MAX_TURNS, Rep, Turn, needed_from

SPARE = 8
"""So many may be let go before any is: to do it costs a copy of the rest."""


class RepTurn(NamedTuple):
    """A state of a rep, from when (see `Turns`) until when."""

    until: float | None
    """Seconds since 1970; None: it holds now."""
    state: str
    reason: str = ""
    source: str = ""


TAKEN_BACK = RepTurn(None, "")
"""Nothing began then, though that was told once."""

Turns = dict[tuple[str, float], RepTurn]
"""(rep, since when in seconds since 1970) -> the state that began then."""


def turns_of(rep: Rep) -> Iterator[tuple[float, RepTurn]]:
    """Yield all that is kept of a rep; of several turns with one time the one that held then."""
    turns = rep.turns
    yield from _rows(turns)
    if rep.corrected is not None:
        present = {turn.at for turn in turns}
        yield from ((at, TAKEN_BACK) for at in rep.corrected.gone if at not in present)


def _rows(turns: tuple[Turn, ...]) -> Iterator[tuple[float, RepTurn]]:
    for turn, after in zip_longest(turns, turns[1:]):
        until = None if after is None else after.at
        if turn.at != until and turn.at > 0.0:
            yield turn.at, RepTurn(until, turn.state, turn.reason, turn.source)


def _changed(old: Rep | None, new: Rep) -> Iterator[tuple[float, RepTurn]]:
    was, now = () if old is None else old.turns, new.turns
    count, corrected = len(was), None if old is None else old.corrected
    if new.corrected is corrected and now[:count] == was:
        # The common way: some more came, and what held before has an end now.
        return _rows(now[max(0, count - 1) :])
    before = {} if old is None else dict(turns_of(old))
    return ((at, row) for at, row in turns_of(new) if before.get(at) != row)


class TurnTaker:
    """Compares reps with what they were at the last checkpoint, and shortens them."""

    def __init__(self) -> None:
        self.before: dict[str, Any] = {}
        """What reps that changed were at the last checkpoint; None: there was none."""
        self._sent: deque[tuple[int, dict[str, tuple[Turn, ...]]]] = deque()
        self._written: dict[str, tuple[Turn, ...]] = {}

    def take(
        self,
        reps: dict[str, Any],
        changed: dict[str, Any],
        horizon_at: float,
        fence: int,
    ) -> Turns:
        """Return the turns that changed since the last call, and let go of old ones that may go.

        Nothing older than `horizon_at` will come any more. The shorter reps are put into both
        dicts.
        """
        turns: Turns = {}
        sent: dict[str, tuple[Turn, ...]] = {}
        for key, old in self.before.items():
            rep = reps.get(key)
            if rep is None:
                continue
            turns.update(((key, at), row) for at, row in _changed(old, rep))
            sent[key] = kept = self._kept(rep.turns, self._written.get(key), horizon_at)
            if len(kept) < len(rep.earlier) + len(rep.latest):
                reps[key] = changed[key] = Rep(rep.rep, kept, (), rep.corrected)
        self.before.clear()
        if sent:
            self._sent.append((fence, sent))
        return turns

    def release(self, fence: int) -> None:
        """Postgres has everything up to there."""
        while self._sent and self._sent[0][0] <= fence:
            self._written.update(self._sent.popleft()[1])

    def forget(self, key: str) -> None:
        """The rep is not kept any more."""
        self._written.pop(key, None)

    def _kept(
        self, turns: tuple[Turn, ...], written: tuple[Turn, ...] | None, horizon_at: float
    ) -> tuple[Turn, ...]:
        """Return the turns without those that are old, and in Postgres as they are."""
        if written is None or len(turns) < SPARE:
            return turns
        first = max(needed_from(turns, horizon_at), len(turns) - MAX_TURNS)
        if first < SPARE:
            return turns
        # The one after them as well: it says until when the last of them held.
        there = bisect_left(written, turns[0])
        is_written = written[there : there + first + 1] == turns[: first + 1]
        return turns[first:] if is_written else turns


def all_turns(reps: Mapping[str, Any]) -> Turns:
    """Return the turns of all reps."""
    return {(key, at): row for key, rep in reps.items() for at, row in turns_of(rep)}
