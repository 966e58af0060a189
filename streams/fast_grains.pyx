# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""The panes of one source partition: the compiled twin of `streams.grains`, with the same results.

It takes facts whose times and amounts are of the types that `streams.facts` says. Which panes are
closed is left to `streams.panes.Table`. Beside it are fast_known.pyx (finds a pane), fast_panes.pyx
(counts in it), fast_cells.pyx (sums, dicts and JSON of its cells), fast_quarters.pyx (what readers
see).
"""

cimport cython
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_AsDouble, PyFloat_CheckExact
from cpython.long cimport PyLong_AsDouble, PyLong_AsLong, PyLong_CheckExact
from cpython.ref cimport PyObject
from libc.stdint cimport int64_t

from streams.fast_cells cimport SETTLED, cell_number
from streams.fast_known cimport KnownPanes
from streams.fast_slots cimport at_place, place_of

from schemas.measures import MINUTE_SECONDS, QUARTER_SECONDS
from streams.facts import KNOWN_DIMS, Fact, Spell
from streams.panes import Table, pane_start

cdef enum:
    MINUTE = 60  # seconds
    QUARTER = 900

cdef double TOO_LATE = 2.0**41  # seconds since 1970: `ticks` holds up to here
cdef object _Fact = Fact
cdef object _Spell = Spell

if (MINUTE_SECONDS, QUARTER_SECONDS) != (MINUTE, QUARTER):
    raise ImportError("panes are of other lengths than the compiled ones")

cdef Py_ssize_t _FACT_AT = place_of(Fact, "at")
cdef Py_ssize_t _FACT_DIMS = place_of(Fact, "dims")
cdef Py_ssize_t _FACT_CELLS = place_of(Fact, "cells")
cdef Py_ssize_t _SPELL_START_AT = place_of(Spell, "start_at")
cdef Py_ssize_t _SPELL_END_AT = place_of(Spell, "end_at")
cdef Py_ssize_t _SPELL_DIMS = place_of(Spell, "dims")
cdef Py_ssize_t _SPELL_CELL = place_of(Spell, "cell")
cdef Py_ssize_t _SPELL_SIGN = place_of(Spell, "sign")


cdef bint _is_over(object table, double watermark) except -1:
    """Whether `Table.close` closes anything."""
    cdef double kept_seconds = table.kept_seconds, closed_before = table.closed_before
    return watermark - kept_seconds >= closed_before + QUARTER


@cython.final
cdef class Grains:
    """Minutes, and quarters of an hour; see `streams.grains.Grains` for what each method does."""

    def __cinit__(self):
        self.minutes = Table(MINUTE_SECONDS, step_seconds=QUARTER_SECONDS)
        self.quarters = Table(QUARTER_SECONDS)
        self._minute_slots, self._quarter_slots = self.minutes.slots, self.quarters.slots
        self._changed = {}
        self._known = KnownPanes(self._quarter_slots)

    def count(self, facts):
        """Add facts to their panes; return how many fell, even partly, into a closed quarter."""
        cdef int closed = 0
        cdef PyObject *fact
        for one in facts:
            fact = <PyObject *> one
            if type(one) is _Spell:
                closed += self.spread(
                    PyFloat_AsDouble(<object> at_place(fact, _SPELL_START_AT)),
                    PyFloat_AsDouble(<object> at_place(fact, _SPELL_END_AT)),
                    <object> at_place(fact, _SPELL_DIMS),
                    cell_number(<object> at_place(fact, _SPELL_CELL)),
                    PyLong_AsLong(<object> at_place(fact, _SPELL_SIGN)),
                )
            elif type(one) is _Fact:
                closed += self.fact(
                    PyFloat_AsDouble(<object> at_place(fact, _FACT_AT)),
                    <object> at_place(fact, _FACT_DIMS),
                    <object> at_place(fact, _FACT_CELLS),
                )
            else:
                raise TypeError(f"neither a Fact nor a Spell: {one!r}")
        return closed

    def close(self, double watermark):
        """Close what no window reads any more; return the panes of the quarters it closed."""
        # Both tables close a quarter of an hour at once, and are asked each minute.
        if not (_is_over(self.minutes, watermark) or _is_over(self.quarters, watermark)):
            return []
        minutes = self.minutes.close(watermark)
        for start in dict.fromkeys([pane_start(minute, QUARTER) for minute in minutes]):
            (<Quarter?> self._quarter_slots[start]).settle()
        for minute in minutes:
            del self._minute_slots[minute]
        closed = self.quarters.close(watermark)
        self._open_from = max(self.minutes.closed_before, self.quarters.closed_before)
        return [
            (start, (<Pane> pane).dims)
            for start in closed
            for pane in (<Quarter?> self._quarter_slots[start]).by_dims.values()
        ]

    def drop(self, int64_t start, dims):
        """Remove a pane if it exists: one of a closed quarter, or one that a replay removed."""
        cdef Quarter quarter = self._quarter_slots.get(start)
        cdef Pane pane
        cdef int minute
        if quarter is None:
            return
        pane = quarter.by_dims.pop(dims, None)
        if pane is not None:
            quarter.let_go(pane)
            if pane.is_changed:
                quarter.changed.remove(pane)
            self._known.forget(start, pane)
        if not quarter.by_dims:
            for minute in range(SETTLED):
                self._minute_slots.pop(start + minute * MINUTE, None)
            self._changed.pop(start, None)
            del self._quarter_slots[start]

    @property
    def dirty_count(self):
        """How many panes of quarters changed since the last `take_changed`."""
        return sum([len((<Quarter> quarter).changed) for quarter in self._changed.values()])

    def take_changed(self):
        """Return an iterator over every quarter's pane that changed since the last call."""
        cdef list taken = []
        changed, self._changed = self._changed, {}
        for start in sorted(changed):
            quarter = <Quarter> changed[start]
            panes, (<Quarter> quarter).changed = (<Quarter> quarter).changed, []
            for pane in panes:
                (<Pane> pane).is_changed = False
                taken.append((start, (<Pane> pane).dims, (<Pane> pane).frozen()))
        return iter(taken)

    def restore(self, int64_t start, dims, parts):
        """Restore a pane of a quarter from a changelog."""
        cdef dict settled = parts.settled, minutes = parts.minutes
        cdef Quarter quarter
        cdef Pane pane
        if start % QUARTER or not set(minutes) <= set(range(SETTLED)):
            raise ValueError(f"no quarter of an hour has these parts: {start}, {list(minutes)}")
        quarter = self._known.quarter(start)
        # The one object for them, by which they are found again quickly.
        pane = quarter.pane(KNOWN_DIMS[dims])
        quarter.let_go(pane)
        pane.put(SETTLED, settled)
        for minute, cells in minutes.items():
            self._open(quarter, pane, minute)
            pane.put(minute, cells)

    cdef int add(self, double at, object dims, int cell, double amount, bint is_int) except -1:
        cdef int part = 0
        cdef Known *known = self._place(at, dims, &part)
        if known == NULL:
            return 1
        (<Pane> known.pane).add(part, cell, amount, is_int)
        (<Quarter> known.quarter).versions[part] += 1
        return 0

    cdef int fact(self, double at, object dims, object cells) except -1:
        """As `add`, with all cells of a fact."""
        cdef int part = 0
        cdef Known *known = self._place(at, dims, &part)
        cdef Pane pane
        if known == NULL:
            return 1
        pane = <Pane> known.pane
        for name, amount in cells:
            if PyLong_CheckExact(amount):
                pane.add(part, cell_number(name), PyLong_AsDouble(amount), True)
            elif PyFloat_CheckExact(amount):
                pane.add(part, cell_number(name), PyFloat_AS_DOUBLE(amount), False)
            else:
                raise TypeError(f"an amount is an int or a float, not {amount!r}")
        (<Quarter> known.quarter).versions[part] += 1
        return 0

    cdef int spread(
        self, double start_at, double end_at, object dims, int cell, int sign
    ) except -1:
        cdef int64_t second
        if not (start_at < TOO_LATE and end_at < TOO_LATE):
            raise OverflowError(f"no times of this age: {start_at!r}, {end_at!r}")
        if start_at < self._open_from:
            return self._late(start_at, end_at, dims, cell, sign)
        second = <int64_t> start_at
        if end_at <= <double> (second - second % MINUTE + MINUTE):
            # Also one that ends as it begins, or before: its pane is noted as changed.
            return self.add(start_at, dims, cell, sign * (end_at - start_at), False)
        return self._over_minutes(start_at, end_at, dims, cell, sign)

    cdef int _over_minutes(
        self, double at, double end_at, object dims, int cell, int sign
    ) except -1:
        """Give every open minute its share of a spell, starting at *at*."""
        cdef Known *known
        cdef Pane pane
        cdef Quarter quarter
        cdef int64_t start
        cdef double until
        cdef int minute
        while at < end_at:
            start = <int64_t> at // QUARTER * QUARTER
            known = self._known.find(start, dims)
            pane, quarter = <Pane> known.pane, <Quarter> known.quarter
            for minute in range((<int64_t> at - start) // MINUTE, SETTLED):
                until = min(<double> (start + (minute + 1) * MINUTE), end_at)
                self._touch(quarter, pane, minute)
                # Both are multiples of 1/1024 s, so the shares add up to the whole exactly.
                pane.add(minute, cell, sign * (until - at), False)
                quarter.versions[minute] += 1
                at = until
                if at >= end_at:
                    break
        return 0

    cdef int _late(
        self, double start_at, double end_at, object dims, int cell, int sign
    ) except -1:
        """Count a spell that begins in closed minutes; return 1 if part is in closed quarters."""
        cdef double closed_before = self.quarters.closed_before
        cdef bint is_whole = start_at >= closed_before
        cdef double at = start_at if is_whole else closed_before
        cdef double until = min(end_at, self._open_from), next_at
        while at < until:
            next_at = min(until, <double> ((<int64_t> at // QUARTER + 1) * QUARTER))
            self.add(at, dims, cell, sign * (next_at - at), False)
            at = next_at
        self._over_minutes(at, end_at, dims, cell, sign)
        return not is_whole

    cdef Known *_place(self, double at, object dims, int *part) except? NULL:
        """Return where a fact counts, noted as changed; NULL if its quarter is closed."""
        cdef Known *known
        cdef int64_t second
        if at < self._open_from and at < <double> self.quarters.closed_before:
            return NULL
        if not at < TOO_LATE:
            raise OverflowError(f"no time of this age: {at!r}")
        second = <int64_t> at
        known = self._known.find(second - second % QUARTER, dims)
        part[0] = SETTLED if at < self._open_from else second % QUARTER // MINUTE
        self._touch(<Quarter> known.quarter, <Pane> known.pane, part[0])
        return known

    cdef int _touch(self, Quarter quarter, Pane pane, int part) except -1:
        """Note that a part of a pane is there, and that the pane changes."""
        if part != SETTLED and not pane.body.held & (1 << part):
            self._open(quarter, pane, part)
        if not pane.is_changed:
            if not quarter.changed:
                self._changed[quarter.start_at] = quarter
            quarter.changed.append(pane)
            pane.is_changed = True
        return 0

    cdef int _open(self, Quarter quarter, Pane pane, int minute) except -1:
        """Give a pane a minute that it does not have."""
        if not quarter.opened & (1 << minute):
            self._minute_slots[quarter.start_at + minute * MINUTE] = quarter.minute(minute)
        pane.body.held |= 1 << minute
        quarter.counts[minute] += 1
        return 0
