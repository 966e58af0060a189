"""Working calendars as Alertmanager's time intervals: when warnings about a site are muted."""

from typing import Any

from schemas.roster import WEEKDAYS, Site

_NAMES = {
    "mon": "monday",
    "tue": "tuesday",
    "wed": "wednesday",
    "thu": "thursday",
    "fri": "friday",
    "sat": "saturday",
    "sun": "sunday",
}
MIDNIGHT, END = "00:00", "24:00"


def interval_name(site: str) -> str:
    """Return the name of the time in which a site is closed."""
    return f"closed: {site}"


def closed(site: Site) -> dict[str, Any]:
    """Return when a site is closed: out of its working hours, and on its holidays.

    Alertmanager knows the clock of the zone, summer time included.
    """
    intervals = [each for day in WEEKDAYS for each in _around(day, site.working_hours.get(day))]
    intervals += [
        {
            "years": [str(day.year)],
            "months": [str(day.month)],
            "days_of_month": [str(day.day)],
        }
        for day in site.holidays
    ]
    for each in intervals:
        each["location"] = site.zone
    return {"name": interval_name(site.id), "time_intervals": intervals}


def _around(day: str, hours: str | None) -> list[dict[str, Any]]:
    """Return the closed times of a weekday; all of it where nobody works."""
    weekday = [_NAMES[day]]
    if hours is None:
        return [{"weekdays": weekday}]
    opens, _, closes = hours.partition("-")
    times = [(MIDNIGHT, opens), (closes, END)]
    return [
        {"weekdays": weekday, "times": [{"start_time": start, "end_time": end}]}
        for start, end in times
        if start != end
    ]
