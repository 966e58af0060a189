"""What the board `pipeline` asks PostgreSQL: SQL over how deals have gone.

Every query ends with a column that is there whenever there is anything to show.
"""

from dashboards.deal_sql import CHOSEN, FROM, PIPELINE, TO, WITHIN, money

FUNNEL = f"""WITH cohort AS (
    SELECT pipeline, stage, max(place) AS place, sum(entered) AS entered,
        sum(advanced) AS advanced, sum(lost) AS lost, sum(still_open) AS still_open,
        sum(won) AS won
    FROM ringside.funnel_entries{WITHIN}
    WHERE {CHOSEN}
    GROUP BY pipeline, stage
),
day AS (
    SELECT pipeline, stage, sum(entries) AS entries, sum(next_entries) AS next_entries,
        sum(re_entries) AS re_entries, sum(backward) AS backward, sum(skipped) AS skipped
    FROM ringside.funnel_moves{WITHIN}
    WHERE {CHOSEN}
    GROUP BY pipeline, stage
),
path AS (
    SELECT pipeline, stage, sum(entered) AS entered, sum(advanced) AS advanced
    FROM ringside.funnel_paths{WITHIN}
    WHERE {CHOSEN}
    GROUP BY pipeline, stage
)
SELECT
    pipeline AS "Pipeline",
    stage AS "Stage",
    (cohort.advanced / nullif(cohort.entered, 0))::float8 AS "Step conversion",
    (path.advanced / nullif(path.entered, 0))::float8 AS "Every stage in order",
    (day.next_entries / nullif(day.entries, 0))::float8 AS "Period conversion",
    (cohort.won / nullif(cohort.entered, 0))::float8 AS "Won so far",
    (cohort.still_open / nullif(cohort.entered, 0))::float8 AS "Share open",
    cohort.entered AS "Entered",
    cohort.advanced AS "Went on",
    cohort.lost AS "Lost",
    cohort.still_open AS "Still open",
    day.skipped AS "Skipped",
    day.backward AS "Moved back",
    day.re_entries AS "Re-entered",
    day.entries AS "Entries"
FROM day
LEFT JOIN cohort USING (pipeline, stage)
LEFT JOIN path USING (pipeline, stage)
ORDER BY pipeline, cohort.place, stage"""  # noqa: S608 - made of constants alone

COMPARED = f"""WITH cohort AS (
    SELECT pipeline, stage, ${{by:raw}} AS compared, max(place) AS place, sum(entered) AS entered,
        sum(advanced) AS advanced, sum(still_open) AS still_open, sum(won) AS won
    FROM ringside.funnel_entries{WITHIN}
    WHERE {CHOSEN}
    GROUP BY pipeline, stage, compared
),
day AS (
    SELECT pipeline, stage, ${{by:raw}} AS compared, sum(entries) AS entries,
        sum(next_entries) AS next_entries
    FROM ringside.funnel_moves{WITHIN}
    WHERE {CHOSEN}
    GROUP BY pipeline, stage, compared
)
SELECT
    pipeline AS "Pipeline",
    stage AS "Stage",
    compared AS "Compared",
    (cohort.advanced / nullif(cohort.entered, 0))::float8 AS "Step conversion",
    (day.next_entries / nullif(day.entries, 0))::float8 AS "Period conversion",
    (cohort.won / nullif(cohort.entered, 0))::float8 AS "Won so far",
    (cohort.still_open / nullif(cohort.entered, 0))::float8 AS "Share open",
    cohort.entered AS "Entered"
FROM cohort
JOIN day USING (pipeline, stage, compared)
ORDER BY pipeline, place, entered DESC
LIMIT 500"""  # noqa: S608 - made of constants alone

NOT_JUDGED = """SELECT count(*) AS "Deals"
FROM ringside.deal_journey
WHERE judged_by < (SELECT version FROM ringside.deal_rules)"""

