"""Settings and catalogue -> alert rules (docs/KPIS.md, section 8)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from dashboards.alert_rule import Alert, any_of, duration, file_of, looked_up, record, rendered
from dashboards.mark import GENERATED_BY
from dashboards.promql import PREFIX, window
from schemas.alerting import Drop, Limits, Part, Rules, Shortfall
from schemas.kpis import BY_NAME, LONGEST_WAIT
from schemas.measures import CALLS_ABANDONED, CALLS_ANSWERED, WINDOWS

ACTIVITY = "ringside:activity:team"
EXPECTED = "ringside:activity_expected:team"
LOWER = "ringside:activity_lower:team"
UPPER = "ringside:activity_upper:team"
_TEAM = "on (team, site)"
_QUEUE = "queue, site"
_SILENT_SHARE = 0.6
"""Of a window in which nothing came; the rest is for what is under way."""
_P = TypeVar("_P", bound=Part)


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
    yield _worker_down(rules)
    yield _pipeline_lagging(rules)
    yield _source_silent(rules)
    for where, drop in _split("team", rules.drop, rules.drops()):
        yield _activity_dropped(where, drop, rules)
    for where, limits in _split("queue", rules.queue, rules.limits()):
        yield _service_level(where, limits)
        yield _abandonment(where, limits)
        yield _longest_wait(where, limits)
    yield from _bad_input(rules)
    yield _baseline_stale(rules)


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


@dataclass(frozen=True, slots=True)
class _Where:
    """Whom a rule is about: a label matcher, and a label that tells it from its like."""

    matcher: str
    whose: str

    def __str__(self) -> str:
        return self.matcher

    @property
    def label(self) -> dict[str, str]:
        return {"limits": self.whose}


def _split(label: str, usual: _P, others: Mapping[str, _P]) -> Iterator[tuple[_Where, _P]]:
    """Yield whom a rule is about and what holds there: all others, and each that differs."""
    rest = f"{label}!~{any_of(others)}" if others else f'{label}!=""'
    yield _Where(rest, "usual"), usual
    for name, different in others.items():
        yield _Where(f"{label}=~{any_of([name])}", f"of {name}"), different


def _activity_dropped(where: _Where, drop: Drop, rules: Rules) -> Alert:
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


def _short(each: Shortfall, where: _Where) -> str:
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
        summary="{{ $labels.source }} tells nothing of {{ $labels.site }}: "
        '{{ $value | printf "%.0f" }} events were expected meanwhile',
        expected='{{ $value | printf "%.0f" }}',
        by=("source", "site"),
        board="alerts",
        for_seconds=rules.silence.for_seconds,
    )


def _pipeline_lagging(rules: Rules) -> Alert:
    announced = f"unless on () max({PREFIX}replay_announced) > 0"
    limit = rules.lag.limit_seconds
    return Alert(
        name="PipelineLagging",
        severity="critical",
        expr=f"max by (topic) ({PREFIX}lag_seconds) > {limit:g}\n{announced}",
        summary="{{ $labels.topic }}: counting is {{ $value | humanizeDuration }} behind, "
        f"more than {limit:g} s",
        expected=f"{limit:g}",
        by=("topic",),
        board="service",
        for_seconds=rules.lag.for_seconds,
    )


def _worker_down(rules: Rules) -> Alert:
    return Alert(
        name="WorkerDown",
        severity="critical",
        expr='up{job="ringside"} == 0',
        summary="The worker {{ $labels.instance }} does not answer",
        expected="1",
        by=("instance",),
        board="service",
        for_seconds=rules.worker_for_seconds,
    )


def _service_level(where: _Where, limits: Limits) -> Alert:
    limit = f"{limits.service_level:g}"
    return Alert(
        name="ServiceLevelLow",
        severity="warning",
        expr=_ratio("service_level_answered_of_offered", "<", limit, where, limits),
        summary="{{ $labels.queue }} at {{ $labels.site }}: service level "
        f"{{{{ $value | humanizePercentage }}}} in 15 minutes, {limits.service_level:.0%} promised",
        expected=limit,
        by=("queue", "site"),
        board="floor",
        extra=where.label,
        for_seconds=limits.for_seconds,
    )


def _abandonment(where: _Where, limits: Limits) -> Alert:
    limit = f"{limits.abandonment:g}"
    return Alert(
        name="AbandonmentHigh",
        severity="warning",
        expr=_ratio("abandonment", ">", limit, where, limits),
        summary="{{ $labels.queue }} at {{ $labels.site }}: "
        "{{ $value | humanizePercentage }} of calls given up in 15 minutes, "
        f"limit {limits.abandonment:.0%}",
        expected=limit,
        by=("queue", "site"),
        board="floor",
        extra=where.label,
        for_seconds=limits.for_seconds,
    )


def _ratio(kpi: str, breaks: str, limit: str, where: _Where, limits: Limits) -> str:
    """Return what breaks a limit in a quarter of an hour and in the hour, of enough calls."""
    recorded = f"ringside:{BY_NAME[kpi].name}:queue"
    calls = "|".join(f"{PREFIX}{each.name}" for each in (CALLS_ABANDONED, CALLS_ANSWERED))
    lines = [
        f'max by ({_QUEUE}) ({recorded}{{window="{name}", {where}}}) {breaks} {limit}'
        for name in ("15m", "1h")
    ]
    enough = f'sum by ({_QUEUE}) ({{__name__=~"{calls}", window="15m", {where}}})'
    return "\nand ".join((*lines, f"{enough} >= {limits.min_calls}"))


def _longest_wait(where: _Where, limits: Limits) -> Alert:
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


def _bad_input(rules: Rules) -> Iterator[Alert]:
    bad, limit = rules.bad_input, f"{rules.bad_input.share:g}"
    refused = f"sum by (topic) (increase({PREFIX}dead_letters_total[15m]))"
    consumed = f"sum by (topic) (increase({PREFIX}events_consumed_total[15m]))"
    yield Alert(
        name="BadInput",
        severity="warning",
        expr=f"{refused} / {consumed} > {limit}\nand {consumed} >= {bad.min_messages}",
        summary="{{ $labels.topic }}: {{ $value | humanizePercentage }} of the messages of "
        f"15 minutes were refused, limit {bad.share:.0%}",
        expected=limit,
        by=("topic",),
        board="service",
        for_seconds=bad.for_seconds,
    )
    yield Alert(
        name="BadSource",
        severity="warning",
        expr=f"max by (source) ({PREFIX}source_over_limit) == 1",
        summary="{{ $labels.source }} sends too much that is refused: 100 in a row, or 5%",
        expected="0",
        by=("source",),
        board="service",
        for_seconds=bad.for_seconds,
    )


def _baseline_stale(rules: Rules) -> Alert:
    limit = rules.baseline_seconds
    return Alert(
        name="BaselineStale",
        severity="warning",
        expr=f"time() - max({PREFIX}baseline_timestamp_seconds) > {limit:g}",
        summary="What is expected was learnt {{ $value | humanizeDuration }} ago, and not since",
        expected=f"{limit:g}",
        by=(),
        board="alerts",
        for_seconds=rules.worker_for_seconds,
    )
