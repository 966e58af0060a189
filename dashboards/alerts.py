"""Settings and catalogue -> alert rules (docs/KPIS.md, section 8)."""

from collections.abc import Iterator
from typing import Any

from dashboards.alert_rule import (
    Alert,
    Where,
    duration,
    file_of,
    looked_up,
    record,
    rendered,
    split,
)
from dashboards.alerts_of_queues import alerts_of_queues
from dashboards.alerts_of_service import first_alerts, last_alerts
from dashboards.alerts_of_targets import behind_target
from dashboards.mark import GENERATED_BY
from dashboards.promql import PREFIX, window
from schemas.alerting import Drop, Rules, Shortfall
from schemas.measures import WINDOWS

ACTIVITY = "ringside:activity:team"
EXPECTED = "ringside:activity_expected:team"
LOWER = "ringside:activity_lower:team"
UPPER = "ringside:activity_upper:team"
WITHIN = "ringside:activity_within_bounds:team"
_TEAM = "on (team, site)"
_SILENT_SHARE = 0.6
"""Of a window in which nothing came; the rest is for what is under way."""


def alert_rules(rules: Rules) -> str:
    """Return the rule file."""
    groups: list[dict[str, Any]] = [
        {"name": "ringside_activity", "rules": list(_recorded())},
        {"name": "ringside_alerts", "rules": [rendered(each, rules) for each in alerts(rules)]},
    ]
    if rules.evaluation_seconds is not None:
        for group in groups:
            group["interval"] = duration(rules.evaluation_seconds)
    return f"# {GENERATED_BY}\n{file_of(groups)}"


def alerts(rules: Rules) -> Iterator[Alert]:
    """Yield every alert; one that has other limits for some teams or queues comes more than once.

    Silences and lag come first: by the time that activity counts as dropped they are known.
    """
    yield from first_alerts(rules)
    yield _source_silent(rules)
    for where, drop in split("team", rules.drop, rules.drops()):
        yield _activity_dropped(where, drop, rules)
    for where, limits in split("queue", rules.queue, rules.limits()):
        yield from alerts_of_queues(where, limits)
    yield behind_target(rules.target)
    yield from last_alerts(rules)


def names() -> tuple[str, ...]:
    """Return the name of every alert there is."""
    return tuple(dict.fromkeys(alert.name for alert in alerts(Rules())))


def recorded_names() -> frozenset[str]:
    """Return every series that the rules record."""
    return frozenset(str(rule["record"]) for rule in _recorded())


def _recorded() -> Iterator[dict[str, Any]]:
    """What a team does and what is expected of it, by window; no activity at all is 0."""
    by = "by (team, site, window)"
    for name, bound in ((EXPECTED, "expected"), (LOWER, "lower"), (UPPER, "upper")):
        kind = f'{PREFIX}activity_expected{{kind="activity_volume", bound="{bound}"}}'
        # max, not sum: during a handover two workers may tell it.
        yield record(name, f"max {by} ({kind})")
    yield record(ACTIVITY, f'sum {by} ({PREFIX}activity_volume{{team!=""}})\nor\n0 * {EXPECTED}')
    # Recorded, since a day of it would be thousands of joins each time that somebody looks.
    of = '{window="15m"}'
    yield record(
        WITHIN,
        f"({ACTIVITY}{of} >= bool {_TEAM} {LOWER}{of})\n"
        f"* {_TEAM} ({ACTIVITY}{of} <= bool {_TEAM} {UPPER}{of})",
    )


def _activity_dropped(where: Where, drop: Drop, rules: Rules) -> Alert:
    anyhow = "\nor\n".join(
        "(\n  " + "\n  and ".join(_short(each, where) for each in needed) + "\n)"
        for needed in (_longest_first(each) for each in drop.shortfalls)
    )
    echo = duration(rules.silence.echo_seconds)
    silent = f'ALERTS{{alertname="SourceSilent", alertstate="firing"}}[{echo}]'
    expected = looked_up(f'{EXPECTED}{{team=%q, site=%q, window="15m"}}', ("team", "site"))
    number = looked_up(f'{ACTIVITY}{{team=%q, site=%q, window="15m"}}', ("team", "site"))
    return Alert(
        name="ActivityDropped",
        severity="critical",
        expr=f"({anyhow})\nunless on (site) max_over_time({silent})",
        summary=f"{{{{ $labels.team }}}} at {{{{ $labels.site }}}}: {number} activities in "
        f"15 minutes, {expected} expected",
        expected=expected,
        by=("team", "site"),
        board="alerts",
        for_seconds=drop.for_seconds,
        keep_seconds=drop.keep_seconds,
        extra=where.label,
    )


def _longest_first(needed: tuple[Shortfall, ...]) -> list[Shortfall]:
    """Return the quarter of an hour first: the first operand's value is the alert's."""
    return sorted(needed, key=lambda each: each.window != "15m")


def _short(each: Shortfall, where: Where) -> str:
    of = f"{{{window(each.window)}, {where}}}"
    found = f"{ACTIVITY}{of} < {_TEAM} {each.share:g} * {EXPECTED}{of}"
    if each.is_sure:
        found = f"{found} < {_TEAM} {LOWER}{of}"
    return found


def _source_silent(rules: Rules) -> Alert:
    by = "max by (source, site)"
    parts = []
    for each in WINDOWS:
        if each.seconds is None:
            continue
        expected = f'{by} ({PREFIX}source_expected{{{window(each.name)}, bound="expected"}})'
        lower = f'{by} ({PREFIX}source_expected{{{window(each.name)}, bound="lower"}})'
        age = f"min by (source) ({PREFIX}source_age_seconds)"
        parts.append(
            f"(\n  {expected} > {rules.silence.min_expected:g}\n  and {lower} > 0\n"
            f"  unless on (source) {age} < {each.seconds * _SILENT_SHARE:g}\n)"
        )
    return Alert(
        name="SourceSilent",
        severity="critical",
        expr="\nor\n".join(parts),
        summary="{{ $labels.source }} sends nothing of {{ $labels.site }}: "
        '{{ $value | printf "%.0f" }} events were expected meanwhile',
        expected='{{ $value | printf "%.0f" }}',
        by=("source", "site"),
        board="alerts",
        for_seconds=rules.silence.for_seconds,
    )
