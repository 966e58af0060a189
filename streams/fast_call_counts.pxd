"""What a plain call counts: see streams/call_counts.py, which has the last word."""

cdef struct Leg:
    bint is_outbound
    bint in_menu
    bint is_record
    double offered_at
    double connected_at
    double answered_at
    double abandoned_at
    double ended_at
    double wrapup_ended_at
    int holds
    double wait_seconds
    double talk_seconds
    double hold_seconds
    double wrapup_seconds

cdef double closed_at(Leg *leg) noexcept

cdef list changes(Leg *old, Leg *new, object queue, object rep, object source)
