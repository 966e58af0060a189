"""What compiled code may use of a pane's cells; streams/fast_cells.pyx says what they are."""

from libc.stdint cimport uint8_t, uint16_t


cdef enum:
    SETTLED = 15  # the part that holds the sum of the closed minutes, after minutes 0 to 14
    PARTS = 16
    FEW_CELLS = 128  # as many as most panes have


cdef struct Cell:
    double amount
    uint16_t number  # of its name
    uint8_t is_int


cdef struct Body:
    # The cells of a pane, part by part; `ends` tells where in them each part ends.
    Cell *cells
    uint16_t[PARTS] ends
    uint16_t held  # a bit for each minute that the pane has, be it an empty one
    uint16_t capacity


# The number of a cell's name: the same for the life of the process.
cdef int cell_number(object name) except -1

# *few*, of *size* bytes, if that is enough, else more; to be given back.
cdef void *room(void *few, size_t size, size_t needed) except NULL
cdef void give_back(void *few, void *found) noexcept

cdef int refuse_large(double amount) except -1

# Add up all parts in *total*, which has room for all cells; return how many cells it has.
cdef int sum_of(Body *body, Cell *total) except -1

cdef dict dict_of_part(Body *body, int part)
cdef dict dict_of_sum(Body *body)

# As msgspec writes `streams.quarters.Parts`, to the byte.
cdef bytes json_of(Body *body)


cdef inline int first_of(Body *body, int part) noexcept:
    return body.ends[part - 1] if part else 0


cdef inline bint is_large(double amount) noexcept:
    # 2**53: from there on, a double can be another whole number, rounded.
    return not -9007199254740992.0 < amount < 9007199254740992.0
