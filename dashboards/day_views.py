"""The panes of one day, found by their index."""

from dashboards.view import View


def counted_day() -> View:
    """Return the view of the days that there may be."""
    query = """SELECT one::date AS of_day
FROM generate_series(
    (SELECT min(start_at) AT TIME ZONE 'UTC' FROM ringside.pane)::date - 1,
    (SELECT max(start_at) AT TIME ZONE 'UTC' FROM ringside.pane)::date + 1,
    interval '1 day'
) AS one"""
    return View("counted_day", "Every day, in any time zone, of which there may be panes.", query)


def panes_of_day(day: str) -> str:
    """Return located panes by their day, so that a query of one day reads only the panes near it.

    A day that is computed from each pane's own time zone has no index; but wherever on earth, it
    begins at most 14 hours before it does in UTC, and ends at most 12 hours after. OFFSET keeps the
    planner from joining the whole roster first.
    """
    return f"""ringside.counted_day
CROSS JOIN LATERAL (
    SELECT * FROM ringside.pane_located
    WHERE start_at >= of_day::timestamp AT TIME ZONE 'UTC' - interval '14 hours'
        AND start_at < of_day::timestamp AT TIME ZONE 'UTC' + interval '36 hours'
        AND {day} = of_day
    OFFSET 0
) AS located"""  # noqa: S608 - one of two names of a column
