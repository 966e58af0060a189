"""Alerts about what a team should reach in a month."""

from dashboards.alert_rule import Alert, looked_up
from dashboards.promql import PREFIX
from schemas.alerting import Target

_BY = ("team", "site", "measure")


def behind_target(limits: Target) -> Alert:
    """Return the alert about a team that will miss its target if it goes on like this."""
    # max: during a handover two workers may tell it.
    target, reached, ratio = (
        f"max by ({', '.join(_BY)}) ({PREFIX}monthly_target{name})"
        for name in ("", "_reached", "_time_ratio")
    )
    limit = f"{limits.attainment:g}"
    works = f"max by (site) ({PREFIX}site_working) == 1"
    return Alert(
        name="BehindTarget",
        severity="warning",
        expr=f"{reached} / ({target} * {ratio}) < {limit}\n"
        f"and {ratio} >= {limits.after_share:g}\nand on (site) {works}",
        summary="{{ $labels.team }} at {{ $labels.site }}: "
        f"{_number('_reached')} {{{{ $labels.measure }}}} this month, {_expected()} expected by now"
        f" and {_number('')} in all: {{{{ $value | humanizePercentage }}}} of the target projected,"
        f" limit {limits.attainment:.0%}",
        expected=limit,
        by=_BY,
        board="activity",
        for_seconds=limits.for_seconds,
    )


def _number(name: str) -> str:
    return looked_up(f"max({PREFIX}monthly_target{name}{_WHO})", _BY)


def _expected() -> str:
    by_now = f"{PREFIX}monthly_target{_WHO} * {PREFIX}monthly_target_time_ratio{_WHO}"
    return looked_up(f"max({by_now})", (*_BY, *_BY))


_WHO = "{" + ", ".join(f"{label}=%q" for label in _BY) + "}"
