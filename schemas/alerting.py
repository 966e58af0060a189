"""When alerts fire, as data: limits per team and per queue, and how a drop is found.

The rules that Prometheus evaluates (dashboards/alerts.py) and the replay that measures them
(benchmarks/alerts) are both made from this.
"""

from dataclasses import dataclass
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

Share = Annotated[float, Meta(gt=0, lt=1)]
Seconds = Annotated[float, Meta(gt=0, le=7 * 86_400)]
Pending = Annotated[float, Meta(ge=0, le=86_400)]
Count = Annotated[int, Meta(ge=0)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all parts: an unknown name is an error, and every value has a default."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A live window holds less than `share` of what is expected of it now.

    With `is_sure` it must also hold less than the lower bound, so that chance is excluded.
    """

    window: str
    share: float
    is_sure: bool = True


_SHORTER = 0.1
"""A short window must have fallen further: it only shows that the drop still lasts."""


class Drop(Part, frozen=True, kw_only=True):
    """When a team's activity counts as dropped."""

    share: Share = 0.75
    """Under this share of what is expected."""
    for_seconds: Pending = 120
    """The drop must last so long before the alert fires."""
    keep_seconds: Pending = 600
    """The drop must be over for so long before the alert ends: a drop flickers at its edges."""

    @property
    def shortfalls(self) -> tuple[tuple[Shortfall, ...], ...]:
        """Return groups of shortfalls. Activity has dropped if all of any one group hold.

        The first group finds the drop of a busy team within minutes. The second serves a team of
        which so little is expected in a quarter of an hour that no activity may be chance.
        """
        return (
            (Shortfall("5m", self.share - _SHORTER), Shortfall("15m", self.share)),
            (Shortfall("15m", self.share, is_sure=False), Shortfall("1h", self.share)),
        )


class Silence(Part, frozen=True, kw_only=True):
    """When a source counts as silent."""

    min_expected: Annotated[float, Meta(gt=0)] = 15
    """The rule needs so many expected events: none of 9 (60 % of 15) is hardly chance."""
    for_seconds: Pending = 60
    echo_seconds: Seconds = 900
    """How long alerts about drops stay inhibited after the source is back: windows refill."""


class Lag(Part, frozen=True, kw_only=True):
    """When the pipeline counts as lagging."""

    limit_seconds: Seconds = 120
    """The oldest uncounted event has waited in Kafka for longer than this."""
    event_seconds: Seconds = 900
    """The events that arrive now happened longer ago than this: the PBX or its feed lags."""
    for_seconds: Pending = 60


class Snapshot(Part, frozen=True, kw_only=True):
    """When the database counts as behind."""

    limit_seconds: Seconds = 300
    """The oldest change that is not in PostgreSQL yet is older than this."""
    for_seconds: Pending = 60


class BadInput(Part, frozen=True, kw_only=True):
    """When too many messages are refused, within a quarter of an hour."""

    share: Share = 0.05
    min_messages: Count = 20
    """Fewer messages are too few to judge."""
    for_seconds: Pending = 300


class Target(Part, frozen=True, kw_only=True):
    """When a team is behind its monthly target. Targets are the roster's (`monthly_targets`)."""

    attainment: Share = 0.8
    """Projected to the end of the month: reached / (target * share of the working time gone)."""
    after_share: Share = 0.25
    """The share of the month's working time that must have passed before a team is judged."""
    for_seconds: Pending = 3600


class Limits(Part, frozen=True, kw_only=True):
    """Limits of a queue. Both a quarter of an hour *and* an hour must break them."""

    service_level: Share = 0.8
    """Answered within the queue's target (from the roster), of answered and abandoned."""
    abandonment: Share = 0.1
    longest_wait_seconds: Seconds = 300
    missed_call_seconds: Seconds = 4 * 3600
    """The greatest age of a missed call, from half an hour after the day begins."""
    min_calls: Count = 20
    """Calls in the quarter of an hour; fewer are too few to judge."""
    for_seconds: Pending = 300


class LimitsOf(Part, frozen=True, kw_only=True):
    """Limits that differ for one queue; the others are as for all queues."""

    service_level: Share | None = None
    abandonment: Share | None = None
    longest_wait_seconds: Seconds | None = None
    missed_call_seconds: Seconds | None = None
    min_calls: Count | None = None
    for_seconds: Pending | None = None


class DropOf(Part, frozen=True, kw_only=True):
    """Limits that differ for one team; the others are as for all teams."""

    share: Share | None = None
    for_seconds: Pending | None = None
    keep_seconds: Pending | None = None


class Rules(Part, frozen=True, kw_only=True):
    """Everything that the rules are made from: `rules` in the settings file for alerts."""

    drop: Drop = Drop()
    drop_of: dict[str, DropOf] = {}
    """By team."""
    queue: Limits = Limits()
    queue_of: dict[str, LimitsOf] = {}
    """By queue."""
    silence: Silence = Silence()
    lag: Lag = Lag()
    database: Snapshot = Snapshot()
    bad_input: BadInput = BadInput()
    target: Target = Target()
    worker_for_seconds: Pending = 60
    """A worker that has not answered for so long is down."""
    baseline_seconds: Seconds = 2 * 86_400
    """A baseline that is older than this is stale."""
    keep_seconds: Pending = 120
    """Every alert keeps firing for so long: one failed scrape must not end and restart it."""
    evaluation_seconds: Seconds | None = None
    """How often rules are evaluated; left out: as often as Prometheus does by default."""
    grafana_url: str = "http://127.0.0.1:3000"
    """Where the boards are, for links."""
    runbooks_url: str = "http://127.0.0.1:9475/runbooks"
    """Where the runbooks are; `ringside alerts receive` serves them."""

    def drops(self) -> dict[str, Drop]:
        """Return what holds for each team that differs."""
        return {team: _with(self.drop, each) for team, each in self.drop_of.items()}

    def limits(self) -> dict[str, Limits]:
        """Return what holds for each queue that differs."""
        return {queue: _with(self.queue, each) for queue, each in self.queue_of.items()}


_P = TypeVar("_P", bound=Part)


def _with(usual: _P, different: Part) -> _P:
    every = msgspec.structs.asdict(different)
    given = {name: value for name, value in every.items() if value is not None}
    return msgspec.structs.replace(usual, **given)
