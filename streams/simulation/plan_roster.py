"""The roster that goes with a plan, so that teams and targets of a simulated floor are known."""

from schemas.roster import Queue, Rep, Roster, Site, Team
from streams.simulation.plan import FloorPlan


def plan_roster(plan: FloorPlan) -> Roster:
    """Return the roster of *plan*, valid at all times."""
    return Roster(
        sites=tuple(
            Site(
                id=site.id,
                zone=site.zone,
                working_hours=dict.fromkeys(site.weekdays, site.hours),
            )
            for site in plan.sites
        ),
        teams=tuple(Team(id=team.id, site=team.site) for team in plan.teams),
        reps=tuple(Rep(id=rep, team=team.id) for team, rep in plan.rep_ids()),
        queues=(
            *(
                Queue(id=queue.id, site=queue.site, target_seconds=queue.target_seconds)
                for queue in plan.queues
            ),
            *(Queue(id=campaign.id, site=campaign.site) for campaign in plan.campaigns),
        ),
    )
