"""The plan of a call floor: checked when made, and a few plans ready for use."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from schemas.roster import Hours
from streams.simulation.parts import (
    NONE,
    BreakPlan,
    CampaignPlan,
    Duration,
    Handling,
    Mischief,
    PlanError,
    QueuePlan,
    SalesPlan,
    SitePlan,
    TeamPlan,
    demand,
)
from streams.zones import is_zone

CALLS_PER_REP_HOUR = 10.5
"""With the handling times of `sized` this keeps reps busy for about three quarters of the time."""

_INBOUND_TEAMS: tuple[tuple[str, ...], ...] = (
    ("sales", "service"),
    ("service", "sales"),
    ("partners",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorPlan:
    """A whole floor. Raises PlanError, when made, for one that cannot be simulated."""

    sites: tuple[SitePlan, ...]
    teams: tuple[TeamPlan, ...]
    queues: tuple[QueuePlan, ...] = ()
    campaigns: tuple[CampaignPlan, ...] = ()
    customers: int = 20_000
    sales: SalesPlan | None = field(default_factory=SalesPlan)
    breaks: BreakPlan | None = field(default_factory=BreakPlan)
    always_open: bool = False
    """Every rep is signed in from the first second on, and it is the busiest hour for ever."""
    mischief: Mischief = field(default_factory=Mischief)
    counts_itself: bool = False
    """Its PBXs tell what they count themselves, too, each quarter of an hour."""

    def __post_init__(self) -> None:
        _check_ids(self)
        _check_references(self)
        for site in self.sites:
            _check_site(site)
        demand(1 <= self.customers <= 80_000, "customers should be between 1 and 80,000")

    @classmethod
    def sized(
        cls,
        *,
        reps: int = 40,
        teams: int = 4,
        always_open: bool = False,
        mischief: Mischief = Mischief(),  # noqa: B008 - frozen
        tells_all: bool = False,
    ) -> "FloorPlan":
        """Return a floor of two sites with three inbound queues and a campaign, load to match.

        `tells_all`: a dialler that tells when customers answer, and PBXs that count themselves.
        """
        demand(1 <= teams <= reps, f"{reps} reps cannot fill {teams} teams; each needs one")
        crews = tuple(_sized_teams(reps, teams))
        return cls(
            sites=_SITES,
            teams=crews,
            queues=_sized_queues(crews),
            campaigns=(
                CampaignPlan(id="outbound", site="seoul", bridge=_BRIDGE if tells_all else None),
            ),
            sales=SalesPlan(leads_per_hour=reps),
            customers=min(80_000, max(2_000, reps * 400)),
            always_open=always_open,
            mischief=mischief,
            counts_itself=tells_all,
        )

    @classmethod
    def erlang(cls, *, calls_per_hour: float, service_seconds: float, reps: int) -> "FloorPlan":
        """Return an exact M/M/n queue: first come, first served; nobody gives up; no pauses."""
        handling = Handling(
            talk=Duration(service_seconds, "exponential"),
            hold_share=0,
            after_call_work=NONE,
            sells=False,
        )
        queue = QueuePlan(
            id="queue",
            site="site",
            calls_per_hour=calls_per_hour,
            handling=handling,
            ring=NONE,
            patience=None,
            short_abandon_share=0,
            menu_share=0,
        )
        return cls(
            sites=(SitePlan(id="site", zone="UTC"),),
            teams=(TeamPlan(id="team", site="site", reps=reps, queues=("queue",)),),
            queues=(queue,),
            sales=None,
            breaks=None,
            always_open=True,
        )

    def rep_ids(self) -> Iterator[tuple[TeamPlan, str]]:
        """Yield every rep with its team; the ids count through the floor."""
        number = 0
        for team in self.teams:
            for _ in range(team.reps):
                number += 1
                yield team, f"rep-{number:04d}"

    def site(self, id_: str) -> SitePlan:
        """Return the site with this id; the plan has been checked, so there is one."""
        return next(site for site in self.sites if site.id == id_)

    def queue(self, id_: str) -> QueuePlan:
        """Return the queue with this id; the plan has been checked, so there is one."""
        return next(queue for queue in self.queues if queue.id == id_)


_BRIDGE = Duration(0.6, sigma=1.0)
"""One in twenty takes longer than the 2 s after which a dialled customer counts as abandoned."""

_SITES = (
    SitePlan(id="seoul", zone="Asia/Seoul", currency="KRW", mean_deal_minor=3_200_000),
    SitePlan(id="penang", zone="Asia/Kuala_Lumpur", currency="MYR", mean_deal_minor=1_100_000),
)


def _sized_teams(reps: int, teams: int) -> Iterator[TeamPlan]:
    """Yield the teams; the last quarter of them dials, and with one team it does everything."""
    inbound = max(1, teams - max(1, teams // 4))
    for index in range(teams):
        serves = _INBOUND_TEAMS[index % 3] if inbound >= 3 else ("sales", "service", "partners")
        yield TeamPlan(
            id=f"team-{index + 1:02d}",
            site=_SITES[index % 2].id,
            reps=reps // teams + (index < reps % teams),
            queues=serves if index < inbound else (),
            campaign="outbound" if index >= inbound or teams == 1 else None,
        )


def _sized_queues(teams: Iterable[TeamPlan]) -> tuple[QueuePlan, ...]:
    load = {"sales": 0.0, "service": 0.0, "partners": 0.0}
    for team in teams:
        firsts = team.queues[:1] if len(team.queues) < 3 else team.queues
        for queue in firsts:
            load[queue] += team.reps * CALLS_PER_REP_HOUR / len(firsts)
    return (
        QueuePlan(
            id="sales",
            site="seoul",
            calls_per_hour=load["sales"],
            handling=Handling(transfer_share=0.06, transfer_to=("service",)),
            flow_out_after_seconds=90,
            flow_out_to="service",
        ),
        QueuePlan(
            id="service",
            site="penang",
            calls_per_hour=load["service"],
            handling=Handling(transfer_share=0.08, transfer_to=("sales",), sells=False),
            target_seconds=30,
        ),
        QueuePlan(id="partners", site="penang", calls_per_hour=load["partners"], records_only=True),
    )


def _check_ids(plan: FloorPlan) -> None:
    parts = {
        "site": [site.id for site in plan.sites],
        "team": [team.id for team in plan.teams],
        "queue or campaign": [
            *(queue.id for queue in plan.queues),
            *(campaign.id for campaign in plan.campaigns),
        ],
    }
    for kind, ids in parts.items():
        twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
        demand(not twice, f"there is more than one {kind} called {', '.join(twice)}")
    demand(bool(plan.sites), "a floor needs at least one site")
    demand(bool(plan.teams), "a floor needs at least one team")


def _check_references(plan: FloorPlan) -> None:
    sites = {site.id for site in plan.sites}
    parts: tuple[TeamPlan | QueuePlan | CampaignPlan, ...]
    parts = (*plan.teams, *plan.queues, *plan.campaigns)
    for part in parts:
        demand(part.site in sites, f"{part.id}: there is no site {part.site}")
    by_id = {queue.id: queue for queue in plan.queues}
    for queue in plan.queues:
        goals = (*queue.handling.transfer_to, *((queue.flow_out_to,) if queue.flow_out_to else ()))
        for goal in goals:
            demand(goal in by_id, f"queue {queue.id}: calls cannot go on to {goal}, not a queue")
            # Two PBXs would not know a call by the same id.
            apart = queue.records_only or by_id[goal].records_only
            demand(not apart, f"queue {queue.id}: a PBX that only keeps records passes no calls on")
    for campaign in plan.campaigns:
        goals = campaign.handling.transfer_to
        demand(set(goals) <= by_id.keys(), f"campaign {campaign.id}: it transfers to no queue")
    campaigns = {campaign.id for campaign in plan.campaigns}
    for team in plan.teams:
        demand(set(team.queues) <= by_id.keys(), f"team {team.id}: it serves an unknown queue")
        known = team.campaign is None or team.campaign in campaigns
        demand(known, f"team {team.id}: there is no campaign {team.campaign}")


def _check_site(site: SitePlan) -> None:
    demand(is_zone(site.zone), f"site {site.id}: there is no time zone {site.zone!r}")
    try:
        msgspec.convert(site.hours, Hours)
    except msgspec.ValidationError as error:
        message = f"site {site.id}: {site.hours!r} are no hours: {error}"
        raise PlanError(message) from None
    demand(bool(site.weekdays), f"site {site.id}: it needs a working day")
    opens, closes = site.hours.split("-")
    demand(opens < closes, f"site {site.id}: it closes before it opens")


def instant(at: float) -> datetime:
    """Return seconds since 1970 as the contract's instant."""
    return datetime.fromtimestamp(at, UTC)
