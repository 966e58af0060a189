"""What the board `pipeline` asks PostgreSQL of young cohorts: how they are, and how they will end.

Every query ends with a column that is there whenever there is anything to show.
"""

from dashboards.deal_sql import FROM, ONLY, PIPELINE, TO

_MATURITY_DAYS = (7, 14, 28, 56, 84, 182)


def _matured(days: int) -> str:
    """Return the share won within so many days; NULL of a cohort that is not yet so old."""
    return f"""CASE WHEN max(entered_on) + {days} <= max(today) THEN
        coalesce(sum(won) FILTER (WHERE age_days <= {days}), 0)::float8 / sum(entered)
    END AS "within {days} d\""""


MATURITY_HEADINGS = tuple(f"within {days} d" for days in _MATURITY_DAYS)

HEATMAP = f"""SELECT
    date_trunc('week', entered_on)::date::text AS "Week",
    pipeline AS "Pipeline",
    stage AS "Stage",
    {", ".join(map(_matured, _MATURITY_DAYS))},
    coalesce(sum(won) FILTER (WHERE entered_on + age_days <= today), 0)::float8
        / sum(entered) AS "so far",
    sum(entered) - coalesce(sum(won + lost) FILTER (WHERE entered_on + age_days <= today), 0)
        AS "Still open",
    sum(entered) AS "Entered"
FROM ringside.cohort_counts({FROM}, {TO}, {TO}, {ONLY})
WHERE {PIPELINE}
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
    undecided AS "Undecided",
    entered AS "Entered",
    won AS "Won",
    lost AS "Lost",
    still_open AS "Still open"
FROM ringside.conversion_estimate({FROM}, {TO}, {TO}, {ONLY})
WHERE {PIPELINE}
ORDER BY pipeline, entered DESC, stage"""  # noqa: S608 - made of constants alone

EXPECTATION = f"""SELECT
    cohort::timestamp AT TIME ZONE 'UTC' AS "time",
    pipeline || ', ' || stage || ': ' || what AS metric,
    value
FROM ringside.cohort_expectation(
    'week', {FROM}, {TO}, {FROM} - interval '730 days', {TO}, {ONLY}
) AS expectation
CROSS JOIN LATERAL (
    VALUES ('won so far', observed), ('expected', expected), ('at least', low), ('at most', high)
) AS line (what, value)
WHERE {PIPELINE} AND (pipeline, stage) IN (
    -- Of each pipeline the stage through which most deals came in.
    SELECT DISTINCT ON (pipeline) pipeline, stage
    FROM ringside.cohort_counts({FROM}, {TO}, {TO}, {ONLY})
    WHERE age_days IS NULL
    GROUP BY pipeline, stage
    ORDER BY pipeline, sum(entered) DESC
)
ORDER BY 1, 2"""  # noqa: S608 - made of constants alone
