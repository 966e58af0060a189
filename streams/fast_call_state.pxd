"""What statements change in a plain call: see streams/call_statements.py, which has the last word."""

from streams.fast_call_counts cimport Leg

cdef object after(object call, object data, object at, object source, Leg *old, Leg *new)
