-- What share of deals will be won in the end, beside what was seen so far: from the counts of
-- each cohort by age, as streams/incidence.py does it; a test compares them. Run by
-- `ringside db migrate` after funnel.sql and incidence.sql. Every function takes the instant as of
-- which it looks, so that the past can be asked. Days are those of the pipeline's zone, ages the midnights
-- between.

-- Which deals an estimate is made of: regular expressions for whole names. '{}': of all.
CREATE FUNCTION ringside.only_deals(
    teams text DEFAULT '.*', owners text DEFAULT '.*', sources text DEFAULT '.*',
    segments text DEFAULT '.*', currencies text DEFAULT '.*'
) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'team', '^(' || nullif(teams, '.*') || ')$',
        'owner', '^(' || nullif(owners, '.*') || ')$',
        'source', '^(' || nullif(sources, '.*') || ')$',
        'segment', '^(' || nullif(segments, '.*') || ')$',
        'currency', '^(' || nullif(currencies, '.*') || ')$'
    ))
$$;

-- The cohorts of what entered within [since, until): of the deals that first came to a stage on a day
-- how many there are (age_days NULL), and how many of them were won and lost at which age; 731 stands
-- for more than 730. `today` is the day of `as_of` in the pipeline's zone. `only` says of which deals,
-- by the owner and team at the entry (only_deals).
CREATE FUNCTION ringside.cohort_counts(
    since timestamptz, until timestamptz, as_of timestamptz DEFAULT now(), only_of jsonb DEFAULT '{}'
) RETURNS TABLE (
    pipeline text, stage text, place double precision, entered_on date, today date,
    age_days integer, entered bigint, won bigint, lost bigint
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
SET enable_sort = off SET work_mem = '64MB' AS $$
    WITH cohort AS MATERIALIZED (
        SELECT
            pipeline, stage, zone, day,
            CASE WHEN ended_after_days > 731 THEN 731 ELSE ended_after_days END AS age_days,
            max(place) AS place, count(*) AS entered,
            count(*) FILTER (WHERE status = 'won') AS won,
            count(*) FILTER (WHERE status = 'lost') AS lost
        FROM ringside.deal_visits(since)
        WHERE
            is_first AND entered_at >= since AND entered_at < least(until, as_of)
            AND (
                only_of = '{}'
                OR (
                    team ~ coalesce(only_of ->> 'team', '')
                    AND rep ~ coalesce(only_of ->> 'owner', '')
                    AND source ~ coalesce(only_of ->> 'source', '')
                    AND segment ~ coalesce(only_of ->> 'segment', '')
                    AND currency ~ coalesce(only_of ->> 'currency', '')
                )
            )
        GROUP BY 1, 2, 3, 4, 5
    )
    SELECT
        pipeline, stage, max(place), day, max((as_of AT TIME ZONE zone)::date), NULL,
        sum(entered)::bigint, 0, 0
    FROM cohort
    GROUP BY pipeline, stage, day
    UNION ALL
    SELECT
        pipeline, stage, max(place), day, max((as_of AT TIME ZONE zone)::date), age_days,
        0, sum(won)::bigint, sum(lost)::bigint
    FROM cohort
    WHERE age_days IS NOT NULL
    GROUP BY pipeline, stage, day, age_days
$$;

-- What was seen of each stage's cohorts by the evening of the day of `as_of`.
CREATE FUNCTION ringside.cohort_seen(
    since timestamptz, until timestamptz, as_of timestamptz, only_of jsonb DEFAULT '{}'
) RETURNS TABLE (
    pipeline text, stage text, entered_on date, age_days integer,
    entered bigint, won bigint, lost bigint, still_open bigint
)
LANGUAGE sql STABLE AS $$
    SELECT
        pipeline, stage, entered_on, max(today) - entered_on,
        sum(entered)::bigint,
        coalesce(sum(won) FILTER (WHERE entered_on + age_days <= today), 0)::bigint,
        coalesce(sum(lost) FILTER (WHERE entered_on + age_days <= today), 0)::bigint,
        (
            sum(entered)
            - coalesce(sum(won + lost) FILTER (WHERE entered_on + age_days <= today), 0)
        )::bigint
    FROM ringside.cohort_counts(since, until, as_of, only_of)
    GROUP BY pipeline, stage, entered_on
$$;

-- Each stage's deals at risk, won and lost by age, from age 0 on: what ringside.incidence takes.
CREATE FUNCTION ringside.cohort_ages(
    since timestamptz, until timestamptz, as_of timestamptz, only_of jsonb DEFAULT '{}'
) RETURNS TABLE (pipeline text, stage text, at_risk bigint[], won bigint[], lost bigint[])
LANGUAGE sql STABLE AS $$
    WITH counted AS MATERIALIZED (
        SELECT * FROM ringside.cohort_counts(since, until, as_of, only_of)
    ),
    ended AS (
        SELECT pipeline, stage, entered_on, age_days, won, lost
        FROM counted
        WHERE age_days <= least(today - entered_on, 730)
    ),
    followed AS (
        -- Until which age those are followed that nothing has ended by then.
        SELECT seen.pipeline, seen.stage, least(seen.today - seen.entered_on, 730) AS age_days,
            sum(seen.entered) AS entered,
            sum(seen.entered - coalesce(ended.all_ends, 0)) AS censored
        FROM counted AS seen
        LEFT JOIN (
            SELECT pipeline, stage, entered_on, sum(won + lost) AS all_ends
            FROM ended GROUP BY 1, 2, 3
        ) AS ended USING (pipeline, stage, entered_on)
        WHERE seen.age_days IS NULL
        GROUP BY 1, 2, 3
    ),
    stages AS (
        SELECT pipeline, stage, sum(entered) AS entered, max(age_days) AS oldest
        FROM followed GROUP BY 1, 2
    ),
    by_age AS (
        SELECT stages.pipeline, stages.stage, stages.entered, age,
            coalesce(ended.won, 0) AS won, coalesce(ended.lost, 0) AS lost,
            coalesce(followed.censored, 0) AS censored
        FROM stages
        CROSS JOIN LATERAL generate_series(0, stages.oldest) AS age
        LEFT JOIN (
            SELECT pipeline, stage, age_days, sum(won) AS won, sum(lost) AS lost
            FROM ended GROUP BY 1, 2, 3
        ) AS ended
            ON ended.pipeline = stages.pipeline AND ended.stage = stages.stage
            AND ended.age_days = age
        LEFT JOIN followed
            ON followed.pipeline = stages.pipeline AND followed.stage = stages.stage
            AND followed.age_days = age
    ),
    at_risk AS (
        SELECT *, entered - coalesce(
            sum(won + lost + censored) OVER (
                PARTITION BY pipeline, stage ORDER BY age
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ), 0
        ) AS at_risk
        FROM by_age
    )
    SELECT pipeline, stage,
        array_agg(at_risk::bigint ORDER BY age),
        array_agg(won::bigint ORDER BY age),
        array_agg(lost::bigint ORDER BY age)
    FROM at_risk
    GROUP BY pipeline, stage
$$;

-- Beside what was seen of the cohorts of [since, until): the share that will be won, if the open ones
-- end like the others, with its 95 % interval. `undecided` were open past the last age that is known.
CREATE FUNCTION ringside.conversion_estimate(
    since timestamptz, until timestamptz, as_of timestamptz DEFAULT now(), only_of jsonb DEFAULT '{}'
) RETURNS TABLE (
    pipeline text, stage text, entered bigint, won bigint, lost bigint, still_open bigint,
    observed double precision, estimate double precision,
    low double precision, high double precision,
    estimate_lost double precision, undecided double precision, last_age_days integer
)
LANGUAGE sql STABLE AS $$
    SELECT
        seen.pipeline, seen.stage, seen.entered, seen.won, seen.lost, seen.still_open,
        seen.won::float8 / nullif(seen.entered, 0),
        found.share_reached, found.reached_low, found.reached_high,
        found.share_lost, found.undecided, found.last_age
    FROM (
        SELECT pipeline, stage, sum(entered)::bigint AS entered, sum(won)::bigint AS won,
            sum(lost)::bigint AS lost, sum(still_open)::bigint AS still_open
        FROM ringside.cohort_seen(since, until, as_of, only_of)
        GROUP BY pipeline, stage
    ) AS seen
    JOIN ringside.cohort_ages(since, until, as_of, only_of) AS ages USING (pipeline, stage)
    LEFT JOIN LATERAL ringside.incidence(ages.at_risk, ages.won, ages.lost) AS found ON true
$$;

-- Each cohort of [since, until) by week or month, with what is expected of it: the open ones are taken
-- to end like all those since `known_since` did that were open at their age. `low` and `high` bound the
-- share that will be seen, with 95 %. NULL where nothing is known of deals so old.
CREATE FUNCTION ringside.cohort_expectation(
    period text, since timestamptz, until timestamptz, known_since timestamptz,
    as_of timestamptz DEFAULT now(), only_of jsonb DEFAULT '{}'
) RETURNS TABLE (
    pipeline text, stage text, cohort date, entered bigint, won bigint, lost bigint,
    still_open bigint, observed double precision, expected double precision,
    low double precision, high double precision
)
LANGUAGE sql STABLE AS $$
    WITH seen AS MATERIALIZED (
        SELECT * FROM ringside.cohort_seen(since, until, as_of, only_of)
    ),
    chances AS MATERIALIZED (
        SELECT ages.pipeline, ages.stage, found.*
        FROM ringside.cohort_ages(known_since, as_of, as_of, only_of) AS ages
        CROSS JOIN LATERAL ringside.incidence_after(ages.at_risk, ages.won, ages.lost) AS found
    ),
    added AS (
        SELECT
            seen.pipeline, seen.stage, date_trunc(period, seen.entered_on)::date AS cohort,
            sum(seen.entered) AS entered, sum(seen.won) AS won, sum(seen.lost) AS lost,
            sum(seen.still_open) AS still_open,
            bool_and(seen.still_open <= 0 OR chances.share_reached IS NOT NULL) AS is_known,
            coalesce(sum(seen.still_open * chances.share_reached), 0) AS gain,
            coalesce(sum(seen.still_open * sqrt(chances.reached_variance)), 0) AS error,
            coalesce(
                sum(seen.still_open * chances.share_reached * (1 - chances.share_reached)), 0
            ) AS chance_variance
        FROM seen
        LEFT JOIN chances
            ON chances.pipeline = seen.pipeline AND chances.stage = seen.stage
            AND chances.after_age = least(seen.age_days, 730) AND seen.still_open > 0
        GROUP BY 1, 2, 3
    ),
    judged AS (
        SELECT *,
            won / nullif(entered, 0)::float8 AS observed,
            CASE WHEN is_known THEN (won + gain) / nullif(entered, 0)::float8 END AS expected,
            1.959963984540054 * sqrt(error ^ 2 + chance_variance) / nullif(entered, 0) AS spread
        FROM added
    )
    SELECT pipeline, stage, cohort, entered::bigint, won::bigint, lost::bigint,
        still_open::bigint, observed, expected,
        CASE WHEN is_known THEN greatest(observed, expected - spread) END,
        CASE WHEN is_known
            THEN least((won + still_open) / nullif(entered, 0)::float8, expected + spread)
        END
    FROM judged
$$;
