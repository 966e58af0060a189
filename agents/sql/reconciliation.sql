-- What a PBX counted itself, beside what its events add up to.
-- Run by `ringside db migrate` after views.sql, once it has dropped the old views.
--
-- Both halves are of calls that ended within [from_at, to_at): so a PBX counts. A half that is not
-- there is named in `missing`, and NULL; it is no zero:
--   pbx     we have calls of a queue, and the PBX told of others, but not of it
--   ours    the PBX counted calls, and of that source no call ended for us at all
--   not yet our log has not come to the end of the interval

-- Of the intervals that end within (since, until]. The view is all of them; where there are many, ask
-- this: what it reads is in proportion to the calls that ended then.
CREATE FUNCTION ringside.reconciled(since timestamptz, until timestamptz) RETURNS TABLE (
    source text, queue text, from_at timestamptz, to_at timestamptz, missing text,
    pbx_completed bigint, pbx_abandoned bigint, pbx_service_level double precision,
    service_level_seconds double precision, service_level_rule text,
    completed bigint, abandoned bigint, service_level double precision,
    completed_difference bigint, abandoned_difference bigint,
    service_level_difference double precision
)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
WITH pbx_counters AS (
    SELECT * FROM ringside.pbx_counters
    WHERE pbx_counters.to_at > since AND pbx_counters.to_at <= until
),

told AS (
    SELECT DISTINCT source, from_at, to_at FROM pbx_counters
),

ended AS (
    SELECT
        told.source,
        told.from_at,
        told.to_at,
        call.queue,
        call.outcome,
        call.wait_seconds
    FROM told
    -- For each interval by the index call_over_at, which is on just this. OFFSET 0 keeps it so: as a
    -- join, many intervals are thought to have most calls between them, and all calls are read.
    CROSS JOIN LATERAL (
        SELECT ours.queue, ours.outcome, ours.wait_seconds
        FROM ringside.call AS ours
        CROSS JOIN LATERAL (
            SELECT
                CASE ours.outcome
                    WHEN 'answered' THEN least(ours.ended_at, ours.transferred_at)
                    ELSE coalesce(ours.abandoned_at, ours.ended_at)
                END AS at
        ) AS over
        WHERE
            ours.source = told.source
            AND ours.direction = 'inbound'
            AND ours.outcome IN ('answered', 'abandoned')
            AND over.at >= told.from_at
            AND over.at < told.to_at
        OFFSET 0
    ) AS call
),

place AS (
    SELECT source, queue, from_at, to_at FROM pbx_counters
    UNION
    SELECT source, queue, from_at, to_at FROM ended
),

both_halves AS (
    SELECT
        place.source,
        place.queue,
        place.from_at,
        place.to_at,
        pbx.completed AS pbx_completed,
        pbx.abandoned AS pbx_abandoned,
        pbx.service_level AS pbx_service_level,
        pbx.service_level_seconds,
        pbx.service_level_rule,
        ours.completed,
        ours.abandoned,
        CASE pbx.service_level_rule
            WHEN 'answered_of_answered' THEN ours.answered_in / nullif(ours.completed, 0)
            WHEN 'handled_of_offered'
                THEN (ours.answered_in + ours.abandoned_in)
                    / nullif(ours.completed + ours.abandoned, 0)
            WHEN 'answered_of_offered'
                THEN ours.answered_in / nullif(ours.completed + ours.abandoned, 0)
            WHEN 'answered_less_short'
                THEN ours.answered_in / nullif(ours.completed + ours.abandoned - ours.short, 0)
            WHEN 'answered_less_early'
                THEN ours.answered_in
                    / nullif(ours.completed + ours.abandoned - ours.abandoned_in, 0)
        END AS service_level,
        CASE
            WHEN pbx.source IS NULL THEN 'pbx'
            WHEN place.to_at > coalesce(log.newest_at, '-infinity') THEN 'not yet'
            WHEN pbx.completed + pbx.abandoned > 0 AND NOT EXISTS (
                SELECT FROM ended
                WHERE
                    ended.source = place.source
                    AND ended.from_at = place.from_at
                    AND ended.to_at = place.to_at
            ) THEN 'ours'
            ELSE ''
        END AS missing
    FROM place
    CROSS JOIN (
        SELECT max(newest_at) AS newest_at FROM ringside.ledger WHERE topic = 'ringside.calls'
    ) AS log
    LEFT JOIN pbx_counters AS pbx
        ON
            place.source = pbx.source
            AND place.queue = pbx.queue
            AND place.from_at = pbx.from_at
            AND place.to_at = pbx.to_at
    LEFT JOIN ringside.roster_queue AS queues
        ON
            place.queue = queues.id
            AND queues.valid_from <= place.from_at
            AND place.from_at < queues.valid_to
    CROSS JOIN LATERAL (
        SELECT
            count(*) FILTER (WHERE ended.outcome = 'answered') AS completed,
            count(*) FILTER (WHERE ended.outcome = 'abandoned') AS abandoned,
            count(*) FILTER (
                WHERE ended.outcome = 'answered' AND ended.wait_seconds <= pbx.service_level_seconds
            )::double precision AS answered_in,
            count(*) FILTER (
                WHERE ended.outcome = 'abandoned' AND ended.wait_seconds <= pbx.service_level_seconds
            )::double precision AS abandoned_in,
            count(*) FILTER (
                WHERE
                    ended.outcome = 'abandoned'
                    AND ended.wait_seconds <= coalesce(queues.short_abandon_seconds, 5)
            )::double precision AS short
        FROM ended
        WHERE
            ended.source = place.source
            AND ended.queue = place.queue
            AND ended.from_at = place.from_at
            AND ended.to_at = place.to_at
    ) AS ours
),

known AS (
    SELECT
        source,
        queue,
        from_at,
        to_at,
        missing,
        pbx_completed,
        pbx_abandoned,
        pbx_service_level,
        service_level_seconds,
        service_level_rule,
        CASE WHEN missing NOT IN ('ours', 'not yet') THEN completed END AS completed,
        CASE WHEN missing NOT IN ('ours', 'not yet') THEN abandoned END AS abandoned,
        CASE
            WHEN missing NOT IN ('ours', 'not yet') AND service_level_seconds IS NOT NULL
                THEN service_level
        END AS service_level
    FROM both_halves
)

SELECT
    source,
    queue,
    from_at,
    to_at,
    missing,
    pbx_completed,
    pbx_abandoned,
    pbx_service_level,
    service_level_seconds,
    service_level_rule,
    completed,
    abandoned,
    service_level,
    completed - pbx_completed AS completed_difference,
    abandoned - pbx_abandoned AS abandoned_difference,
    service_level - pbx_service_level AS service_level_difference
FROM known
$$;

CREATE VIEW ringside.reconciliation AS
SELECT * FROM ringside.reconciled('-infinity', 'infinity');
COMMENT ON VIEW ringside.reconciliation IS
    'What a PBX counted itself beside what its events add up to, per source, queue and interval.';
GRANT SELECT ON ringside.reconciliation TO ringside_reader, ringside_writer;
