# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""One pane of a quarter of an hour as C numbers: the compiled twin of `streams.quarters.Parts`.

It is one array of cells, minute after minute and then what is settled. So counting looks through a
few neighbours, and what a checkpoint takes is a copy of one block of memory.
"""

cimport cython
from cpython.dict cimport PyDict_Next
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.long cimport PyLong_AsDouble, PyLong_CheckExact
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.ref cimport PyObject
from libc.string cimport memcpy, memmove

from streams.fast_cells cimport (
    FEW_CELLS,
    PARTS,
    SETTLED,
    Body,
    Cell,
    cell_number,
    dict_of_part,
    dict_of_sum,
    first_of,
    give_back,
    is_large,
    json_of,
    refuse_large,
    room,
    sum_of,
)

cdef enum:
    FEWEST_CELLS = 2  # to make room for
    MOST_CELLS = 65_535


@cython.final
@cython.no_gc
cdef class Pane:
    """What is counted of one set of dimensions in one quarter of an hour. Its parts are numbered:

    0 to 14 are the open minutes, and SETTLED is the sum of the closed ones.
    """

    def __dealloc__(self):
        PyMem_Free(self.body.cells)

    cdef int add(self, int part, int number, double amount, bint is_int) except -1:
        """Add to a cell. A cell that becomes zero is removed: nothing is not zero."""
        cdef Body *body = &self.body
        cdef int index
        cdef Cell *cell
        cdef double total
        for index in range(first_of(body, part), body.ends[part]):
            cell = &body.cells[index]
            if cell.number != number:
                continue
            total = cell.amount + amount
            if total == 0.0:
                self._take_out(part, index, 1)
                return 0
            is_int = is_int and cell.is_int
            if is_int and is_large(total):
                refuse_large(total)
            cell.amount, cell.is_int = total, is_int
            return 0
        if amount != 0.0:
            self._append(part, number, amount, is_int)
        return 0

    cdef int put(self, int part, dict cells) except -1:
        """Make these the cells of a part."""
        cdef PyObject *name
        cdef PyObject *amount
        cdef Py_ssize_t at = 0
        cdef int number
        cdef int first = first_of(&self.body, part)
        self._take_out(part, first, self.body.ends[part] - first)
        while PyDict_Next(cells, &at, &name, &amount):
            number = cell_number(<object> name)
            if PyLong_CheckExact(<object> amount):
                self._append(part, number, PyLong_AsDouble(<object> amount), True)
            elif PyFloat_CheckExact(<object> amount):
                self._append(part, number, PyFloat_AS_DOUBLE(<object> amount), False)
            else:
                raise TypeError(f"an amount is an int or a float, not {<object> amount!r}")
        return 0

    cdef void let_go(self, int minute) noexcept:
        """Remove a minute."""
        cdef int first = first_of(&self.body, minute)
        self._take_out(minute, first, self.body.ends[minute] - first)
        self.body.held &= ~(1 << minute)

    cdef int settle(self) except -1:
        """Make the sum of all parts the only one."""
        cdef Body *body = &self.body
        cdef int count, part
        cdef Cell[FEW_CELLS] few
        cdef Cell *total
        cdef Cell *smaller
        if not body.held:
            return 0
        total = <Cell *> room(few, sizeof(few), body.ends[SETTLED] * sizeof(Cell))
        try:
            count = sum_of(body, total)
            if count:
                memcpy(body.cells, total, count * sizeof(Cell))
        finally:
            give_back(few, total)
        # A day of these is kept, so they take no more memory than they need.
        smaller = <Cell *> PyMem_Realloc(body.cells, count * sizeof(Cell))
        if smaller != NULL:
            body.cells, body.capacity = smaller, count
        for part in range(SETTLED):
            body.ends[part] = 0
        body.ends[SETTLED] = count
        body.held = 0
        return 0

    cdef FrozenParts frozen(self):
        """Return a copy of it as it is now."""
        cdef FrozenParts parts = FrozenParts.__new__(FrozenParts)
        cdef int count = self.body.ends[SETTLED]
        cdef Cell *cells = <Cell *> PyMem_Malloc(count * sizeof(Cell))
        if cells == NULL:
            raise MemoryError
        if count:
            memcpy(cells, self.body.cells, count * sizeof(Cell))
        parts.body = self.body
        parts.body.cells, parts.body.capacity = cells, count
        return parts

    cdef int _append(self, int part, int number, double amount, bint is_int) except -1:
        """Add a cell at the end of a part."""
        cdef Body *body = &self.body
        cdef int end = body.ends[part], count = body.ends[SETTLED]
        cdef int after, capacity
        cdef Cell *cells
        if is_int and is_large(amount):
            refuse_large(amount)
        if count == body.capacity:
            capacity = min(MOST_CELLS, FEWEST_CELLS + count + count // 2)
            if count == MOST_CELLS:
                raise OverflowError(f"{MOST_CELLS} cells are all that a pane can have")
            cells = <Cell *> PyMem_Realloc(body.cells, capacity * sizeof(Cell))
            if cells == NULL:
                raise MemoryError
            body.cells, body.capacity = cells, capacity
        memmove(body.cells + end + 1, body.cells + end, (count - end) * sizeof(Cell))
        body.cells[end].amount = amount
        body.cells[end].number = number
        body.cells[end].is_int = is_int
        for after in range(part, PARTS):
            body.ends[after] += 1
        return 0

    cdef void _take_out(self, int part, int index, int count) noexcept:
        """Remove cells of a part."""
        cdef Body *body = &self.body
        cdef int after, left = body.ends[SETTLED] - index - count
        if count:
            memmove(body.cells + index, body.cells + index + count, left * sizeof(Cell))
            for after in range(part, PARTS):
                body.ends[after] -= count


@cython.final
@cython.no_gc
cdef class FrozenParts:
    """A pane as it was when a checkpoint took it: what `streams.quarters.Parts` is, and no tuple."""

    def __dealloc__(self):
        PyMem_Free(self.body.cells)

    @property
    def settled(self):
        """The sum of the closed minutes."""
        return dict_of_part(&self.body, SETTLED)

    @property
    def minutes(self):
        """The cells of the open minutes, by their number in the quarter, 0 to 14."""
        return {
            part: dict_of_part(&self.body, part)
            for part in range(SETTLED)
            if self.body.held & (1 << part)
        }

    def total(self):
        """Return the sum of all parts, without zeros."""
        return dict_of_sum(&self.body)

    def json(self):
        """Return it as it is in the changelog."""
        return json_of(&self.body)

    def __eq__(self, other):
        return (self.settled, self.minutes) == (other.settled, other.minutes)

    def __repr__(self):
        return f"FrozenParts(settled={self.settled!r}, minutes={self.minutes!r})"