WHOLE = f"""SELECT
    pipeline AS "Pipeline",
    currency AS "Currency",
    count(*) FILTER (WHERE status = 'won')::float8 / count(*) AS "Won of created",
    count(*) FILTER (WHERE status = 'won')::float8
        / nullif(count(*) FILTER (WHERE status <> 'open'), 0) AS "Won of decided",
    count(*) FILTER (WHERE status = 'open')::float8 / count(*) AS "Share open",
    {money("sum(amount_minor)")} AS "Money created",
    {money("sum(amount_minor) FILTER (WHERE status = 'won')")} AS "Money won",
    count(*) FILTER (WHERE status = 'won') AS "Won",
    count(*) FILTER (WHERE status = 'lost') AS "Lost",
    count(*) FILTER (WHERE status = 'open') AS "Still open",
    count(*) AS "Created"
FROM ringside.deal_journeys({FROM})
WHERE created_at BETWEEN {FROM} AND {TO} AND {CHOSEN}
GROUP BY pipeline, currency
ORDER BY pipeline, "Created" DESC"""  # noqa: S608 - made of constants alone

LEAK = f"""WITH step AS (
    SELECT
        pipeline, stage, currency, max(place) AS place,
        sum(entered) FILTER (WHERE is_now) AS entered,
        sum(lost) FILTER (WHERE is_now) AS lost,
        sum(lost + advanced) FILTER (WHERE is_now) AS decided,
        sum(lost_minor) FILTER (WHERE is_now) AS lost_minor,
        sum(entered) FILTER (WHERE NOT is_now) AS entered_before,
        sum(lost) FILTER (WHERE NOT is_now) AS lost_before,
        sum(lost + advanced) FILTER (WHERE NOT is_now) AS decided_before,
        sum(lost_minor) FILTER (WHERE NOT is_now) AS lost_minor_before
    FROM ringside.funnel_losses{WITHIN}
    WHERE {CHOSEN}
    GROUP BY pipeline, stage, currency
),
share AS (
    SELECT *,
        (lost / nullif(entered, 0))::float8 AS of_entered,
        (lost_before / nullif(entered_before, 0))::float8 AS of_entered_before,
        (lost / nullif(decided, 0))::float8 AS of_decided,
        (lost_before / nullif(decided_before, 0))::float8 AS of_decided_before
    FROM step
)
SELECT
    pipeline AS "Pipeline",
    stage AS "Stage",
    currency AS "Currency",
    rank() OVER (PARTITION BY pipeline, currency ORDER BY lost DESC NULLS LAST)
        AS "Rank by deals",
    rank() OVER (PARTITION BY pipeline, currency ORDER BY lost_minor DESC NULLS LAST)
        AS "Rank by money",
    of_entered AS "Share lost",
    of_entered - of_entered_before AS "Change of share",
    of_decided AS "Lost of decided",
    of_decided - of_decided_before AS "Change of decided",
    {money("lost_minor")} AS "Money lost",
    {money("lost_minor - lost_minor_before")} AS "Change of money",
    coalesce(lost, 0) - coalesce(lost_before, 0) AS "Change of lost",
    coalesce(lost, 0) AS "Lost"
FROM share
ORDER BY "Lost" DESC, pipeline, place"""  # noqa: S608 - made of constants alone

REASONS = f"""WITH lost AS (
    SELECT
        pipeline, coalesce(nullif(reason, ''), 'not said') AS reason, currency,
        count(*) FILTER (WHERE ended_at >= {FROM}) AS deals,
        count(*) FILTER (WHERE ended_at < {FROM}) AS deals_before,
        coalesce(sum(amount_minor) FILTER (WHERE ended_at >= {FROM}), 0) AS minor,
        coalesce(sum(amount_minor) FILTER (WHERE ended_at < {FROM}), 0) AS minor_before
    FROM ringside.deal_endings({FROM} - ({TO} - {FROM}), {TO})
    WHERE status = 'lost' AND {CHOSEN}
    GROUP BY 1, 2, 3
)
SELECT
    pipeline AS "Pipeline",
    reason AS "Reason",
    currency AS "Currency",
    {money("minor")} AS "Money",
    {money("minor - minor_before")} AS "Change of money",
    deals - deals_before AS "Change of deals",
    deals AS "Deals by reason"
FROM lost
ORDER BY deals DESC, 1, 2, 3"""  # noqa: S608 - made of constants alone

