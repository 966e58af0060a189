-- The leak, lost reasons, time in stage, sales velocity and what is stalled: from agents/sql/funnel.sql.
-- Amounts are in minor units and only within one currency.

-- Each step of the cohorts of the last so many days beside those of as many days before: the step with
-- the rank 1 is the leak. `lost_share` is of the deals that entered.
CREATE FUNCTION ringside.funnel_leaks(days integer, until timestamptz DEFAULT now()) RETURNS TABLE (
    pipeline text, stage text, place double precision, currency text, entered bigint,
    lost bigint, lost_share double precision, lost_minor numeric, rank_by_deals bigint,
    rank_by_money bigint, entered_before bigint, lost_before bigint,
    lost_share_before double precision, lost_minor_before numeric
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off AS $$
    WITH step AS (
        SELECT
            pipeline, stage, max(place) AS place, currency,
            day > (until - make_interval(days => days))::date AS is_now,
            sum(entered)::bigint AS entered, sum(lost)::bigint AS lost,
            sum(lost_minor) AS lost_minor
        FROM ringside.funnel_cohorts(until - make_interval(days => 2 * days + 1))
        WHERE day > (until - make_interval(days => 2 * days))::date AND day <= until::date
        GROUP BY pipeline, stage, currency, is_now
    )
    SELECT
        step.pipeline, step.stage, step.place, step.currency, step.entered, step.lost,
        step.lost::float8 / nullif(step.entered, 0), step.lost_minor,
        rank() OVER (PARTITION BY step.pipeline, step.currency ORDER BY step.lost DESC),
        rank() OVER (PARTITION BY step.pipeline, step.currency ORDER BY step.lost_minor DESC),
        before.entered, before.lost, before.lost::float8 / nullif(before.entered, 0),
        before.lost_minor
    FROM step
    LEFT JOIN step AS before USING (pipeline, stage, currency)
    WHERE step.is_now AND NOT coalesce(before.is_now, false)
$$;

-- Why deals were lost, and where, by day of the loss. A reason that was not said is ''.
CREATE FUNCTION ringside.lost_reasons(since timestamptz) RETURNS TABLE (
    pipeline text, stage text, reason text, day date, rep text, source text, segment text,
    currency text, lost bigint, lost_minor numeric
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off AS $$
    SELECT
        pipeline, stage, coalesce(reason, ''), (ended_at AT TIME ZONE zone)::date, ended_by,
        source, segment, currency, count(*), coalesce(sum(amount_minor), 0)
    FROM ringside.deal_journeys(since)
    WHERE status = 'lost' AND ended_at >= since
    GROUP BY pipeline, stage, reason, (ended_at AT TIME ZONE zone)::date, ended_by, source, segment,
        currency
$$;

-- How long stays in each stage lasted that ended since, exactly; and how old are those that last.
CREATE FUNCTION ringside.stage_times(since timestamptz) RETURNS TABLE (
    pipeline text, stage text, stays bigint, mean_seconds double precision,
    p50_seconds double precision, p90_seconds double precision, still_there bigint,
    age_p50_seconds double precision, age_p90_seconds double precision
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off AS $$
    WITH stay AS (
        SELECT
            pipeline, stage,
            CASE
                WHEN left_at >= since THEN extract(epoch FROM left_at - entered_at)::float8
            END AS stayed,
            CASE
                WHEN left_at IS NULL THEN extract(epoch FROM now() - entered_at)::float8
            END AS aged
        -- A deal that stands still since long ago has not been heard of, but it still stands.
        FROM ringside.deal_visits('-infinity')
    )
    SELECT
        pipeline, stage, count(stayed), avg(stayed),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY stayed),
        percentile_cont(0.9) WITHIN GROUP (ORDER BY stayed),
        count(aged),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY aged),
        percentile_cont(0.9) WITHIN GROUP (ORDER BY aged)
    FROM stay
    GROUP BY pipeline, stage
$$;

-- The four factors of sales velocity over a time, by pipeline and currency; `open` is at its end.
CREATE FUNCTION ringside.sales_velocity(
    since timestamptz, until timestamptz DEFAULT 'infinity'
) RETURNS TABLE (
    pipeline text, currency text, open bigint, won bigint, lost bigint, win_rate double precision,
    won_minor numeric, average_won_minor double precision, cycle_days double precision,
    cycle_p50_days double precision, minor_per_day double precision
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off AS $$
    WITH counted AS (
        SELECT
            pipeline, currency,
            count(*) FILTER (
                WHERE created_at < until AND (ended_at IS NULL OR ended_at >= until)
            ) AS open,
            count(*) FILTER (WHERE is_won) AS won,
            count(*) FILTER (WHERE status = 'lost' AND is_within) AS lost,
            coalesce(sum(amount_minor) FILTER (WHERE is_won), 0) AS won_minor,
            avg(amount_minor) FILTER (WHERE is_won)::float8 AS average_won_minor,
            avg(days) FILTER (WHERE is_won)::float8 AS cycle_days,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY days) FILTER (WHERE is_won)
                AS cycle_p50_days
        FROM ringside.deal_journeys('-infinity') AS journey
        CROSS JOIN LATERAL (
            SELECT ended_at >= since AND ended_at < until AS is_within
        ) AS within
        CROSS JOIN LATERAL (
            SELECT
                status = 'won' AND is_within AS is_won,
                extract(epoch FROM ended_at - created_at)::float8 / 86400 AS days
        ) AS ending
        GROUP BY pipeline, currency
    )
    SELECT
        pipeline, currency, open, won, lost, won::float8 / nullif(won + lost, 0), won_minor,
        average_won_minor, cycle_days, cycle_p50_days,
        open * (won::float8 / nullif(won + lost, 0)) * average_won_minor / nullif(cycle_days, 0)
    FROM counted
$$;

-- How much of the change of a product of four factors each of them made, after Shapley: what it
-- changes, averaged over all orders in which the four could have changed (streams/velocity.py).
CREATE FUNCTION ringside.split_of_change(
    before double precision[], after double precision[]
) RETURNS double precision[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(part ORDER BY factor)
    FROM generate_series(1, 4) AS factor
    CROSS JOIN LATERAL (
        SELECT array_agg(other ORDER BY other) AS others
        FROM generate_series(1, 4) AS other WHERE other <> factor
    ) AS rest
    CROSS JOIN LATERAL (
        -- Of the three others some have changed before: none, any one, any two, all.
        SELECT (after[factor] - before[factor]) * sum(
            (ARRAY[1.0 / 4, 1.0 / 12, 1.0 / 12, 1.0 / 4])[first + second + third + 1]
            * (CASE WHEN first = 1 THEN after[others[1]] ELSE before[others[1]] END)
            * (CASE WHEN second = 1 THEN after[others[2]] ELSE before[others[2]] END)
            * (CASE WHEN third = 1 THEN after[others[3]] ELSE before[others[3]] END)
        ) AS part
        FROM generate_series(0, 1) AS first, generate_series(0, 1) AS second,
            generate_series(0, 1) AS third
    ) AS split
$$;

-- Sales velocity of the last so many days and of as many before, and what each factor made of the
-- change, in minor units a day. NULL where a factor is not known.
CREATE FUNCTION ringside.velocity_changes(days integer, until timestamptz DEFAULT now())
RETURNS TABLE (
    pipeline text, currency text, minor_per_day double precision,
    minor_per_day_before double precision, by_open double precision, by_win_rate double precision,
    by_average_won double precision, by_cycle double precision
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off AS $$
    SELECT
        pipeline, currency, later.minor_per_day, earlier.minor_per_day,
        parts[1], parts[2], parts[3], parts[4]
    FROM ringside.sales_velocity(until - make_interval(days => days), until) AS later
    JOIN ringside.sales_velocity(
        until - make_interval(days => 2 * days), until - make_interval(days => days)
    ) AS earlier USING (pipeline, currency)
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN later.minor_per_day IS NOT NULL AND earlier.minor_per_day IS NOT NULL THEN
                ringside.split_of_change(
                    ARRAY[
                        earlier.open, earlier.win_rate, earlier.average_won_minor,
                        1 / earlier.cycle_days
                    ],
                    ARRAY[
                        later.open, later.win_rate, later.average_won_minor, 1 / later.cycle_days
                    ]
                )
        END AS parts
    ) AS split
$$;

-- Open deals with their age in the stage, and after how many days one is stalled there: as the
-- pipeline sets it, else longer than nine of ten stays were that have ended.
CREATE VIEW ringside.deal_ages AS
WITH limits AS (
    SELECT times.pipeline, times.stage, coalesce(
        stage.stalled_after_days, times.p90_seconds / 86400
    ) AS stalled_after_days
    FROM ringside.stage_times('-infinity') AS times
    LEFT JOIN ringside.pipeline_stage AS stage
        ON stage.pipeline = times.pipeline AND stage.stage = times.stage
        AND stage.valid_from <= now() AND now() < stage.valid_to
)
SELECT
    journey.*,
    extract(epoch FROM now() - journey.stage_since)::float8 / 86400 AS age_days,
    limits.stalled_after_days,
    coalesce(
        extract(epoch FROM now() - journey.stage_since)::float8 / 86400
            > limits.stalled_after_days,
        false
    ) AS is_stalled
FROM ringside.deal_journeys('-infinity') AS journey
LEFT JOIN limits ON limits.pipeline = journey.pipeline AND limits.stage = journey.stage
WHERE journey.status = 'open';
COMMENT ON VIEW ringside.deal_ages IS 'Open deals, how long they have been in their stage, and whether stalled.';
GRANT SELECT ON ringside.deal_ages TO ringside_reader;
