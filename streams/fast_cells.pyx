# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The cells of a pane as C numbers: added up, as dicts, and as JSON.

Cells are in the order in which Python's dicts would have them, so that the same bytes are written.
Whole amounts are exact, and below 2**53 in magnitude: otherwise OverflowError is raised.
"""

from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
)
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.ref cimport Py_INCREF, Py_XDECREF, PyObject
from libc.stdint cimport int64_t, uintptr_t
from libc.string cimport memcpy, memmove

import msgspec

_json = msgspec.json.Encoder().encode

cdef enum:
    MOST_NAMES = 65_536
    NEAR_NAMES = 1_024  # a power of two
    FEW_BYTES = 4_096
    NUMBER_BYTES = 32  # at least what a double or an int64 takes

cdef dict _numbers = {}
cdef list _names = []
cdef list _keys = []  # each name as a key of a JSON object, with its colon

cdef struct Near:
    PyObject *name  # owned, so that no other object can come to have its address
    int number

cdef Near[NEAR_NAMES] _near


cdef int cell_number(object name) except -1:
    cdef Near *near = &_near[(<uintptr_t> <PyObject *> name >> 4) & (NEAR_NAMES - 1)]
    if near.name == <PyObject *> name:
        return near.number
    cdef int number = _number(name)
    cdef PyObject *before = near.name
    Py_INCREF(name)
    near.name, near.number = <PyObject *> name, number
    Py_XDECREF(before)
    return number


cdef int _number(object name) except -1:
    if type(name) is not str:
        raise TypeError(f"the name of a cell is a str, not {name!r}")
    known = _numbers.get(name)
    if known is not None:
        return known
    cdef int number = len(_names)
    if number == MOST_NAMES:
        raise OverflowError(f"{MOST_NAMES} names of cells are known, and {name!r} is one more")
    _keys.append(_json(name) + b":")
    _names.append(name)
    _numbers[name] = number
    return number


cdef void *room(void *few, size_t size, size_t needed) except NULL:
    cdef void *found = few if needed <= size else PyMem_Malloc(needed)
    if found == NULL:
        raise MemoryError
    return found


cdef void give_back(void *few, void *found) noexcept:
    if found != few:
        PyMem_Free(found)


cdef int refuse_large(double amount) except -1:
    raise OverflowError(f"a pane holds whole numbers below 2**53, not {amount!r}")


# A reader's thread may be in here while another counts. Making a dict can run the cycle collector,
# and with it code that lets the other thread go on; nothing else here can. So the dict comes first.

cdef int _fill(dict found, Cell *cells, int count) except -1:
    cdef int index
    for index in range(count):
        if cells[index].is_int:
            found[_names[cells[index].number]] = <int64_t> cells[index].amount
        else:
            found[_names[cells[index].number]] = cells[index].amount
    return 0


cdef dict dict_of_part(Body *body, int part):
    cdef dict found = {}
    cdef int first = first_of(body, part)
    _fill(found, body.cells + first, body.ends[part] - first)
    return found


cdef dict dict_of_sum(Body *body):
    cdef dict found = {}
    cdef int all_cells = body.ends[SETTLED]
    cdef Cell[FEW_CELLS] few
    cdef Cell *total = <Cell *> room(few, sizeof(few), all_cells * sizeof(Cell))
    try:
        _fill(found, total, sum_of(body, total))
    finally:
        give_back(few, total)
    return found


cdef int sum_of(Body *body, Cell *total) except -1:
    cdef int first = first_of(body, SETTLED), count = body.ends[SETTLED] - first
    cdef int index
    if count:
        memcpy(total, body.cells + first, count * sizeof(Cell))
    for index in range(first):
        count = _add(total, count, &body.cells[index])
    return count


cdef int _add(Cell *total, int count, Cell *cell) except -1:
    cdef int at
    for at in range(count):
        if total[at].number == cell.number:
            break
    else:
        total[count] = cell[0]
        return count + 1
    total[at].amount += cell.amount
    total[at].is_int &= cell.is_int
    if total[at].amount == 0.0:
        # Nothing is not zero.
        count -= 1
        memmove(total + at, total + at + 1, (count - at) * sizeof(Cell))
    elif total[at].is_int and is_large(total[at].amount):
        refuse_large(total[at].amount)
    return count


cdef bytes json_of(Body *body):
    cdef int index, part, first
    cdef Py_ssize_t most = 16 + PARTS * 8
    for index in range(body.ends[SETTLED]):
        most += 1 + PyBytes_GET_SIZE(_keys[body.cells[index].number]) + NUMBER_BYTES
    cdef char[FEW_BYTES] few
    cdef char *text = <char *> room(few, sizeof(few), most)
    cdef char *end = text
    try:
        end = _put_text(end, b"[", 1)
        first = first_of(body, SETTLED)
        end = _put_cells(end, body.cells + first, body.ends[SETTLED] - first)
        end = _put_text(end, b",{", 2)
        for part in range(SETTLED):
            if body.held & (1 << part):
                if (end - 1)[0] != c"{":
                    end = _put_text(end, b",", 1)
                end = _put_text(end, b'"', 1)
                end = _put_whole(end, part)
                end = _put_text(end, b'":', 2)
                first = first_of(body, part)
                end = _put_cells(end, body.cells + first, body.ends[part] - first)
        end = _put_text(end, b"}]", 2)
        return PyBytes_FromStringAndSize(text, end - text)
    finally:
        give_back(few, text)


cdef char *_put_cells(char *end, Cell *cells, int count) except NULL:
    cdef int index
    cdef bytes text
    end = _put_text(end, b"{", 1)
    for index in range(count):
        if index:
            end = _put_text(end, b",", 1)
        text = <bytes> _keys[cells[index].number]
        end = _put_text(end, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
        if cells[index].is_int:
            end = _put_whole(end, <int64_t> cells[index].amount)
        else:
            end = _put_float(end, cells[index].amount)
    return _put_text(end, b"}", 1)


cdef inline char *_put_text(char *end, const char *text, Py_ssize_t size) noexcept:
    memcpy(end, text, size)
    return end + size


cdef char *_put_whole(char *end, int64_t whole) noexcept:
    if whole < 0:
        end = _put_text(end, b"-", 1)
        whole = -whole
    cdef int places = 1
    cdef int64_t rest = whole
    while rest >= 10:
        rest //= 10
        places += 1
    return _put_digits(end, whole, places)


cdef char *_put_digits(char *end, int64_t whole, int places) noexcept:
    cdef int place
    for place in range(places - 1, -1, -1):
        end[place] = c"0" + whole % 10
        whole //= 10
    return end + places


# 5 to the power of the index.
cdef int64_t[11] _FIVES = [1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125, 9765625]


cdef char *_put_float(char *end, double amount) except NULL:
    """Seconds are multiples of 1/1024: k/1024 has at most ten decimal places, those of k * 5**10.

    Of 15 digits or fewer, the exact decimal number is also the shortest that is read as the same
    double. All others are left to msgspec.
    """
    cdef double scaled = amount * 1024.0
    cdef int64_t ticks, rest
    cdef int places = 10
    cdef bytes text
    # With up to 5 digits before the point and 10 after it, or with more before it and none after.
    if -102400000.0 < scaled < 102400000.0 and scaled == <double> <int64_t> scaled:
        ticks = <int64_t> scaled
        if ticks < 0:
            end = _put_text(end, b"-", 1)
            ticks = -ticks
        end = _put_whole(end, ticks >> 10)
        end = _put_text(end, b".", 1)
        rest = ticks & 1023
        if rest == 0:
            return _put_text(end, b"0", 1)
        while rest & 1 == 0:
            rest >>= 1
            places -= 1
        return _put_digits(end, rest * _FIVES[places], places)
    text = _json(amount)
    return _put_text(end, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
