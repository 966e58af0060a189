"""What goes with a plan, so that teams, targets and stages of a simulated floor are known."""

from schemas.pipelines import Pipeline, Pipelines, Stage
from schemas.roster import Queue, Rep, Roster, Site, Team
from streams.simulation.plan import FloorPlan


def plan_pipelines(plan: FloorPlan) -> Pipelines:
    """Return the pipeline of *plan*, whose days are those of its first site."""
    sales = plan.sales
    if sales is None:
        return Pipelines()
    stages = tuple(Stage(id=stage) for stage in sales.stages)
    pipeline = Pipeline(id=sales.pipeline, zone=plan.sites[0].zone, stages=stages)
    return Pipelines(pipelines=(pipeline,))


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