VELOCITY = f"""WITH factor AS (
    SELECT
        is_now, pipeline, currency,
        sum(open)::float8 AS open,
        sum(won)::float8 / nullif(sum(won + lost), 0)::float8 AS win_rate,
        (sum(won_minor) / nullif(sum(won_priced), 0))::float8 AS won_minor,
        sum(cycle_days) / nullif(sum(won), 0)::float8 AS cycle_days
    FROM ringside.velocity_counts{WITHIN}
    WHERE {CHOSEN}
    GROUP BY is_now, pipeline, currency
),
velocity AS (
    SELECT *, ARRAY[open, win_rate, won_minor, 1 / nullif(cycle_days, 0)] AS factors,
        open * win_rate * won_minor / nullif(cycle_days, 0) AS per_day
    FROM factor
)
SELECT
    pipeline AS "Pipeline",
    currency AS "Currency",
    {money("later.per_day")} AS "Velocity a day",
    {money("earlier.per_day")} AS "Before",
    {money("later.per_day - earlier.per_day")} AS "Change a day",
    {money("part.of[1]")} AS "By open deals",
    {money("part.of[2]")} AS "By win rate",
    {money("part.of[3]")} AS "By average won",
    {money("part.of[4]")} AS "By cycle",
    later.win_rate AS "Win rate (pipeline)",
    earlier.win_rate AS "Win rate before",
    {money("later.won_minor")} AS "Average won",
    {money("earlier.won_minor")} AS "Average won before",
    later.cycle_days * 86400 AS "Cycle",
    earlier.cycle_days * 86400 AS "Cycle before",
    earlier.open AS "Open before",
    later.open AS "Open deals"
FROM (SELECT * FROM velocity WHERE is_now) AS later
LEFT JOIN (SELECT * FROM velocity WHERE NOT is_now) AS earlier USING (pipeline, currency)
CROSS JOIN LATERAL (
    SELECT ringside.split_of_change(earlier.factors, later.factors) AS of
) AS part
ORDER BY pipeline, later.open DESC, currency"""  # noqa: S608 - made of constants alone

_STAYED = f"""(
    SELECT *, left_at IS NOT NULL AS is_over,
        extract(epoch FROM coalesce(left_at, {TO}) - entered_at)::float8 AS stayed
    FROM ringside.deal_visits('-infinity')
    WHERE {CHOSEN} AND entered_at <= {TO} AND (left_at IS NULL OR left_at >= {FROM})
) AS visit"""  # noqa: S608 - made of constants alone

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
FROM {_STAYED}
GROUP BY pipeline, stage
ORDER BY pipeline, max(place)"""  # noqa: S608 - made of constants alone

_BOUNDS_DAYS = (1, 3, 7, 14, 30, 60, 90)


def _buckets() -> str:
    """Return how many stayed no longer than each bound, and longer than the one before."""
    found, low = [], 0
    for days in _BOUNDS_DAYS:
        above = f"stayed > {low} * 86400 AND " if low else ""
        found.append(f'count(*) FILTER (WHERE {above}stayed <= {days} * 86400) AS "to {days} d"')
        low = days
    found.append(f'count(*) FILTER (WHERE stayed > {low} * 86400) AS "over {low} d"')
    return ",\n    ".join(found)


HISTOGRAM = f"""SELECT
    pipeline AS "Pipeline",
    stage AS "Stage",
    CASE WHEN is_over THEN 'over' ELSE 'still there' END AS "Stay",
    {_buckets()},
    count(*) AS "Stays"
FROM {_STAYED}
GROUP BY pipeline, stage, is_over
ORDER BY pipeline, max(place), is_over DESC"""  # noqa: S608 - made of constants alone

BULK_EDITS = f"""SELECT
    to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS "When (UTC)",
    source AS "Source",
    pipeline AS "Pipeline",
    won AS "Won",
    lost AS "Lost",
    moved AS "Moves",
    deals AS "Deals at once"
FROM ringside.bulk_edits{WITHIN}
WHERE {PIPELINE}
ORDER BY at DESC
LIMIT 100"""  # noqa: S608 - made of constants alone
