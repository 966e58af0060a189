# cython: cdivision=True
"""Numbers and instants; see fast_scan.pxd, and docs/decisions/0017 on why this is compiled."""

cdef const char* number_end(
    const char* at, int most_digits, long long* digits, int* decimals
) noexcept nogil:
    """Read a number that is not negative and has no exponent: *digits* / 10 ** *decimals*.

    Returns the place behind it; NULL if there is no such number, or it has more than *most_digits*.
    """
    cdef const char* start = at
    cdef const char* point = NULL
    digits[0], decimals[0] = 0, 0
    while True:
        if is_digit(at[0]):
            if at - start - (point is not NULL) >= most_digits:
                return NULL
            digits[0] = 10 * digits[0] + (at[0] - c"0")
        elif at[0] == c"." and point is NULL and at != start:
            point = at
        else:
            break
        at += 1
    if at == start or (start[0] == c"0" and is_digit(start[1])):
        return NULL
    if point is not NULL:
        decimals[0] = <int>(at - point - 1)
        if decimals[0] == 0:
            return NULL
    return at


cdef int two_digits(const char* at) noexcept nogil:
    """Return the number that two digits make; -1 if they are none."""
    if is_digit(at[0]) and is_digit(at[1]):
        return 10 * (at[0] - c"0") + (at[1] - c"0")
    return -1


cdef int days_of_month(int year, int month) noexcept nogil:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


cdef long long epoch_days(int year, int month, int day) noexcept nogil:
    """Return the days since 1970-01-01 in the Gregorian calendar, of a year from 1 on."""
    cdef int shifted = year - (month <= 2)  # years that begin in March end with the leap day
    cdef int era = shifted // 400
    cdef int year_of_era = shifted - 400 * era
    cdef int day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    cdef int leap_days = year_of_era // 4 - year_of_era // 100
    return 146_097 * <long long>era + 365 * year_of_era + leap_days + day_of_year - 719_468


cdef bint read_instant(Span text, Instant* instant) noexcept nogil:
    """Read RFC 3339 with a T, at most six decimals, and Z or an offset; return whether it is."""
    cdef const char* at = text.start
    cdef const char* end = text.start + text.length
    cdef int century, year, hours, minutes, scale = 100_000
    cdef long long seconds
    if text.length < 20 or at[4] != c"-" or at[7] != c"-" or at[10] != c"T":
        return False
    if at[13] != c":" or at[16] != c":":
        return False
    century, year = two_digits(at), two_digits(at + 2)
    instant.month, instant.day = two_digits(at + 5), two_digits(at + 8)
    instant.hour, instant.minute = two_digits(at + 11), two_digits(at + 14)
    instant.second = two_digits(at + 17)
    if century < 0 or year < 0 or not 1 <= instant.month <= 12:
        return False
    instant.year = 100 * century + year
    if instant.year < 1 or not 1 <= instant.day <= days_of_month(instant.year, instant.month):
        return False
    if not (0 <= instant.hour < 24 and 0 <= instant.minute < 60 and 0 <= instant.second < 60):
        return False
    at += 19
    instant.microsecond = 0
    if at[0] == c".":
        at += 1
        if not is_digit(at[0]):
            return False
        while is_digit(at[0]):
            if scale == 0:
                return False
            instant.microsecond += scale * (at[0] - c"0")
            scale //= 10
            at += 1
    seconds = 3600 * instant.hour + 60 * instant.minute + instant.second
    seconds += 86_400 * epoch_days(instant.year, instant.month, instant.day)
    instant.is_zulu = at[0] == c"Z"
    if instant.is_zulu:
        at += 1
    elif (at[0] == c"+" or at[0] == c"-") and end - at == 6 and at[3] == c":":
        hours, minutes = two_digits(at + 1), two_digits(at + 4)
        if not (0 <= hours < 24 and 0 <= minutes < 60):
            return False
        seconds -= (3600 * hours + 60 * minutes) * (1 if at[0] == c"+" else -1)
        at += 6
    instant.epoch_microseconds = 1_000_000 * seconds + instant.microsecond
    return at == end
