"""What a customer's contacts count, and what turns what they counted into what they count now.

It is an int for each contact with a bit for each measure, its marks: to compare what it counted
with what it counts now is to compare two numbers. Definitions are those of streams/contacts.py.
"""

from collections.abc import Iterable, Sequence

from schemas import measures as m
from schemas.notes import CallNote
from streams.contacts import CALL_BACK_SECONDS, DAY_SECONDS, WEEK_SECONDS, Contact
from streams.facts import Cells, Dims, Fact, dims_of

_MEASURES = (
    m.CONTACTS,
    m.CONTACTS_PRECEDED_24H,
    m.CONTACTS_PRECEDED_7D,
    m.CONTACTS_FOLLOWED_24H,
    m.CONTACTS_FOLLOWED_7D,
    m.CONTACTS_SETTLED_24H,
    m.CONTACTS_SETTLED_7D,
    m.CONTACTS_RESOLVED_24H,
    m.CONTACTS_RESOLVED_7D,
    m.CONTACTS_MISSED,
    m.MISSED_CALLED_BACK,
    m.MISSED_REACHED,
    m.MISSED_SETTLED,
    m.MISSED_SETTLED_CALLED_BACK,
    m.MISSED_SETTLED_REACHED,
)
_NAMES = tuple(measure.name for measure in _MEASURES)
(
    _CONTACT,
    _PRECEDED_24H,
    _PRECEDED_7D,
    _FOLLOWED_24H,
    _FOLLOWED_7D,
    _SETTLED_24H,
    _SETTLED_7D,
    _RESOLVED_24H,
    _RESOLVED_7D,
    _MISSED,
    _CALLED_BACK,
    _REACHED,
    _MISSED_SETTLED,
    _SETTLED_CALLED_BACK,
    _SETTLED_REACHED,
) = (1 << bit for bit in range(len(_MEASURES)))

_DROPPED = ((m.CUSTOMER_NOTES_DROPPED.name, 1),)


def marks(found: Sequence[Contact], before_at: float | None, seen_at: float) -> list[int]:
    """Return what each contact counts, a bit for each measure; those of outbound calls are 0.

    `before_at` is the arrival of the inbound contact before the first, if there was one; `seen_at`
    how far event time has come.
    """
    result: list[int] = []
    last, last_at = -1, before_at
    for index, (_, call) in enumerate(found):
        if call.direction != "inbound":
            result.append(0)
            continue
        at, mark = call.arrived_at, _CONTACT
        if last_at is not None and at - last_at <= WEEK_SECONDS:
            is_within_a_day = at - last_at <= DAY_SECONDS
            mark |= _PRECEDED_7D | _PRECEDED_24H if is_within_a_day else _PRECEDED_7D
            if last >= 0:
                result[last] |= _FOLLOWED_7D | _FOLLOWED_24H if is_within_a_day else _FOLLOWED_7D
        if call.missed_at is not None:
            mark |= _call_backs(call.missed_at, found, seen_at)
        result.append(mark)
        last, last_at = index, at
    # Not yet at the very end: what happens at the watermark itself is not late.
    if found and found[0][1].arrived_at + DAY_SECONDS < seen_at:
        _settle(found, result, seen_at)
    return result


def has_missed(counted: Sequence[int]) -> bool:
    """Whether one of the contacts is a missed one."""
    # Bits above this one are set only together with it.
    return bool(counted) and max(counted) >= _MISSED


def _settle(found: Sequence[Contact], result: list[int], seen_at: float) -> None:
    """Add what is final, now that event time has passed the ends of windows."""
    for index, (_, call) in enumerate(found):
        mark = result[index]
        if not mark or call.arrived_at + DAY_SECONDS >= seen_at:
            continue
        mark |= _SETTLED_24H if mark & _FOLLOWED_24H else _SETTLED_24H | _RESOLVED_24H
        if call.arrived_at + WEEK_SECONDS < seen_at:
            mark |= _SETTLED_7D if mark & _FOLLOWED_7D else _SETTLED_7D | _RESOLVED_7D
        result[index] = mark


def _call_backs(missed_at: float, found: Iterable[Contact], seen_at: float) -> int:
    until, mark = missed_at + CALL_BACK_SECONDS, _MISSED
    for _, call in found:
        if call.direction != "inbound" and missed_at <= call.arrived_at <= until:
            mark |= _CALLED_BACK
            if call.outcome == "answered":
                mark |= _REACHED
    if until < seen_at:
        mark |= _MISSED_SETTLED
        mark |= _SETTLED_CALLED_BACK if mark & _CALLED_BACK else 0
        mark |= _SETTLED_REACHED if mark & _REACHED else 0
    return mark


class _KnownCells(dict[tuple[int, int], Cells]):
    """What turns one count into another, by both marks: few of the possible ones ever occur."""

    def __missing__(self, key: tuple[int, int]) -> Cells:
        if len(self) >= _KNOWN_CELLS:
            self.clear()
        old, new = key
        cells = self[key] = (
            *((name, 1) for bit, name in enumerate(_NAMES) if new & ~old & 1 << bit),
            *((name, -1) for bit, name in enumerate(_NAMES) if old & ~new & 1 << bit),
        )
        return cells


_KNOWN_CELLS = 16_384
_CELLS = _KnownCells()


def difference(
    old: Sequence[Contact],
    old_marks: Sequence[int],
    new: Sequence[Contact],
    new_marks: Sequence[int],
) -> list[Fact]:
    """Return the facts that turn what contacts counted into what they count now."""
    facts: list[Fact] = []
    first, known = 0, len(old)
    # Nearly always there are the same calls, and perhaps another behind them.
    for call_id, call in new:
        if first < known:
            before = old[first]
            if before[0] != call_id:
                break
            if before[1] is not call or old_marks[first] != new_marks[first]:
                _replace(facts, before[1], old_marks[first], call, new_marks[first])
        elif new_marks[first]:
            facts.append(Fact(call.arrived_at, _dims(call), _CELLS[0, new_marks[first]]))
        first += 1
    if first < known or first < len(new):
        _replace_all(facts, old[first:], old_marks[first:], new[first:], new_marks[first:])
    return facts


def _replace_all(
    facts: list[Fact],
    old: Sequence[Contact],
    old_marks: Sequence[int],
    new: Sequence[Contact],
    new_marks: Sequence[int],
) -> None:
    """Add the facts for contacts that are in another order, too many or too few."""
    gone = {call_id: (call, mark) for (call_id, call), mark in zip(old, old_marks, strict=True)}
    for (call_id, call), mark in zip(new, new_marks, strict=True):
        _replace(facts, *gone.pop(call_id, (call, 0)), call, mark)
    for call, mark in gone.values():
        _replace(facts, call, mark, call, 0)


def _replace(facts: list[Fact], before: CallNote, counted: int, call: CallNote, mark: int) -> None:
    """Add the facts that turn what one contact counted into what it counts."""
    if before is not call and counted:
        at, dims = before.arrived_at, _dims(before)
        if at != call.arrived_at or dims != _dims(call):
            facts.append(Fact(at, dims, _CELLS[counted, 0]))
            counted = 0
    if mark != counted:
        facts.append(Fact(call.arrived_at, _dims(call), _CELLS[counted, mark]))


def _dims(call: CallNote) -> Dims:
    """Return where a contact belongs: the queue it came to, and who answered first."""
    rep = call.rep if call.outcome == "answered" else ""
    return dims_of(call.queue, rep, "inbound", "", call.source)


def dropped(at: float, source: str) -> Fact:
    """Return the fact that a note could not be kept."""
    return Fact(at, dims_of("", "", "", "", source), _DROPPED)
