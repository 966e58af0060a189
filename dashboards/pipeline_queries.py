"""What the board `pipeline` asks PostgreSQL: SQL over stays and estimates.

Every query ends with a column that is there whenever there is anything to show.
"""

from dashboards.deal_sql import BEFORE, CHOSEN, FROM, PIPELINE, TO, money

_ENTERED = f"entered_at BETWEEN {FROM} AND {TO}"

FUNNEL = f"""WITH stay AS MATERIALIZED (
    SELECT * FROM ringside.deal_stay WHERE {_ENTERED} AND {CHOSEN}
),
entry AS (
    SELECT pipeline, stage, count(*) AS entries FROM stay GROUP BY pipeline, stage
    UNION ALL
    SELECT pipeline, 'won', count(*) FROM ringside.deal_now
    WHERE status = 'won' AND ended_at BETWEEN {FROM} AND {TO} AND {CHOSEN}
    GROUP BY pipeline
),
skip AS (
    SELECT stay.pipeline, passed.stage, count(*) AS skipped
    FROM stay
    JOIN ringside.pipeline_stage AS passed
        ON passed.pipeline = stay.pipeline AND passed.is_own
        AND passed.valid_from <= stay.entered_at AND stay.entered_at < passed.valid_to
        AND passed.position > stay.position_before AND passed.position < stay.position
    GROUP BY stay.pipeline, passed.stage
)
SELECT
    cohort.pipeline AS "Pipeline",
    cohort.stage AS "Stage",
    cohort.went_on::float8 / nullif(cohort.entered, 0) AS "Step conversion",
    next.entries::float8 / nullif(cohort.entries, 0) AS "Period conversion",
    cohort.won::float8 / nullif(cohort.entered, 0) AS "Won so far",
    cohort.entered AS "Entered",
    cohort.went_on AS "Went on",
    cohort.lost AS "Lost",
    coalesce(skip.skipped, 0) AS "Skipped",
    cohort.backward AS "Came back",
    cohort.entries - cohort.entered AS "Came again",
    cohort.still_open AS "Still open"
FROM (
    SELECT pipeline, stage, max(position) AS position, max(next_stage) AS next_stage,
        count(*) AS entries,
        count(*) FILTER (WHERE is_first) AS entered,
        count(*) FILTER (WHERE is_first AND went_on) AS went_on,
        count(*) FILTER (WHERE is_first AND NOT went_on AND status = 'lost') AS lost,
        count(*) FILTER (WHERE is_first AND NOT went_on AND status = 'open') AS still_open,
        count(*) FILTER (WHERE is_first AND status = 'won') AS won,
        count(*) FILTER (WHERE position < position_before) AS backward
    FROM stay
    GROUP BY pipeline, stage
) AS cohort
LEFT JOIN skip USING (pipeline, stage)
LEFT JOIN entry AS next ON next.pipeline = cohort.pipeline AND next.stage = cohort.next_stage
ORDER BY cohort.pipeline, cohort.position"""  # noqa: S608 - made of constants alone

LEAK = f"""SELECT
    pipeline AS "Pipeline",
    stage AS "Stage",
    currency AS "Currency",
    count(*) FILTER (WHERE is_now AND is_lost)::float8 / nullif(count(*) FILTER (WHERE is_now), 0)
        AS "Share lost",
    count(*) FILTER (WHERE NOT is_now AND is_lost)::float8
        / nullif(count(*) FILTER (WHERE NOT is_now), 0) AS "Share lost before",
    {money("sum(amount_minor) FILTER (WHERE is_now AND is_lost)")} AS "Money lost",
    {money("sum(amount_minor) FILTER (WHERE NOT is_now AND is_lost)")} AS "Money lost before",
    count(*) FILTER (WHERE NOT is_now AND is_lost) AS "Lost before",
    count(*) FILTER (WHERE is_now AND is_lost) AS "Lost"
FROM (
    SELECT *, entered_at >= {FROM} AS is_now, NOT went_on AND status = 'lost' AS is_lost
    FROM ringside.deal_stay
    WHERE is_first AND entered_at BETWEEN {BEFORE} AND {TO} AND {CHOSEN}
) AS stay
GROUP BY pipeline, stage, currency
ORDER BY "Lost" DESC, pipeline, max(position)"""  # noqa: S608 - made of constants alone

REASONS = f"""SELECT
    pipeline AS "Pipeline",
    coalesce(reason, 'not said') AS "Reason",
    currency AS "Currency",
    {money("sum(amount_minor)")} AS "Money",
    count(*) AS "Deals"
FROM ringside.deal_now
WHERE status = 'lost' AND ended_at BETWEEN {FROM} AND {TO} AND {CHOSEN}
GROUP BY pipeline, reason, currency
ORDER BY "Deals" DESC, 1, 2, 3"""  # noqa: S608 - made of constants alone

