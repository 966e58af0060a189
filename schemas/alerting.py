"""What operations are told of, as data: limits per team and per queue, and how a drop is found.

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
    """What all parts have in common: a typing error is an error, and everything has a default."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A live window holds less than `share` of what is expected of it now.

    `is_sure`: and less than the lower bound, so that it is no chance either.
    """

    window: str
    share: float
    is_sure: bool = True


_SHORTER = 0.1
"""A short window must have fallen further: it is there to tell that the drop still lasts."""


class Drop(Part, frozen=True, kw_only=True):
    """When a team's activity counts as dropped."""

    share: Share = 0.75
    """Under this share of what is expected."""
    for_seconds: Pending = 120
    """It must last so long before anybody is told."""
    keep_seconds: Pending = 600
    """It must be over for so long before it counts as over: a drop comes and goes at its edges."""

    @property
    def shortfalls(self) -> tuple[tuple[Shortfall, ...], ...]:
        """Any of these, of which all must hold.

        The first finds a drop of a busy team within minutes. The second finds that of a team of
        which so little is expected in a quarter of an hour that nothing might be chance.
        """
        return (
            (Shortfall("5m", self.share - _SHORTER), Shortfall("15m", self.share)),
            (Shortfall("15m", self.share, is_sure=False), Shortfall("1h", self.share)),
        )


class Silence(Part, frozen=True, kw_only=True):
    """When a source counts as silent."""

    min_expected: Annotated[float, Meta(gt=0)] = 15
    """Only where so much is expected in a window: of nine in 60 % of it none is no chance."""
    for_seconds: Pending = 60
    echo_seconds: Seconds = 900
    """After the source is back windows are half empty: so long nobody is told of a drop."""


class Lag(Part, frozen=True, kw_only=True):
    """When the pipeline counts as lagging."""

    limit_seconds: Seconds = 120
    """The oldest event that is not counted yet has waited in Kafka for longer than this."""
    event_seconds: Seconds = 900
    """What a PBX sends now happened longer ago than this: it, or what brings it, lags."""
    for_seconds: Pending = 60


class Snapshot(Part, frozen=True, kw_only=True):
    """When the database counts as behind."""

    limit_seconds: Seconds = 300
    """The oldest change that is not in PostgreSQL yet is older than this."""
    for_seconds: Pending = 60


class BadInput(Part, frozen=True, kw_only=True):
    """When too much of what comes in is refused, within a quarter of an hour."""

    share: Share = 0.05
    min_messages: Count = 20
    """Of fewer nothing can be said."""
    for_seconds: Pending = 300


class Target(Part, frozen=True, kw_only=True):
    """When a team is behind its monthly target. Targets are the roster's (`monthly_targets`)."""

    attainment: Share = 0.8
    """Projected to the end of the month: reached / (target * share of the working time gone)."""
    after_share: Share = 0.25
    """So much of the month's working time must have gone by; before nothing can be said."""
    for_seconds: Pending = 3600


class Limits(Part, frozen=True, kw_only=True):
    """What a queue promises. A quarter of an hour *and* an hour must break it."""

    service_level: Share = 0.8
    """Answered within the queue's target (that is the roster's), of answered and abandoned."""
    abandonment: Share = 0.1
    longest_wait_seconds: Seconds = 300
    missed_call_seconds: Seconds = 4 * 3600
    """The oldest missed call should not be older, half an hour after the day has begun."""
    min_calls: Count = 20
    """In the quarter of an hour; of fewer nothing can be said."""
    for_seconds: Pending = 300


class LimitsOf(Part, frozen=True, kw_only=True):
    """What is different for one queue; what is left out is as for all."""

    service_level: Share | None = None
    abandonment: Share | None = None
    longest_wait_seconds: Seconds | None = None
    missed_call_seconds: Seconds | None = None
    min_calls: Count | None = None
    for_seconds: Pending | None = None


class DropOf(Part, frozen=True, kw_only=True):
    """What is different for one team; what is left out is as for all."""

    share: Share | None = None
    for_seconds: Pending | None = None
    keep_seconds: Pending | None = None


class Rules(Part, frozen=True, kw_only=True):
    """All that rules are made from: the part `rules` of the file of settings for alerts."""

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
    """A worker that does not answer for so long is down."""
    baseline_seconds: Seconds = 2 * 86_400
    """A baseline that was not learnt anew for so long is stale."""
    keep_seconds: Pending = 120
    """Any alert is over only after so long: one scrape that fails must not end it and begin it."""
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
