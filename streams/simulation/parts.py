"""What a floor plan consists of: durations, sites, queues, campaigns, teams, sales, mischief."""

import math
from dataclasses import dataclass
from random import Random
from typing import Literal

from schemas.roster import WEEKDAYS, Weekday

Shape = Literal["exponential", "lognormal", "fixed"]

DAY_PROFILE: tuple[float, ...] = (
    *(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.4),
    *(0.7, 0.95, 1.0, 0.95, 0.7, 0.8, 0.95, 0.9),
    *(0.75, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1),
)
"""Arrivals by local hour, relative to the busiest; nothing arrives outside working hours."""


class PlanError(ValueError):
    """A floor plan cannot be simulated; the message names the part and what it should be."""


def demand(is_right: bool, sentence: str) -> None:  # noqa: FBT001 - reads as an assertion
    """Raise PlanError with *sentence* unless it is right."""
    if not is_right:
        raise PlanError(sentence)


def demand_share(value: float, name: str) -> None:
    """Raise PlanError unless *value* lies between 0 and 1."""
    demand(0 <= value <= 1, f"{name} is {value}; a share lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Duration:
    """A random duration with this mean. Mean 0: it does not take any time."""

    mean_seconds: float
    shape: Shape = "lognormal"
    sigma: float = 0.7
    """Spread of the logarithm, for the log-normal shape."""

    def __post_init__(self) -> None:
        demand(
            math.isfinite(self.mean_seconds) and self.mean_seconds >= 0,
            f"a mean duration is {self.mean_seconds}; it should be 0 or more seconds",
        )

    def sample(self, rng: Random) -> float:
        """Draw one, in seconds."""
        if self.mean_seconds == 0 or self.shape == "fixed":
            return self.mean_seconds
        if self.shape == "exponential":
            return rng.expovariate(1 / self.mean_seconds)
        return rng.lognormvariate(math.log(self.mean_seconds) - self.sigma**2 / 2, self.sigma)


NONE = Duration(0, "fixed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What happens between the answer and the rep's being free again."""

    talk: Duration = Duration(200)
    hold_share: float = 0.15
    hold: Duration = Duration(45, "exponential")
    after_call_work: Duration = Duration(35)
    transfer_share: float = 0.0
    transfer_to: tuple[str, ...] = ()
    sells: bool = True
    """Whether meetings and deals come out of the conversations."""

    def __post_init__(self) -> None:
        demand_share(self.hold_share, "hold_share")
        demand_share(self.transfer_share, "transfer_share")
        demand(
            bool(self.transfer_to) or self.transfer_share == 0,
            "transfer_share is above 0, but transfer_to names no queue",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """A place with a time zone and working hours, the same on each of its working days."""

    id: str
    zone: str
    hours: str = "08:30-17:00"
    weekdays: tuple[Weekday, ...] = WEEKDAYS[:6]
    currency: str = "USD"
    mean_deal_minor: int = 240_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlan:
    """An inbound queue: Poisson arrivals, patience, and what becomes of the calls."""

    id: str
    site: str
    calls_per_hour: float
    """At the busiest hour of the profile."""
    profile: tuple[float, ...] = DAY_PROFILE
    handling: Handling = Handling()
    ring: Duration = Duration(4)
    patience: Duration | None = Duration(150, "exponential")
    """None: nobody hangs up."""
    short_abandon_share: float = 0.03
    """Callers who hang up within five seconds, unless answered sooner."""
    menu_share: float = 0.06
    """Of the arrivals, those who hang up in the voice menu and so never join the queue."""
    flow_out_after_seconds: float | None = None
    flow_out_to: str | None = None
    records_only: bool = False
    """Its PBX writes one record at the end of a call and nothing before."""
    target_seconds: float = 20

    def __post_init__(self) -> None:
        demand(
            math.isfinite(self.calls_per_hour) and self.calls_per_hour >= 0,
            f"queue {self.id}: calls_per_hour should be 0 or more",
        )
        demand(
            len(self.profile) == 24 and min(self.profile) >= 0,
            f"queue {self.id}: the profile needs 24 weights, none below 0",
        )
        demand_share(self.short_abandon_share, f"queue {self.id}: short_abandon_share")
        demand_share(self.menu_share, f"queue {self.id}: menu_share")
        demand(
            (self.flow_out_after_seconds is None) == (self.flow_out_to is None),
            f"queue {self.id}: flow_out_after_seconds and flow_out_to belong together",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlan:
    """Outbound work: idle reps of its teams dial one customer after the other."""

    id: str
    site: str
    connect_share: float = 0.35
    ring: Duration = Duration(14)
    between_dials: Duration = Duration(12, "exponential")
    handling: Handling = Handling(talk=Duration(140), hold_share=0.05)
    callback_share: float = 0.5
    """Of the dials, those that return a missed call, while there are any."""
    bridge: Duration | None = None
    """A dialler tells when the customer answers, and it takes so long until the rep has joined.

    None: the rep hears the customer answer.
    """

    def __post_init__(self) -> None:
        demand_share(self.connect_share, f"campaign {self.id}: connect_share")
        demand_share(self.callback_share, f"campaign {self.id}: callback_share")


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamPlan:
    """Reps with the same skills: the queues they serve and the campaign they dial for."""

    id: str
    site: str
    reps: int
    queues: tuple[str, ...] = ()
    campaign: str | None = None

    def __post_init__(self) -> None:
        demand(self.reps >= 1, f"team {self.id}: it needs at least one rep")


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakPlan:
    """When reps are signed in but not there."""

    between: Duration = Duration(2 * 3600, "exponential")
    length: Duration = Duration(480)
    reasons: tuple[str, ...] = ("break", "break", "coaching", "training", "meeting")
    lunch_seconds: float = 2700
    absent_share: float = 0.04
    """Of the reps, those who do not come to work on a day."""

    def __post_init__(self) -> None:
        demand(bool(self.reasons), "breaks need at least one reason")
        demand(self.between.mean_seconds > 0, "the time between breaks should be above 0")
        demand_share(self.absent_share, "absent_share")


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesPlan:
    """What comes out of conversations, and how it goes on. Shares are of conversations."""

    meeting_share: float = 0.08
    deal_share: float = 0.07
    email_share: float = 0.18
    leads_per_hour: float = 40
    qualified_share: float = 0.4
    stages: tuple[str, ...] = ("qualified", "demo", "proposal", "negotiation")
    pipeline: str = "new_business"
    loss_share: float = 0.22
    """Of the deals in a stage, those that end there."""
    stage: Duration = Duration(2 * 86_400, "lognormal", 1.4)
    same_day_share: float = 0.3
    """Of meetings and deals, those that go through within minutes instead of days."""

    def __post_init__(self) -> None:
        for name in ("meeting_share", "deal_share", "email_share", "qualified_share"):
            demand_share(getattr(self, name), name)
        demand_share(self.loss_share, "loss_share")
        demand_share(self.same_day_share, "same_day_share")
        demand(bool(self.stages), "a pipeline needs at least one stage")
        demand(self.leads_per_hour >= 0, "leads_per_hour should be 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mischief:
    """What networks and vendors do to events. It changes their delivery, not what happened."""

    duplicate_share: float = 0.0
    duplicate_after: Duration = Duration(5, "exponential")
    late_share: float = 0.0
    late_by: Duration = Duration(30, "exponential")

    def __post_init__(self) -> None:
        demand_share(self.duplicate_share, "duplicate_share")
        demand_share(self.late_share, "late_share")

    @property
    def is_on(self) -> bool:
        """Whether anything is changed at all."""
        return self.duplicate_share > 0 or self.late_share > 0
