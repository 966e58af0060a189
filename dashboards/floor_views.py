"""Views of the call floor that are no KPIs: what corrections moved, calls over midnight."""

from dashboards import sql
from dashboards.view import UNKNOWN_QUEUE_LIMITS, View

_TARGET = f"coalesce(queues.target_seconds, {UNKNOWN_QUEUE_LIMITS['target_seconds']})"


def floor_views() -> tuple[View, ...]:
    """Return them; they build on those of views.py."""
    return (_correction(), _across_midnight())


def _correction() -> View:
    """The service level is answered_of_offered; what was is what is, less what was moved."""
    query = f"""SELECT
    moved.start_at,
    moved.queue,
    moved.corrections,
    moved.calls_offered,
    CASE WHEN now.offered - moved.offered > 0 THEN
        (now.in_target - moved.in_target)::double precision / (now.offered - moved.offered)
    END AS service_level_before,
    CASE WHEN now.offered > 0 THEN
        now.in_target::double precision / now.offered
    END AS service_level_after
FROM (
    SELECT
        correction.start_at,
        correction.queue,
        count(DISTINCT (topic, partition, log_offset)) AS corrections,
        {_moved("cell = 'calls_offered'")} AS calls_offered,
        {_moved("cell IN ('calls_answered', 'calls_abandoned')")} AS offered,
        coalesce(sum(after - before) FILTER (
            WHERE split_part(cell, ':', 1) = 'answered_wait'
                AND split_part(cell, ':', 2)::integer < width_bucket(
                    {_TARGET}, {sql.BOUNDS}
                )
        ), 0)::bigint AS in_target
    FROM ringside.correction
    LEFT JOIN ringside.roster_queue AS queues
        ON queues.id = correction.queue
        AND queues.valid_from <= correction.start_at AND correction.start_at < queues.valid_to
    WHERE correction.queue <> '' AND direction = 'inbound'
    GROUP BY correction.start_at, correction.queue
) AS moved
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(calls_answered + calls_abandoned), 0)::bigint AS offered,
        coalesce(sum(answered_wait_within_target), 0)::bigint AS in_target
    FROM ringside.pane_located AS pane
    WHERE pane.start_at = moved.start_at
        AND pane.queue = moved.queue
        AND pane.direction = 'inbound'
) AS now"""  # noqa: S608 - made of the catalogue alone
    return View(
        "service_level_correction",
        "The service level of each corrected quarter of an hour and queue, before and after.",
        query,
    )


def _moved(where: str) -> str:
    return f"coalesce(sum(after - before) FILTER (WHERE {where}), 0)::bigint"


def _across_midnight() -> View:
    query = """SELECT
    (call.offered_at AT TIME ZONE place.zone)::date AS day,
    place.site,
    call.queue,
    count(*) AS calls
FROM ringside.call
LEFT JOIN ringside.roster_queue AS queues
    ON queues.id = call.queue
    AND queues.valid_from <= call.offered_at AND call.offered_at < queues.valid_to
LEFT JOIN ringside.roster_site AS sites
    ON sites.id = queues.site
    AND sites.valid_from <= call.offered_at AND call.offered_at < sites.valid_to
CROSS JOIN LATERAL (
    SELECT
        coalesce(queues.site, 'unknown') AS site,
        coalesce(sites.zone, 'UTC') AS zone,
        coalesce(least(call.ended_at, call.transferred_at), call.abandoned_at) AS over_at
) AS place
WHERE (call.offered_at AT TIME ZONE place.zone)::date
    < (place.over_at AT TIME ZONE place.zone)::date
GROUP BY 1, 2, 3"""
    return View(
        "call_across_midnight",
        "How many calls ended on a later day than they came on, by the day they came on.",
        query,
    )