VELOCITY = f"""WITH journey AS MATERIALIZED (
    SELECT * FROM ringside.deal_now WHERE {CHOSEN}
),
period AS (
    SELECT 'chosen time' AS name, {FROM} AS start_at, {TO} AS end_at
    UNION ALL
    SELECT 'before', {BEFORE}, {FROM}
),
factor AS (
    SELECT
        period.name, period.end_at, journey.pipeline, journey.currency,
        count(*) FILTER (
            WHERE created_at < period.end_at AND (status = 'open' OR ended_at >= period.end_at)
        ) AS open,
        count(*) FILTER (WHERE is_in AND status = 'won')::float8
            / nullif(count(*) FILTER (WHERE is_in), 0) AS win_rate,
        avg(amount_minor) FILTER (WHERE is_in AND status = 'won') AS won_minor,
        extract(epoch FROM avg(ended_at - created_at) FILTER (
            WHERE is_in AND status = 'won'
        ))::float8 AS cycle_seconds
    FROM period
    CROSS JOIN journey
    CROSS JOIN LATERAL (
        SELECT coalesce(ended_at >= period.start_at AND ended_at < period.end_at, false) AS is_in
    ) AS place
    GROUP BY period.name, period.end_at, journey.pipeline, journey.currency
)
SELECT
    pipeline AS "Pipeline",
    currency AS "Currency",
    name AS "Period",
    {money("open * win_rate * won_minor / nullif(cycle_seconds / 86400, 0)")} AS "Velocity a day",
    win_rate AS "Win rate",
    {money("won_minor")} AS "Average won",
    cycle_seconds AS "Cycle",
    open AS "Open"
FROM factor
ORDER BY pipeline, currency, end_at DESC"""  # noqa: S608 - made of constants alone

TIME_IN_STAGE = f"""SELECT
    pipeline AS "Pipeline",
    stage AS "Stage",
    percentile_cont(0.5) WITHIN GROUP (ORDER BY stayed) FILTER (WHERE is_over) AS "Stays median",
    percentile_cont(0.9) WITHIN GROUP (ORDER BY stayed) FILTER (WHERE is_over) AS "Stays p90",
    percentile_cont(0.5) WITHIN GROUP (ORDER BY stayed) FILTER (WHERE NOT is_over)
        AS "Still there median",
    percentile_cont(0.9) WITHIN GROUP (ORDER BY stayed) FILTER (WHERE NOT is_over)
        AS "Still there p90",
    count(*) FILTER (WHERE is_over) AS "Stays",
    count(*) FILTER (WHERE NOT is_over) AS "Still there"
FROM (
    SELECT *, left_at IS NOT NULL AS is_over,
        extract(epoch FROM coalesce(left_at, {TO}) - entered_at)::float8 AS stayed
    FROM ringside.deal_stay
    WHERE {CHOSEN} AND entered_at <= {TO} AND (left_at IS NULL OR left_at >= {FROM})
) AS visit
GROUP BY pipeline, stage
ORDER BY pipeline, max(position)"""  # noqa: S608 - made of constants alone

_MATURITY_DAYS = (7, 14, 28, 56, 84, 182)


def _matured(days: int) -> str:
    """Return the share won within so many days; NULL of a cohort that is not yet so old."""
    return f"""CASE WHEN max(entered_on) + {days} <= {TO}::date THEN
        coalesce(sum(won) FILTER (WHERE age_days <= {days}), 0)::float8 / sum(entered)
    END AS "within {days} d\""""


MATURITY_HEADINGS = tuple(f"within {days} d" for days in _MATURITY_DAYS)

HEATMAP = f"""SELECT
    date_trunc('week', entered_on)::date::text AS "Week",
    pipeline AS "Pipeline",
    stage AS "Stage",
    {", ".join(map(_matured, _MATURITY_DAYS))},
    coalesce(sum(won) FILTER (WHERE entered_on + age_days <= {TO}::date), 0)::float8
        / sum(entered) AS "so far",
    sum(entered) AS "Entered"
FROM ringside.cohort_count
WHERE entered_on BETWEEN {FROM}::date AND {TO}::date AND {PIPELINE}
GROUP BY date_trunc('week', entered_on), pipeline, stage
HAVING sum(entered) > 0
ORDER BY 1 DESC, 2, 3"""  # noqa: S608 - made of constants alone

ESTIMATE = f"""SELECT
    pipeline AS "Pipeline",
    stage AS "Stage",
    observed AS "Won so far",
    estimate AS "Estimate",
    low AS "Low",
    high AS "High",
    estimate_lost AS "Will be lost",
    undecided AS "Cannot be told",
    entered AS "Entered",
    won AS "Won",
    lost AS "Lost",
    still_open AS "Still open"
FROM ringside.conversion_estimate({FROM}::date, {TO}::date, {TO}::date)
WHERE {PIPELINE}
ORDER BY pipeline, entered DESC, stage"""  # noqa: S608 - made of constants alone

EXPECTATION = f"""SELECT
    cohort::timestamp AT TIME ZONE 'UTC' AS "time",
    pipeline || ', ' || stage || ': ' || what AS metric,
    value
FROM ringside.cohort_expectation(
    'week', {FROM}::date, {TO}::date, {FROM}::date - 730, {TO}::date
) AS expectation
CROSS JOIN LATERAL (
    VALUES ('won so far', observed), ('expected', expected), ('at least', low), ('at most', high)
) AS line (what, value)
WHERE {PIPELINE} AND (pipeline, stage) IN (
    -- Of each pipeline the stage through which most deals came in.
    SELECT DISTINCT ON (pipeline) pipeline, stage
    FROM ringside.cohort_count
    WHERE entered_on BETWEEN {FROM}::date AND {TO}::date AND age_days IS NULL
    GROUP BY pipeline, stage
    ORDER BY pipeline, sum(entered) DESC
)
ORDER BY 1, 2"""  # noqa: S608 - made of constants alone
