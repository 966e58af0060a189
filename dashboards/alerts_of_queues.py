"""Alerts about a queue: what it promises, and calls that nobody answers."""

from collections.abc import Iterator

from dashboards.alert_rule import Alert, Where
from dashboards.promql import PREFIX
from schemas.alerting import Limits
from schemas.kpis import BY_NAME, LONGEST_WAIT, OLDEST_MISSED_CALL
from schemas.measures import CALLS_ABANDONED, CALLS_ANSWERED

_QUEUE = "queue, site"
_MISSED_FOR_SECONDS = 1800.0
"""Of working time: in the morning those of the night are called back first."""


def alerts_of_queues(where: Where, limits: Limits) -> Iterator[Alert]:
    """Yield the alerts about the queues that *where* chooses, with their limits."""
    yield _service_level(where, limits)
    yield _abandonment(where, limits)
    yield _longest_wait(where, limits)
    yield _missed_calls(where, limits)


def _service_level(where: Where, limits: Limits) -> Alert:
    limit = f"{limits.service_level:g}"
    return Alert(
        name="ServiceLevelLow",
        severity="warning",
        expr=_ratio("service_level_answered_of_offered", "<", limit, where, limits),
        summary="{{ $labels.queue }} at {{ $labels.site }}: service level "
        "{{ $value | humanizePercentage }} in 15 minutes, "
        f"at least {limits.service_level:.0%} expected",
        expected=limit,
        by=("queue", "site"),
        board="floor",
        extra=where.label,
        for_seconds=limits.for_seconds,
    )


def _abandonment(where: Where, limits: Limits) -> Alert:
    limit = f"{limits.abandonment:g}"
    return Alert(
        name="AbandonmentHigh",
        severity="warning",
        expr=_ratio("abandonment", ">", limit, where, limits),
        summary="{{ $labels.queue }} at {{ $labels.site }}: "
        "{{ $value | humanizePercentage }} of calls abandoned in 15 minutes, "
        f"limit {limits.abandonment:.0%}",
        expected=limit,
        by=("queue", "site"),
        board="floor",
        extra=where.label,
        for_seconds=limits.for_seconds,
    )


def _ratio(kpi: str, breaks: str, limit: str, where: Where, limits: Limits) -> str:
    """Return what breaks a limit in a quarter of an hour and in the hour, of enough calls."""
    recorded = f"ringside:{BY_NAME[kpi].name}:queue"
    calls = "|".join(f"{PREFIX}{each.name}" for each in (CALLS_ABANDONED, CALLS_ANSWERED))
    lines = [
        f'max by ({_QUEUE}) ({recorded}{{window="{name}", {where}}}) {breaks} {limit}'
        for name in ("15m", "1h")
    ]
    enough = f'sum by ({_QUEUE}) ({{__name__=~"{calls}", window="15m", {where}}})'
    return "\nand ".join((*lines, f"{enough} >= {limits.min_calls}"))


def _longest_wait(where: Where, limits: Limits) -> Alert:
    limit = limits.longest_wait_seconds
    return Alert(
        name="LongestWaitHigh",
        severity="warning",
        expr=f"max by ({_QUEUE}) ({PREFIX}{LONGEST_WAIT.name}{{{where}}}) > {limit:g}",
        summary="{{ $labels.queue }} at {{ $labels.site }}: a customer has waited for "
        f"{{{{ $value | humanizeDuration }}}}, limit {limit:g} s",
        expected=f"{limit:g}",
        by=("queue", "site"),
        board="floor",
        extra=where.label,
        for_seconds=0.0,
    )


def _missed_calls(where: Where, limits: Limits) -> Alert:
    limit = limits.missed_call_seconds
    works = f"max by (site) ({PREFIX}site_working) == 1"
    oldest = f"max by ({_QUEUE}) ({PREFIX}{OLDEST_MISSED_CALL.name}{{{where}}})"
    return Alert(
        name="MissedCallsWaiting",
        severity="warning",
        expr=f"{oldest} > {limit:g}\nand on (site) {works}",
        summary="{{ $labels.queue }} at {{ $labels.site }}: a customer whose call was missed has "
        f"waited for {{{{ $value | humanizeDuration }}}} to be called back, limit {limit:g} s",
        expected=f"{limit:g}",
        by=("queue", "site"),
        board="floor",
        for_seconds=_MISSED_FOR_SECONDS,
        extra=where.label,
    )
