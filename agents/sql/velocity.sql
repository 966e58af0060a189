-- The leak, lost reasons, time in stage, sales velocity and what is stalled: from agents/sql/funnel.sql.
-- Amounts are in minor units and only within one currency.

-- What the cohorts of [since, until) have lost at each step, and those of as long a time before it: it
-- adds up over owners, teams, sources and segments.
CREATE FUNCTION ringside.funnel_losses(since timestamptz, until timestamptz DEFAULT now())
RETURNS TABLE (
    is_now boolean, pipeline text, stage text, place double precision, rep text, team text,
    source text, segment text, currency text, entered bigint, advanced bigint, lost bigint,
    lost_minor numeric
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
SET enable_sort = off SET work_mem = '64MB' AS $$
    SELECT
        entered_at >= since, pipeline, stage, max(place), rep, team, source, segment, currency,
        count(*), count(advanced_at),
        count(*) FILTER (WHERE advanced_at IS NULL AND status = 'lost'),
        coalesce(sum(amount_minor) FILTER (WHERE advanced_at IS NULL AND status = 'lost'), 0)
    FROM ringside.deal_visits(since - (until - since))
    WHERE is_first AND entered_at >= since - (until - since) AND entered_at < until
    GROUP BY entered_at >= since, pipeline, stage, rep, team, source, segment, currency
$$;

-- Each step of the cohorts of [since, until) beside those of the time before, as long: the step with the
-- rank 1 is the leak. `lost_share` is of the deals that entered, `lost_of_decided` of those that have
-- got further or were lost: cohorts of the time before are older, and so fewer of them are open.
CREATE FUNCTION ringside.funnel_leaks(since timestamptz, until timestamptz DEFAULT now())
RETURNS TABLE (
    pipeline text, stage text, place double precision, currency text, entered bigint,
    lost bigint, lost_share double precision, lost_of_decided double precision,
    lost_minor numeric, rank_by_deals bigint, rank_by_money bigint, entered_before bigint,
    lost_before bigint, lost_share_before double precision,
    lost_of_decided_before double precision, lost_minor_before numeric
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET work_mem = '64MB' AS $$
    WITH step AS (
        SELECT
            pipeline, stage, max(place) AS place, currency,
            coalesce(sum(entered) FILTER (WHERE is_now), 0)::bigint AS entered,
            coalesce(sum(advanced) FILTER (WHERE is_now), 0)::bigint AS advanced,
            coalesce(sum(lost) FILTER (WHERE is_now), 0)::bigint AS lost,
            coalesce(sum(lost_minor) FILTER (WHERE is_now), 0) AS lost_minor,
            coalesce(sum(entered) FILTER (WHERE NOT is_now), 0)::bigint AS entered_before,
            coalesce(sum(advanced) FILTER (WHERE NOT is_now), 0)::bigint AS advanced_before,
            coalesce(sum(lost) FILTER (WHERE NOT is_now), 0)::bigint AS lost_before,
            coalesce(sum(lost_minor) FILTER (WHERE NOT is_now), 0) AS lost_minor_before
        FROM ringside.funnel_losses(since, until)
        GROUP BY pipeline, stage, currency
    )
    SELECT
        pipeline, stage, place, currency, entered, lost, lost::float8 / nullif(entered, 0),
        lost::float8 / nullif(lost + advanced, 0), lost_minor,
        rank() OVER (PARTITION BY pipeline, currency ORDER BY lost DESC),
        rank() OVER (PARTITION BY pipeline, currency ORDER BY lost_minor DESC),
        entered_before, lost_before, lost_before::float8 / nullif(entered_before, 0),
        lost_before::float8 / nullif(lost_before + advanced_before, 0), lost_minor_before
    FROM step
$$;

-- Why deals were lost, and where, by day of the loss. A reason that was not said is ''.
CREATE FUNCTION ringside.lost_reasons(
    since timestamptz, until timestamptz DEFAULT 'infinity'
) RETURNS TABLE (
    pipeline text, stage text, reason text, day date, rep text, team text, source text,
    segment text, currency text, lost bigint, lost_minor numeric
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
SET enable_sort = off SET work_mem = '64MB' AS $$
    SELECT
        pipeline, stage, coalesce(reason, ''), day, rep, team, source, segment, currency, count(*),
        coalesce(sum(amount_minor), 0)
    FROM ringside.deal_endings(since, until)
    WHERE status = 'lost'
    GROUP BY pipeline, stage, coalesce(reason, ''), day, rep, team, source, segment, currency
$$;

-- How long stays in each stage lasted that ended since, exactly; and how old are those that last.
CREATE FUNCTION ringside.stage_times(since timestamptz) RETURNS TABLE (
    pipeline text, stage text, stays bigint, mean_seconds double precision,
    p50_seconds double precision, p90_seconds double precision, still_there bigint,
    age_p50_seconds double precision, age_p90_seconds double precision
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET work_mem = '64MB' AS $$
    WITH stay AS (
        SELECT
            pipeline, stage,
            CASE
                WHEN left_at >= since THEN extract(epoch FROM left_at - entered_at)::float8
            END AS stayed,
            CASE
                WHEN left_at IS NULL THEN extract(epoch FROM now() - entered_at)::float8
            END AS aged
        FROM ringside.deal_visits(since)
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

-- What sales velocity is made of, by whose deals they are now: it adds up over owners, teams, sources
-- and segments. Of [since, until), and of as long a time before it; `open` is at the end of each.
CREATE FUNCTION ringside.velocity_counts(since timestamptz, until timestamptz DEFAULT 'infinity')
RETURNS TABLE (
    is_now boolean, pipeline text, rep text, team text, source text, segment text, currency text,
    open bigint, won bigint, lost bigint, won_minor numeric, won_priced bigint,
    cycle_days double precision
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
SET enable_sort = off SET work_mem = '64MB' AS $$
    WITH period AS (
        SELECT true AS is_now, since AS begins_at, until AS ends_at
        UNION ALL
        SELECT false, since - (until - since), since WHERE isfinite(since) AND isfinite(until)
    )
    SELECT
        is_now, pipeline, rep, team, source, segment, currency,
        count(*) FILTER (WHERE created_at < ends_at AND (ended_at IS NULL OR ended_at >= ends_at)),
        count(*) FILTER (WHERE status = 'won' AND is_within),
        count(*) FILTER (WHERE status = 'lost' AND is_within),
        coalesce(sum(amount_minor) FILTER (WHERE status = 'won' AND is_within), 0),
        count(amount_minor) FILTER (WHERE status = 'won' AND is_within),
        coalesce(
            sum(extract(epoch FROM ended_at - created_at)::float8 / 86400)
                FILTER (WHERE status = 'won' AND is_within),
            0
        )
    FROM ringside.deal_journeys('-infinity') AS journey
    CROSS JOIN period
    CROSS JOIN LATERAL (
        SELECT ended_at >= begins_at AND ended_at < ends_at AS is_within
    ) AS within
    WHERE created_at < ends_at AND (ended_at IS NULL OR ended_at >= begins_at)
    GROUP BY is_now, pipeline, rep, team, source, segment, currency
$$;

-- The four factors of sales velocity over a time, by pipeline and currency; `open` is at its end.
CREATE FUNCTION ringside.sales_velocity(
    since timestamptz, until timestamptz DEFAULT 'infinity'
) RETURNS TABLE (
    pipeline text, currency text, open bigint, won bigint, lost bigint, win_rate double precision,
    won_minor numeric, average_won_minor double precision, cycle_days double precision,
    minor_per_day double precision
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET work_mem = '64MB' AS $$
    WITH added AS (
        SELECT
            pipeline, currency, sum(open)::bigint AS open, sum(won)::bigint AS won,
            sum(lost)::bigint AS lost, sum(won_minor) AS won_minor,
            sum(won)::float8 / nullif(sum(won + lost), 0) AS win_rate,
            (sum(won_minor) / nullif(sum(won_priced), 0))::float8 AS average_won_minor,
            sum(cycle_days) / nullif(sum(won), 0)::float8 AS cycle_days
        FROM ringside.velocity_counts(since, until)
        WHERE is_now
        GROUP BY pipeline, currency
    )
    SELECT
        pipeline, currency, open, won, lost, win_rate, won_minor, average_won_minor, cycle_days,
        open * win_rate * average_won_minor / nullif(cycle_days, 0)
    FROM added
$$;

-- From creation to win, of deals won within a time: exactly.
CREATE FUNCTION ringside.cycles(since timestamptz, until timestamptz DEFAULT 'infinity') RETURNS TABLE (
    pipeline text, currency text, won bigint, mean_days double precision,
    p50_days double precision, p90_days double precision
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET work_mem = '64MB' AS $$
    SELECT
        pipeline, currency, count(*), avg(days),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY days),
        percentile_cont(0.9) WITHIN GROUP (ORDER BY days)
    FROM (
        SELECT pipeline, currency, extract(epoch FROM ended_at - created_at)::float8 / 86400 AS days
        FROM ringside.deal_endings(since, until)
        WHERE status = 'won'
    ) AS won
    GROUP BY pipeline, currency
$$;

-- How much of the change of a product of four factors each of them made, after Shapley: what it
-- changes, averaged over all orders in which the four could have changed (as tests/worked/velocity.py). NULL
-- if one of them is.
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
    WHERE array_position(before, NULL) IS NULL AND array_position(after, NULL) IS NULL
$$;

-- Sales velocity of [since, until) and of as long a time before it, and what each factor made of the
-- change, in minor units a day. NULL where a factor is not known.
CREATE FUNCTION ringside.velocity_changes(since timestamptz, until timestamptz DEFAULT now())
RETURNS TABLE (
    pipeline text, currency text, minor_per_day double precision,
    minor_per_day_before double precision, by_open double precision, by_win_rate double precision,
    by_average_won double precision, by_cycle double precision
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET work_mem = '64MB' AS $$
    WITH factors AS (
        SELECT
            is_now, pipeline, currency,
            ARRAY[
                sum(open)::float8,
                sum(won)::float8 / nullif(sum(won + lost), 0)::float8,
                (sum(won_minor) / nullif(sum(won_priced), 0))::float8,
                sum(won)::float8 / nullif(sum(cycle_days), 0)
            ] AS four
        FROM ringside.velocity_counts(since, until)
        GROUP BY is_now, pipeline, currency
    ),
    split AS (
        SELECT
            pipeline, currency, later.four AS now, earlier.four AS before,
            ringside.split_of_change(earlier.four, later.four) AS parts
        FROM (SELECT * FROM factors WHERE is_now) AS later
        JOIN (SELECT * FROM factors WHERE NOT is_now) AS earlier USING (pipeline, currency)
    )
    SELECT
        pipeline, currency,
        now[1] * now[2] * now[3] * now[4], before[1] * before[2] * before[3] * before[4],
        parts[1], parts[2], parts[3], parts[4]
    FROM split
$$;

-- Open deals with their age in the stage, and after how many days one is stalled there: as the
-- pipeline sets it, else longer than nine of ten stays were that have ended.
CREATE VIEW ringside.deal_ages AS
WITH limits AS (
    SELECT times.pipeline, times.stage, coalesce(
        stage.stalled_after_days, times.p90_days
    ) AS stalled_after_days
    FROM (
        SELECT pipeline, stage, percentile_cont(0.9) WITHIN GROUP (
            ORDER BY extract(epoch FROM left_at - entered_at)::float8 / 86400
        ) AS p90_days
        FROM ringside.deal_stay
        GROUP BY pipeline, stage
    ) AS times
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
