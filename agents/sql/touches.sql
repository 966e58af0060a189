-- How activity meets the funnel: views over calls, meetings, activities and deals.
-- Run by `ringside db migrate` after views.sql, once it has dropped the old views.
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

-- Each touch with the stay of a deal that it fell into. What names its deal belongs to that one; else
-- it belongs to every deal of its customer that was open at that time.
CREATE VIEW ringside.deal_touch AS
SELECT
    stay.deal_id, stay.pipeline, stay.stage, stay.number,
    touch.kind, touch.touch_id, touch.at, touch.rep
FROM ringside.deal_stay AS stay
JOIN ringside.touch AS touch
    ON touch.deal = stay.deal_id
    AND touch.at >= stay.entered_at AND (stay.left_at IS NULL OR touch.at < stay.left_at)
UNION ALL
SELECT
    stay.deal_id, stay.pipeline, stay.stage, stay.number,
    touch.kind, touch.touch_id, touch.at, touch.rep
FROM ringside.deal_stay AS stay
JOIN ringside.touch AS touch
    ON touch.customer = stay.customer
    AND touch.deal IS NULL
    AND touch.at >= stay.entered_at AND (stay.left_at IS NULL OR touch.at < stay.left_at);
COMMENT ON VIEW ringside.deal_touch IS
    'Each touch with the deal, and the stage it was in: the deal it names, else each deal of its customer open then.';

CREATE VIEW ringside.stage_touches AS
SELECT
    stay.pipeline,
    stay.stage,
    stay.stays,
    coalesce(touched.kind, '') AS kind,
    coalesce(touched.touches, 0) AS touches,
    coalesce(touched.stays_touched, 0) AS stays_touched,
    coalesce(touched.touches, 0)::float8 / stay.stays AS touches_per_stay
FROM (
    SELECT pipeline, stage, count(*) AS stays
    FROM ringside.deal_stay
    GROUP BY pipeline, stage
) AS stay
LEFT JOIN (
    SELECT
        pipeline, stage, kind, count(*) AS touches,
        count(DISTINCT (deal_id, number)) AS stays_touched
    FROM ringside.deal_touch
    GROUP BY pipeline, stage, kind
) AS touched USING (pipeline, stage);
COMMENT ON VIEW ringside.stage_touches IS
    'Touches per stage and kind, of how many stays, and per stay. A stay is one time in a stage.';

-- Conversion by the number of touches in the stay. Only stays that are over are judged; the open ones
-- stand beside. It is no effect of touches: whoever is interested answers more calls.
CREATE VIEW ringside.conversion_by_touches AS
SELECT
    pipeline,
    stage,
    CASE
        WHEN touches >= 10 THEN '10+'
        WHEN touches >= 5 THEN '5-9'
        WHEN touches >= 3 THEN '3-4'
        ELSE touches::text
    END AS touches,
    min(touches) AS least,
    count(*) AS stays,
    count(*) FILTER (WHERE left_by IN ('moved', 'won')) AS went_on,
    count(*) FILTER (WHERE left_by = 'lost') AS lost,
    count(*) FILTER (WHERE left_by = 'open') AS still_open,
    count(*) FILTER (WHERE left_by IN ('moved', 'won'))::float8
        / nullif(count(*) FILTER (WHERE left_by <> 'open'), 0) AS went_on_of_over
FROM (
    SELECT stay.*, coalesce(touched.touches, 0) AS touches
    FROM ringside.deal_stay AS stay
    LEFT JOIN (
        SELECT deal_id, number, count(*) AS touches
        FROM ringside.deal_touch
        GROUP BY deal_id, number
    ) AS touched USING (deal_id, number)
) AS counted
GROUP BY 1, 2, 3;
COMMENT ON VIEW ringside.conversion_by_touches IS
    'Stays by number of touches: how many went on, were lost, are open. A correlation, no effect.';

-- First call, first meeting after it, first move to another stage (or the win) after that.
CREATE VIEW ringside.deal_pace AS
SELECT
    deal.deal_id, deal.pipeline, deal.rep, deal.created_at,
    call.at AS first_call_at, meeting.at AS first_meeting_at, step.at AS next_stage_at,
    extract(epoch FROM call.at - deal.created_at)::float8 AS to_call_seconds,
    extract(epoch FROM meeting.at - call.at)::float8 AS call_to_meeting_seconds,
    extract(epoch FROM step.at - meeting.at)::float8 AS meeting_to_stage_seconds
FROM ringside.deal
LEFT JOIN LATERAL (
    SELECT min(at) AS at FROM ringside.deal_touch AS touch
    WHERE touch.deal_id = deal.deal_id AND touch.kind = 'call'
) AS call ON true
LEFT JOIN LATERAL (
    SELECT min(at) AS at FROM ringside.deal_touch AS touch
    WHERE touch.deal_id = deal.deal_id AND touch.kind = 'meeting' AND touch.at >= call.at
) AS meeting ON true
LEFT JOIN LATERAL (
    SELECT min(at) AS at
    FROM (
        SELECT entered_at AS at FROM ringside.deal_stay AS stay
        WHERE stay.deal_id = deal.deal_id AND stay.number > 1
        UNION ALL
        SELECT deal.status_at WHERE deal.status = 'won'
    ) AS steps
    WHERE steps.at >= meeting.at
) AS step ON true
WHERE deal.created_at IS NOT NULL AND deal.status IN ('open', 'won', 'lost');
COMMENT ON VIEW ringside.deal_pace IS
    'Per deal: first call, first held meeting after it, first step on after that; NULL where it has not come.';

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
        AND missed.outcome IN ('abandoned', 'flowed_out')
        AND NOT EXISTS (
            SELECT FROM ringside.call AS leg
            WHERE leg.customer = missed.customer AND leg.call_id = missed.call_id
                AND (leg.outcome IS NULL OR leg.outcome = 'answered')
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
JOIN ringside.deal ON deal.customer = missed.customer AND deal.status = 'open'
WHERE deal.created_at IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM ringside.call AS later
        WHERE later.customer = missed.customer
            AND later.offered_at >= missed.missed_at
            AND (later.direction = 'outbound' OR later.outcome = 'answered')
    );
COMMENT ON VIEW ringside.missed_call_at_stake IS
    'Missed calls of 7 days without a call back, and the open deals at stake; ranked within each currency.';
