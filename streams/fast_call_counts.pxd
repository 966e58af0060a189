"""What a plain call counts, slot by slot; see streams/fast_call_counts.pyx."""

cdef enum:
    MOST_CELLS = 24  # twice what a slot counts: gained and lost

cdef enum Transfer:
    NOT_TRANSFERRED
    BLIND
    ATTENDED

cdef struct Leg:
    # Instants in seconds since 1970, infinite for what has not happened (yet).
    bint is_outbound
    bint in_menu
    bint is_record
    double offered_at
    double connected_at
    double answered_at
    double abandoned_at
    double ended_at  # or transferred
    double wrapup_ended_at
    Transfer transfer
    double earlier_wait_seconds
    int holds
    double hold_seconds  # of a call that is over
    double wait_seconds  # these, and those on hold, are told by a record
    double talk_seconds
    double wrapup_seconds

cdef struct Counts:
    int size
    int cells[MOST_CELLS]  # their numbers in CELLS of this module
    double amounts[MOST_CELLS]

cdef list CELLS

cdef double closed_at(Leg *leg) noexcept

cdef void came(Leg *leg, Counts *counts) noexcept
cdef void met(Leg *leg, Counts *counts) noexcept
cdef void handled(Leg *leg, Counts *counts) noexcept
cdef void over(Leg *leg, Counts *counts) noexcept
