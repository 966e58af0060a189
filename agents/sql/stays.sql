-- Deals and their stays in stages, with pipelines and teams as they are known now. Run by
-- `ringside db migrate` after views.sql. Each is read in one pass over the deals.

-- Each deal that counts, as it is now. What no pipeline has keeps the name that events have for it.
CREATE VIEW ringside.deal_now AS
SELECT
    deal.topic,
    deal.partition,
    deal.deal_id,
    deal.source,
    deal.segment,
    deal.customer,
    coalesce(known.pipeline, deal.pipeline) AS pipeline,
    coalesce(named.stage, deal.stage) AS stage,
    deal.stage_at AS stage_since,
    limits.stalled_after_days * 86400 AS stalled_after_seconds,
    deal.rep,
    coalesce(reps.team, 'unknown') AS team,
    deal.created_at,
    deal.status,
    CASE WHEN deal.status IN ('won', 'lost') THEN deal.status_at END AS ended_at,
    deal.reason,
    deal.amount_minor,
    coalesce(deal.currency, '') AS currency
FROM ringside.deal
LEFT JOIN ringside.pipeline_name AS known ON known.name = deal.pipeline
LEFT JOIN ringside.pipeline_version AS version
    ON version.pipeline = known.pipeline
    AND version.valid_from <= deal.stage_at AND deal.stage_at < version.valid_to
LEFT JOIN ringside.pipeline_stage_name AS named
    ON named.pipeline = version.pipeline AND named.valid_from = version.valid_from
    AND named.name = deal.stage
LEFT JOIN ringside.pipeline_stage AS limits
    ON limits.pipeline = version.pipeline AND limits.valid_from = version.valid_from
    AND limits.stage = named.stage
LEFT JOIN ringside.roster_rep AS reps
    ON reps.id = deal.rep AND reps.valid_from <= now() AND now() < reps.valid_to
WHERE deal.created_at IS NOT NULL AND deal.status IN ('open', 'won', 'lost');
COMMENT ON VIEW ringside.deal_now IS
    'Each deal that counts, as it is now, with pipeline, stage and team as they are known.';

-- Each stay of a deal in a stage, [entered_at, left_at); `left_at` NULL while it is there. A move to
-- where a deal already is, is none. `went_on`: it has since been in the next stage or beyond, or won.
CREATE VIEW ringside.deal_stay AS
WITH said AS (
    SELECT
        deal.*,
        move.ordinality,
        to_timestamp((move.said ->> 0)::float8) AS at,
        coalesce(named.stage, move.said ->> 1) AS came_to,
        place.position AS place,
        place.next_stage,
        place.next_position
    FROM ringside.deal_now AS deal
    JOIN ringside.deal AS row
        ON row.topic = deal.topic AND row.partition = deal.partition AND row.deal_id = deal.deal_id
    CROSS JOIN LATERAL jsonb_array_elements(row.moves) WITH ORDINALITY AS move (said, ordinality)
    LEFT JOIN ringside.pipeline_version AS version
        ON version.pipeline = deal.pipeline
        AND version.valid_from <= to_timestamp((move.said ->> 0)::float8)
        AND to_timestamp((move.said ->> 0)::float8) < version.valid_to
    LEFT JOIN ringside.pipeline_stage_name AS named
        ON named.pipeline = version.pipeline AND named.valid_from = version.valid_from
        AND named.name = move.said ->> 1
    LEFT JOIN ringside.pipeline_stage AS place
        ON place.pipeline = version.pipeline AND place.valid_from = version.valid_from
        AND place.stage = named.stage
),
moved AS (
    SELECT *, lag(came_to) OVER deals AS came_from
    FROM said
    WINDOW deals AS (PARTITION BY topic, partition, deal_id ORDER BY ordinality)
),
stay AS (
    SELECT
        *,
        row_number() OVER deals AS number,
        lead(at) OVER deals AS next_at,
        lag(place) OVER deals AS place_before,
        max(place) OVER (
            deals ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS furthest_after,
        row_number() OVER (
            PARTITION BY topic, partition, deal_id, came_to ORDER BY ordinality
        ) AS times
    FROM moved
    WHERE came_from IS DISTINCT FROM came_to AND came_to NOT IN ('won', 'lost')
    WINDOW deals AS (PARTITION BY topic, partition, deal_id ORDER BY ordinality)
)
SELECT
    topic, partition, deal_id, pipeline, came_to AS stage, number, place AS position, next_stage,
    place_before AS position_before, at AS entered_at,
    coalesce(next_at, CASE WHEN ended_at IS NOT NULL THEN greatest(ended_at, at) END) AS left_at,
    CASE WHEN next_at IS NOT NULL THEN 'moved' ELSE status END AS left_by,
    times = 1 AS is_first,
    coalesce(furthest_after >= next_position, next_at IS NOT NULL AND place IS NULL, false)
        OR status = 'won' AS went_on,
    status, ended_at, reason, rep, team, source, segment, customer, amount_minor, currency
FROM stay;
COMMENT ON VIEW ringside.deal_stay IS
    'Each stay of a deal in a stage, [entered_at, left_at), how it left (moved, won, lost or open), and whether the deal has got further since.';

