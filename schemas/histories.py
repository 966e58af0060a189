"""The rules of an imported deal's history that types cannot say."""

from schemas.events import DealImported


def impossible(data: DealImported, earliest: float, latest: float) -> tuple[str, bool] | None:
    """Return the field whose instant cannot be, and whether that is too early (or too late).

    The export lies within [earliest, latest], and what it tells of before it, each step at or after
    the one before.
    """
    as_of = data.as_of.timestamp()
    if not earliest <= as_of <= latest:
        return "as_of", as_of < earliest
    for name, instant in data.instants:
        at = instant.timestamp()
        if not earliest <= at <= as_of:
            return name, at < earliest
        earliest = at
    return None


def is_whole(data: DealImported) -> bool:
    """Whether a deal that ended says when, and only such a one."""
    return (data.ended_at is None) == (data.outcome is None)
