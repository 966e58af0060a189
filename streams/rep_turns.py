"""The turns of reps on their way to Postgres: what a checkpoint changed, and what may be let go.

A rep keeps the turns among which an event may still fall. One that is older goes when Postgres has
it: so a worker that ends in between, or a database that is away, takes no turn from the history.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
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


class Turned(NamedTuple):
    """A rep before and after what a checkpoint took."""

    key: str
    before: Rep | None
    """None: there was none."""
    after: Rep


def changed_turns(turned: Iterable[Turned]) -> Turns:
    """Return the turns that are others than before; of a rep who is in it twice the last ones."""
    return {(key, at): row for key, before, after in turned for at, row in _changed(before, after)}


class TurnTaker:
    """Compares reps with what they were at the last checkpoint, and shortens them."""

    def __init__(self) -> None:
        self.before: dict[str, Any] = {}
        """What reps that changed were at the last checkpoint; None: there was none."""
        self.is_written = True
        """Whether a database takes the turns; else none is kept for it."""
        self._sent: deque[tuple[int, dict[str, Rep]]] = deque()
        self._written: dict[str, Rep] = {}

    def take(
        self,
        reps: MutableMapping[str, Any],
        changed: dict[str, Any],
        horizon_at: float,
        fence: int,
    ) -> list[Turned]:
        """Return the reps that changed since the last call, and let go of turns that may go.

        Nothing older than `horizon_at` will come any more. The shorter reps are put into both
        dicts.
        """
        turned: list[Turned] = []
        sent: dict[str, Rep] = {}
        written = self._written
        for key, old in self.before.items():
            rep = reps.get(key)
            if rep is None:
                continue
            turned.append(Turned(key, old, rep))
            has = written.get(key) if self.is_written else rep
            sent[key] = kept = _shortened(rep, has, horizon_at)
            if kept is not rep:
                reps[key] = changed[key] = kept
        self.before.clear()
        if sent and self.is_written:
            self._sent.append((fence, sent))
        return turned

    def release(self, fence: int) -> None:
        """Postgres has everything up to there."""
        while self._sent and self._sent[0][0] <= fence:
            self._written.update(self._sent.popleft()[1])

    def forget(self, key: str) -> None:
        """The rep is not kept any more."""
        self._written.pop(key, None)


def _shortened(rep: Rep, written: Rep | None, horizon_at: float) -> Rep:
    """Return the rep without the turns that are old, and in Postgres as they are."""
    earlier, count = rep.earlier, len(rep.earlier) + len(rep.latest)
    if written is None or len(earlier) <= SPARE:
        return rep
    if count < MAX_TURNS + SPARE and earlier[SPARE].at >= horizon_at:
        return rep  # so few may go that it is not worth a copy of the rest
    turns, had = rep.turns, written.turns
    there = bisect_left(had, turns[0])
    first = max(needed_from(turns, horizon_at), count - MAX_TURNS)
    # In a backlog Postgres has only some of them, and to wait for all would be to wait for its end.
    first = min(first, len(had) - there - 1)
    # The one after them as well: it says until when the last of them held.
    if first < SPARE or had[there : there + first + 1] != turns[: first + 1]:
        return rep
    return Rep(rep.rep, turns[first:], (), rep.corrected)


def all_turns(reps: Mapping[str, Any]) -> Turns:
    """Return the turns of all reps."""
    return {(key, at): row for key, rep in reps.items() for at, row in turns_of(rep)}
