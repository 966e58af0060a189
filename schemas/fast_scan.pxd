"""Reads pieces of JSON from bytes, in C alone: texts, numbers, instants. Of fast_codec.pyx.

Each function takes a place within a `bytes` object, whose last byte is followed by a NUL, and stops
at the first byte that it does not expect; NUL never is. So none reads beyond the end.
"""

cdef struct Span:
    const char* start  # NULL: there is none
    Py_ssize_t length


cdef struct Instant:
    int year, month, day, hour, minute, second, microsecond
    bint is_zulu  # told as UTC, by a Z
    long long epoch_microseconds  # since 1970, UTC


cdef inline const char* after_space(const char* at) noexcept nogil:
    """Return the first place from *at* on that is no white space."""
    while at[0] == c" " or at[0] == c"\n" or at[0] == c"\r" or at[0] == c"\t":
        at += 1
    return at


cdef inline const char* text_end(const char* at) noexcept nogil:
    """Return the closing quote of the text that begins at *at*; NULL if it is not plain.

    Plain is printable ASCII without escapes: then its bytes are its characters.
    """
    while c" " <= at[0] < 0x7F and at[0] != c'"' and at[0] != c"\\":
        at += 1
    return at if at[0] == c'"' else NULL


cdef inline bint is_null(const char* at) noexcept nogil:
    return at[0] == c"n" and at[1] == c"u" and at[2] == c"l" and at[3] == c"l"


cdef inline bint is_digit(char character) noexcept nogil:
    return c"0" <= character <= c"9"


cdef const char* number_end(
    const char* at, int most_digits, long long* digits, int* decimals
) noexcept nogil

cdef bint read_instant(Span text, Instant* instant) noexcept nogil
