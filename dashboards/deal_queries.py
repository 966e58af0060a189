"""What the board `deals` asks PostgreSQL: SQL over deals, stays and touches.

Every query ends with a column that is there whenever there is anything to show.
"""

from dashboards.deal_sql import CHOSEN, FROM, PIPELINE, TO, WITHIN, money

_OPEN_DEALS = f"""WITH ageing AS (
    SELECT deal_ages.*,
        age_days * 86400 AS in_stage,
        stalled_after_days * 86400 AS longest,
        extract(epoch FROM now() - created_at)::float8 AS age
    FROM ringside.deal_ages
    WHERE {CHOSEN}
)"""  # noqa: S608 - made of constants alone

AGEING = f"""{_OPEN_DEALS}
SELECT
    pipeline AS "Pipeline",
    stage AS "Stage",
    currency AS "Currency",
    {money("sum(amount_minor)")} AS "Money open",
    {money("sum(amount_minor) FILTER (WHERE is_stalled)")} AS "Money stalled",
    percentile_cont(0.5) WITHIN GROUP (ORDER BY in_stage) AS "In stage median",
    max(in_stage) AS "In stage longest",
    count(*) FILTER (WHERE in_stage <= 7 * 86400) AS "to 7 d",
    count(*) FILTER (WHERE in_stage > 7 * 86400 AND in_stage <= 30 * 86400) AS "to 30 d",
    count(*) FILTER (WHERE in_stage > 30 * 86400 AND in_stage <= 90 * 86400) AS "to 90 d",
    count(*) FILTER (WHERE in_stage > 90 * 86400) AS "over 90 d",
    count(*) FILTER (WHERE is_stalled) AS "Stalled",
    count(*) AS "Open"
FROM ageing
GROUP BY pipeline, stage, currency
ORDER BY "Stalled" DESC, 1, 2, 3"""  # noqa: S608 - made of constants alone

DEALS = f"""{_OPEN_DEALS}
SELECT
    deal_id AS "Deal",
    pipeline AS "Pipeline",
    stage AS "Stage",
    rep AS "Owner",
    team AS "Team",
    currency AS "Currency",
    {money("amount_minor")} AS "Worth",
    in_stage AS "In stage",
    longest AS "Usual at most",
    age AS "Age",
    is_stalled AS "Is stalled",
    coalesce(in_stage / nullif(longest, 0), 0) AS "Times the usual"
FROM ageing
ORDER BY is_stalled DESC, amount_minor DESC NULLS LAST
LIMIT 500"""  # noqa: S608 - made of constants alone

AT_STAKE = f"""SELECT
    currency AS "Currency",
    rank_in_currency AS "Rank",
    {money("amount_minor")} AS "Worth at stake",
    age_seconds AS "Missed ago",
    queue AS "Queue",
    deal_id AS "Deal",
    stage AS "Stage",
    rep AS "Owner"
FROM ringside.missed_call_at_stake
WHERE {PIPELINE}
ORDER BY currency, rank_in_currency
LIMIT 200"""  # noqa: S608 - made of constants alone

TOUCHES = f"""SELECT
    pipeline AS "Pipeline", stage AS "Stage", kind AS "Kind",
    touches_per_stay AS "Touches a stay", stays_touched AS "Stays touched",
    touches AS "Touches", stays AS "Stays"
FROM ringside.stage_touches{WITHIN}
WHERE {PIPELINE}
ORDER BY 1, place, touches DESC"""  # noqa: S608 - made of constants alone

BY_TOUCHES = f"""SELECT
    pipeline AS "Pipeline", stage AS "Stage", touches AS "Touches",
    went_on_of_over AS "Moved on, of ended", went_on AS "Moved on", lost AS "Lost",
    still_open AS "Still open", stays AS "Stays"
FROM ringside.conversion_by_touches{WITHIN}
WHERE {PIPELINE}
ORDER BY pipeline, place, stage, at_least"""  # noqa: S608 - made of constants alone

PACE = f"""SELECT
    pipeline AS "Pipeline",
    percentile_cont(0.5) WITHIN GROUP (ORDER BY to_call_seconds) AS "To first call",
    percentile_cont(0.5) WITHIN GROUP (ORDER BY call_to_meeting_seconds) AS "Call to meeting",
    percentile_cont(0.5) WITHIN GROUP (ORDER BY meeting_to_stage_seconds)
        AS "Meeting to next stage",
    count(first_call_at) AS "Called", count(first_meeting_at) AS "Met",
    count(next_stage_at) AS "Moved on", count(*) AS "Deals"
FROM ringside.deal_paces({FROM})
WHERE created_at <= {TO} AND {PIPELINE}
GROUP BY pipeline
ORDER BY pipeline"""  # noqa: S608 - made of constants alone

MEETINGS = f"""SELECT
    rep AS "Rep",
    count(*) FILTER (WHERE came_to = 'held')::float8
        / nullif(count(*) FILTER (WHERE came_to IN ('held', 'no_show')), 0) AS "Show rate",
    count(*) FILTER (WHERE came_to = 'held') AS "Held",
    count(*) FILTER (WHERE came_to = 'no_show') AS "No-show",
    count(*) FILTER (WHERE came_to = 'cancelled') AS "Cancelled",
    count(*) FILTER (WHERE came_to = 'unknown') AS "Outcome unknown",
    count(*) FILTER (WHERE came_to = 'ahead') AS "Still to come",
    count(*) FILTER (WHERE times_moved > 0) AS "Rescheduled",
    count(*) AS "Booked"
FROM ringside.meeting_funnel
WHERE booked_at BETWEEN {FROM} AND {TO}
GROUP BY rep
ORDER BY "Booked" DESC, rep"""  # noqa: S608 - made of constants alone
