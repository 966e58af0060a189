"""One alert rule, and how it is written for Prometheus."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import yaml

from schemas.alerting import Part, Rules

Severity = Literal["critical", "warning", "none"]
"""critical: somebody is called. warning: it is read in working hours. none: nothing is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A rule. Texts may hold Prometheus' templates: `{{ $labels.team }}`, `{{ $value }}`."""

    name: str
    severity: Severity
    expr: str
    summary: str
    """One sentence: who, the number, what was expected. Since when is added."""
    expected: str
    """A number, or a template that gives one: what was expected, or the limit."""
    by: tuple[str, ...]
    """The labels that say who, and that the expression leaves."""
    board: str
    for_seconds: float
    keep_seconds: float | None = 0.0
    """At least as long as all rules keep firing; None: it is over at once."""
    extra: Mapping[str, str] = field(default_factory=dict)


_P = TypeVar("_P", bound=Part)


@dataclass(frozen=True, slots=True)
class Where:
    """Whom a rule is about: a label matcher, and a label that tells it from its like."""

    matcher: str
    whose: str

    def __str__(self) -> str:
        """Return the matcher, for an expression."""
        return self.matcher

    @property
    def label(self) -> dict[str, str]:
        """The label that tells it from its like."""
        return {"limits": self.whose}


def split(label: str, usual: _P, others: Mapping[str, _P]) -> Iterator[tuple[Where, _P]]:
    """Yield whom a rule is about and what holds there: all others, and each that differs."""
    rest = f"{label}!~{any_of(others)}" if others else f'{label}!=""'
    yield Where(rest, "usual"), usual
    for name, different in others.items():
        yield Where(f"{label}=~{any_of([name])}", f"of {name}"), different


def any_of(names: Iterable[str]) -> str:
    """Return a regular expression, as PromQL writes it, for these names and no others."""
    return json.dumps("|".join(map(re.escape, sorted(names))), ensure_ascii=False)


def duration(seconds: float) -> str:
    """Return a duration as Prometheus writes it."""
    return f"{seconds:g}s" if seconds == int(seconds) else f"{round(seconds * 1000)}ms"


def looked_up(expression: str, labels: Iterable[str], form: str = "%.0f") -> str:
    """Return a template that gives the first sample of a query; empty where there is none.

    Args:
        expression: in which each `%q` stands for the value of a label, in their order.
        labels: the alert's labels that go into it, quoted as PromQL needs it.
        form: how the number is written.
    """
    query = f"printf {json.dumps(expression)} {' '.join(f'$labels.{label}' for label in labels)}"
    return (
        f'{{{{ range query ({query.strip()}) }}}}{{{{ . | value | printf "{form}" }}}}{{{{ end }}}}'
    )


def record(name: str, expr: str) -> dict[str, Any]:
    """Return a recording rule."""
    return {"record": name, "expr": _Block(expr)}


def rendered(alert: Alert, rules: Rules) -> dict[str, Any]:
    """Return the rule as Prometheus reads it, with links, numbers and since when."""
    found: dict[str, Any] = {"alert": alert.name, "expr": _Block(alert.expr)}
    found["for"] = duration(alert.for_seconds)
    if alert.keep_seconds is not None and (alert.keep_seconds or rules.keep_seconds):
        keep_seconds = max(alert.keep_seconds, rules.keep_seconds)
        found["keep_firing_for"] = duration(keep_seconds)
    found["labels"] = {"severity": alert.severity, **alert.extra}
    found["annotations"] = {
        "summary": f"{alert.summary}, since {_since(alert)}",
        "value": '{{ $value | printf "%g" }}',
        "expected": alert.expected,
        "pending_seconds": f"{alert.for_seconds:g}",
        "runbook_url": f"{rules.runbooks_url}/{alert.name}.md",
        "dashboard_url": f"{rules.grafana_url}/d/ringside-{alert.board}{_variables(alert)}",
    }
    return found


def _since(alert: Alert) -> str:
    """Return a template for when it began, which is before it fired."""
    wanted = [f'alertname="{alert.name}"', *(f"{label}=%q" for label in alert.by)]
    labels = " ".join(f"$labels.{label}" for label in alert.by)
    # Of a first evaluation there is no state yet; by the time it fires there is, but for `for: 0s`.
    state = "ALERTS_FOR_STATE{" + ", ".join(wanted) + "}"
    query = f"printf {json.dumps(state)} {labels}".strip()
    return (
        f"{{{{ range $n, $s := query ({query}) }}}}{{{{ if eq $n 0 }}}}"
        "{{ $s | value | humanizeTimestamp }}{{ end }}{{ else }}now{{ end }}"
    )


def _variables(alert: Alert) -> str:
    known = [label for label in alert.by if label in {"team", "queue", "site"}]
    chosen = "&".join(f"var-{label}={{{{ $labels.{label} | urlquery }}}}" for label in known)
    return f"?{chosen}" if chosen else ""


class _Block(str):
    """Text that is written as a block of lines."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes expressions as blocks."""


_Dumper.add_representer(
    _Block, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
)


def file_of(groups: list[dict[str, Any]]) -> str:
    """Return the groups as a rule file."""
    return yaml.dump(
        {"groups": groups}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000
    )
