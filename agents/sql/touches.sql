-- How activity meets the funnel: over calls, meetings, activities, and the stays of deals in stages.
-- Run by `ringside db migrate` after funnel.sql, once it has dropped the old views.
--
-- They meet here and not in the workers, because deals live for months: a customer's state there
-- holds a week (streams/customers.py), and whatever is corrected or imported later is in time here.

-- What reached a customer, one row each: answered calls, held meetings, logged activities.
CREATE VIEW ringside.touch AS
SELECT
    'call' AS kind,
    call_id || '#' || leg AS touch_id,
    answered_at AS at,
    rep,
    customer,
    NULL::text AS deal
FROM ringside.call
WHERE answered_at IS NOT NULL
UNION ALL
SELECT 'meeting', meeting_id, coalesce(starts_at, outcome_at), rep, customer, deal
FROM ringside.meeting
WHERE outcome = 'held'
UNION ALL
SELECT kind, activity_id, logged_at, rep, customer, deal
FROM ringside.activity
WHERE logged_at IS NOT NULL;
COMMENT ON VIEW ringside.touch IS
    'What reached a customer: answered calls, held meetings, logged activities (by kind).';

-- Each touch since with the stay of a deal that it fell into. What names its deal
-- belongs to that one; else it belongs to every deal of its customer that was open at that time.
CREATE FUNCTION ringside.deal_touches(since timestamptz) RETURNS TABLE (
    deal_id text, pipeline text, stage text, number bigint, entered_at timestamptz,
    kind text, touch_id text, at timestamptz, rep text
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET work_mem = '64MB' AS $$
    WITH stay AS MATERIALIZED (SELECT * FROM ringside.deal_visits(since)),
    touched AS MATERIALIZED (SELECT * FROM ringside.touch WHERE at >= since)
    SELECT
        stay.deal_id, stay.pipeline, stay.stage, stay.number, stay.entered_at,
        touched.kind, touched.touch_id, touched.at, touched.rep
    FROM stay
    JOIN touched
        ON touched.deal = stay.deal_id
        AND touched.at >= stay.entered_at AND (stay.left_at IS NULL OR touched.at < stay.left_at)
    UNION ALL
    SELECT
        stay.deal_id, stay.pipeline, stay.stage, stay.number, stay.entered_at,
        touched.kind, touched.touch_id, touched.at, touched.rep
    FROM stay
    JOIN touched
        ON touched.customer = stay.customer
        AND touched.deal IS NULL
        AND touched.at >= stay.entered_at AND (stay.left_at IS NULL OR touched.at < stay.left_at)
$$;

-- Touches per stage and kind, of how many stays, and per stay: of stays that began in [since, until). A
-- stay is one time in a stage.
CREATE FUNCTION ringside.stage_touches(
    since timestamptz, until timestamptz DEFAULT 'infinity'
) RETURNS TABLE (
    pipeline text, stage text, place double precision, stays bigint, kind text, touches bigint,
    stays_touched bigint, touches_per_stay double precision
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET work_mem = '64MB' AS $$
    SELECT
        stay.pipeline, stay.stage, stay.place, stay.stays, coalesce(touched.kind, ''),
        coalesce(touched.touches, 0), coalesce(touched.stays_touched, 0),
        coalesce(touched.touches, 0)::float8 / stay.stays
    FROM (
        SELECT pipeline, stage, max(place) AS place, count(*) AS stays
        FROM ringside.deal_visits(since)
        WHERE entered_at >= since AND entered_at < until
        GROUP BY pipeline, stage
    ) AS stay
    LEFT JOIN (
        SELECT
            pipeline, stage, kind, count(*) AS touches,
            count(DISTINCT (deal_id, number)) AS stays_touched
        FROM ringside.deal_touches(since)
        WHERE entered_at >= since AND entered_at < until
        GROUP BY pipeline, stage, kind
    ) AS touched USING (pipeline, stage)
$$;

-- Conversion by the number of touches in the stay, of stays that began in [since, until). Only stays
-- that are over are judged; the open ones stand beside. It is no effect of touches: whoever is
-- interested answers more calls.
CREATE FUNCTION ringside.conversion_by_touches(
    since timestamptz, until timestamptz DEFAULT 'infinity'
) RETURNS TABLE (
    pipeline text, stage text, place double precision, touches text, at_least bigint, stays bigint,
    went_on bigint, lost bigint, still_open bigint, went_on_of_over double precision
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET work_mem = '64MB' AS $$
    WITH counted AS (
        SELECT stay.*, coalesce(touched.touches, 0) AS touches
        FROM ringside.deal_visits(since) AS stay
        LEFT JOIN (
            SELECT deal_id, number, count(*) AS touches
            FROM ringside.deal_touches(since)
            GROUP BY deal_id, number
        ) AS touched USING (deal_id, number)
        WHERE stay.entered_at >= since AND stay.entered_at < until
    )
    SELECT
        pipeline,
        stage,
        max(place),
        CASE
            WHEN touches >= 10 THEN '10+'
            WHEN touches >= 5 THEN '5-9'
            WHEN touches >= 3 THEN '3-4'
            ELSE touches::text
        END AS bracket,
        min(touches),
        count(*),
        count(*) FILTER (WHERE left_by IN ('moved', 'won')),
        count(*) FILTER (WHERE left_by = 'lost'),
        count(*) FILTER (WHERE left_by = 'open'),
        count(*) FILTER (WHERE left_by IN ('moved', 'won'))::float8
            / nullif(count(*) FILTER (WHERE left_by <> 'open'), 0)
    FROM counted
    GROUP BY pipeline, stage, bracket
$$;

-- Of each deal created since: first call, first held meeting after it, first move to another stage (or
-- the win) after that; NULL where it has not come.
CREATE FUNCTION ringside.deal_paces(since timestamptz) RETURNS TABLE (
    deal_id text, pipeline text, rep text, team text, created_at timestamptz,
    first_call_at timestamptz, first_meeting_at timestamptz, next_stage_at timestamptz,
    to_call_seconds double precision, call_to_meeting_seconds double precision,
    meeting_to_stage_seconds double precision
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET work_mem = '64MB' AS $$
    WITH touched AS MATERIALIZED (SELECT * FROM ringside.deal_touches(since)),
    called AS (SELECT deal_id, min(at) AS at FROM touched WHERE kind = 'call' GROUP BY deal_id),
    met AS (
        SELECT called.deal_id, min(touched.at) AS at
        FROM called
        JOIN touched
            ON touched.deal_id = called.deal_id
            AND touched.kind = 'meeting' AND touched.at >= called.at
        GROUP BY called.deal_id
    ),
    journey AS MATERIALIZED (SELECT * FROM ringside.deal_journeys(since)),
    step AS (
        SELECT deal_id, entered_at AS at FROM ringside.deal_visits(since)
        WHERE stage_before IS DISTINCT FROM stage AND number > 1
        UNION ALL
        SELECT deal_id, ended_at FROM journey WHERE status = 'won'
    ),
    went_on AS (
        SELECT met.deal_id, min(step.at) AS at
        FROM met
        JOIN step ON step.deal_id = met.deal_id AND step.at >= met.at
        GROUP BY met.deal_id
    )
    SELECT
        journey.deal_id, journey.pipeline, journey.rep, journey.team, journey.created_at,
        called.at, met.at, went_on.at,
        extract(epoch FROM called.at - journey.created_at)::float8,
        extract(epoch FROM met.at - called.at)::float8,
        extract(epoch FROM went_on.at - met.at)::float8
    FROM journey
    LEFT JOIN called USING (deal_id)
    LEFT JOIN met USING (deal_id)
    LEFT JOIN went_on USING (deal_id)
    WHERE journey.created_at >= since
$$;

-- A meeting is one, however often it is moved. It counts on the day on which it was booked.
CREATE VIEW ringside.meeting_funnel AS
SELECT
    meeting.*,
    CASE
        WHEN outcome IS NOT NULL THEN outcome
        WHEN starts_at > now() THEN 'ahead'
        ELSE 'unknown'
    END AS came_to
FROM ringside.meeting
WHERE booked_at IS NOT NULL;
COMMENT ON VIEW ringside.meeting_funnel IS
    'Each meeting once, reschedules and all: held, no_show, cancelled, ahead, or unknown (its time has passed).';

-- Missed calls of the last 7 days that nobody made good, with the open deals of their customers.
CREATE VIEW ringside.missed_call_at_stake AS
WITH missed AS (
    SELECT
        missed.call_id, missed.queue, missed.customer,
        max(coalesce(missed.abandoned_at, missed.last_at)) AS missed_at
    FROM ringside.call AS missed
    WHERE missed.direction = 'inbound' AND missed.customer IS NOT NULL
        AND missed.offered_at >= now() - interval '7 days'
        AND (
            missed.outcome IN ('abandoned', 'flowed_out')
            OR missed.outcome IS NULL AND missed.closed_by_us_at IS NOT NULL
        )
        AND NOT EXISTS (
            SELECT FROM ringside.call AS leg
            WHERE leg.customer = missed.customer AND leg.call_id = missed.call_id
                AND (
                    leg.outcome = 'answered'
                    OR leg.outcome IS NULL AND leg.closed_by_us_at IS NULL
                )
        )
    GROUP BY missed.call_id, missed.queue, missed.customer
)
SELECT
    missed.call_id,
    missed.missed_at,
    extract(epoch FROM now() - missed.missed_at)::float8 AS age_seconds,
    missed.queue,
    missed.customer,
    deal.deal_id,
    deal.pipeline,
    deal.stage,
    deal.rep,
    deal.currency,
    deal.amount_minor,
    rank() OVER (
        PARTITION BY deal.currency ORDER BY deal.amount_minor DESC NULLS LAST, missed.missed_at
    ) AS rank_in_currency
FROM missed
JOIN ringside.deal_journey AS deal
    ON deal.customer = missed.customer AND deal.status = 'open'
WHERE NOT EXISTS (
    SELECT FROM ringside.call AS later
    WHERE later.customer = missed.customer
        AND later.offered_at >= missed.missed_at
        AND (later.direction = 'outbound' OR later.outcome = 'answered')
);
COMMENT ON VIEW ringside.missed_call_at_stake IS
    'Missed calls of 7 days without a call back, and the open deals at stake; ranked within each currency.';
