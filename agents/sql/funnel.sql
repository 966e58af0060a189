-- The funnel in SQL, from how deals have gone (agents/sql/deal_stays.sql). Run by `ringside db migrate`
-- after it. What the words mean is in docs/pipelines.md.
--
-- `since` and `until` bound the time that is counted: what entered, or happened, in [since, until).
-- '-infinity' leaves nothing out. A team is the one in which the rep is in the roster of that time.
--
-- A function's plan is made without knowing its arguments, and so for few rows, which it would sort to
-- group them. Those that may be asked about millions are told not to: they hash.

-- How each deal that counts has gone, of those heard of since: as it is now, whose it is, since when,
-- and how it ended.
CREATE FUNCTION ringside.deal_journeys(since timestamptz) RETURNS TABLE (
    topic text, partition integer, deal_id text, source text, segment text, customer text,
    pipeline text, zone text, rep text, team text, created_at timestamptz, created_by text,
    status text, ended_at timestamptz, ended_by text, reason text, stage text,
    stage_since timestamptz, amount_minor bigint, currency text
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
    SELECT
        journey.topic, journey.partition, journey.deal_id, journey.source, journey.segment,
        journey.customer, journey.pipeline, journey.zone, journey.rep,
        coalesce(reps.team, 'unknown'), journey.created_at, journey.created_by, journey.status,
        journey.ended_at, journey.ended_by, journey.reason, journey.stage, journey.stage_since,
        journey.amount_minor, journey.currency
    FROM ringside.deal_journey AS journey
    LEFT JOIN ringside.roster_rep AS reps
        ON reps.id = journey.rep AND reps.valid_from <= now() AND now() < reps.valid_to
    WHERE journey.status IS NOT NULL AND journey.last_at >= since
$$;

-- Every stay in a stage that lasts or ended since: whose it was then, where it stands, and what came of
-- the first one. `advanced_at`: when the deal first came to the next stage or one beyond, or was won.
CREATE FUNCTION ringside.deal_visits(since timestamptz) RETURNS TABLE (
    topic text, partition integer, deal_id text, source text, segment text, customer text,
    pipeline text, zone text, stage text, place double precision, next_stage text, number integer,
    entered_at timestamptz, left_at timestamptz, left_by text, day date, rep text, team text,
    stage_before text,
    position_before double precision, nth integer, is_first boolean, advanced_at timestamptz,
    path_step integer, path_advanced boolean, path_won boolean, status text,
    ended_at timestamptz, ended_after_days integer, amount_minor bigint, currency text,
    version_from timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
    SELECT
        stay.topic, stay.partition, stay.deal_id, stay.source, stay.segment, stay.customer,
        stay.pipeline, stay.zone, stay.stage, stay.place, stay.next_stage, stay.number,
        stay.entered_at, stay.left_at, stay.left_by, stay.day, stay.rep,
        coalesce(reps.team, 'unknown'), stay.stage_before, stay.position_before, stay.nth,
        stay.is_first, stay.advanced_at, stay.path_step, stay.path_advanced, stay.path_won,
        stay.status, stay.ended_at, stay.ended_after_days, stay.amount_minor, stay.currency,
        stay.version_from
    FROM ringside.deal_stay AS stay
    LEFT JOIN ringside.roster_rep AS reps
        ON reps.id = stay.rep AND reps.valid_from <= stay.entered_at
        AND stay.entered_at < reps.valid_to
    WHERE stay.left_at IS NULL OR stay.left_at >= since
$$;

-- Each deal that was won or lost in [since, until): whose it was then, in which team, from which stage.
CREATE FUNCTION ringside.deal_endings(since timestamptz, until timestamptz) RETURNS TABLE (
    pipeline text, version_from timestamptz, stage text, status text, reason text, day date, rep text,
    team text, source text, segment text, currency text, amount_minor bigint,
    created_at timestamptz, ended_at timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
    SELECT
        journey.pipeline, version.valid_from, journey.stage, journey.status, journey.reason,
        (journey.ended_at AT TIME ZONE journey.zone)::date, journey.ended_by,
        coalesce(reps.team, 'unknown'), journey.source, journey.segment, journey.currency,
        journey.amount_minor, journey.created_at, journey.ended_at
    FROM ringside.deal_journey AS journey
    LEFT JOIN ringside.roster_rep AS reps
        ON reps.id = journey.ended_by AND reps.valid_from <= journey.ended_at
        AND journey.ended_at < reps.valid_to
    LEFT JOIN ringside.pipeline_version AS version
        ON version.pipeline = journey.pipeline
        AND version.valid_from <= journey.ended_at AND journey.ended_at < version.valid_to
    WHERE journey.ended_at >= since AND journey.ended_at < until
$$;

-- Each first stay in a stage that began in [since, until), and what came of it. `funnel_cohorts` adds
-- them up by day; boards do so by what they show, since a filter is applied before that here.
CREATE FUNCTION ringside.funnel_entries(
    since timestamptz, until timestamptz DEFAULT 'infinity'
) RETURNS TABLE (
    pipeline text, stage text, place double precision, next_stage text, day date, rep text,
    team text, source text, segment text, currency text, entered integer, advanced integer,
    lost integer, still_open integer, won integer, amount_minor bigint
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
    SELECT
        pipeline, stage, place, next_stage, day, rep, team, source, segment, currency,
        1,
        (advanced_at IS NOT NULL)::integer,
        (advanced_at IS NULL AND status = 'lost')::integer,
        (advanced_at IS NULL AND status = 'open')::integer,
        (status = 'won')::integer,
        coalesce(amount_minor, 0)
    FROM ringside.deal_visits(since)
    WHERE is_first AND entered_at >= since AND entered_at < until
$$;

-- Cohorts: what became of the deals that first came to a stage on a day. Shares are derived from sums
-- of these over days, owners, teams, segments and sources; amounts only within a currency.
CREATE FUNCTION ringside.funnel_cohorts(
    since timestamptz, until timestamptz DEFAULT 'infinity'
) RETURNS TABLE (
    pipeline text, stage text, place double precision, next_stage text, day date, rep text,
    team text, source text, segment text, currency text, entered bigint, advanced bigint,
    lost bigint, still_open bigint, won bigint, entered_minor numeric, advanced_minor numeric,
    lost_minor numeric, still_open_minor numeric, won_minor numeric
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
SET enable_sort = off SET work_mem = '64MB' AS $$
    SELECT
        pipeline, stage, max(place), max(next_stage), day, rep, team, source, segment, currency,
        sum(entered), sum(advanced), sum(lost), sum(still_open), sum(won), sum(amount_minor),
        sum(amount_minor * advanced), sum(amount_minor * lost), sum(amount_minor * still_open),
        sum(amount_minor * won)
    FROM ringside.funnel_entries(since, until)
    GROUP BY pipeline, stage, day, rep, team, source, segment, currency
$$;

-- Each thing that happened in [since, until), by the stage that it counts for: entries, re-entries,
-- moves back, entries into what comes after it (or the win after the last one), stages passed over, and
-- losses. `funnel_days` adds them up by day.
CREATE FUNCTION ringside.funnel_moves(
    since timestamptz, until timestamptz DEFAULT 'infinity'
) RETURNS TABLE (
    pipeline text, stage text, day date, rep text, team text, source text, segment text,
    currency text, entries integer, re_entries integer, backward integer, next_entries integer,
    skipped integer, exits_lost integer, exits_lost_minor bigint
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
    SELECT
        pipeline, stage, day, rep, team, source, segment, currency, 1, (nth > 1)::integer,
        coalesce(place < position_before, false)::integer, 0, 0, 0, 0::bigint
    FROM ringside.deal_visits(since)
    WHERE entered_at >= since AND entered_at < until
    UNION ALL
    SELECT
        move.pipeline, this.stage, move.day, move.rep, move.team, move.source, move.segment,
        move.currency, 0, 0, 0, (this.next_position = move.position)::integer,
        coalesce(
            this.position > move.position_before AND this.position < move.position, false
        )::integer,
        0, 0
    FROM (
        -- Each move, from where to where: of wins to the end, which is behind every stage.
        SELECT
            pipeline, version_from, day, rep, team, source, segment, currency, position_before,
            place AS position
        FROM ringside.deal_visits(since)
        WHERE entered_at >= since AND entered_at < until
        UNION ALL
        SELECT
            ending.pipeline, ending.version_from, ending.day, ending.rep, ending.team,
            ending.source, ending.segment, ending.currency, there.position, 1000
        FROM ringside.deal_endings(since, until) AS ending
        LEFT JOIN ringside.pipeline_stage AS there
            ON there.pipeline = ending.pipeline AND there.valid_from = ending.version_from
            AND there.stage = ending.stage
        WHERE ending.status = 'won'
    ) AS move
    JOIN ringside.pipeline_stage AS this
        ON this.pipeline = move.pipeline AND this.valid_from = move.version_from AND this.is_own
        AND (
            this.next_position = move.position
            OR (this.position > move.position_before AND this.position < move.position)
        )
    UNION ALL
    SELECT
        pipeline, stage, day, rep, team, source, segment, currency, 0, 0, 0, 0, 0, 1,
        coalesce(amount_minor, 0)
    FROM ringside.deal_endings(since, until)
    WHERE status = 'lost'
$$;

-- What happened on a day: see funnel_moves.
CREATE FUNCTION ringside.funnel_days(
    since timestamptz, until timestamptz DEFAULT 'infinity'
) RETURNS TABLE (
    pipeline text, stage text, day date, rep text, team text, source text, segment text,
    currency text, entries bigint, re_entries bigint, backward bigint, next_entries bigint,
    skipped bigint, exits_lost bigint, exits_lost_minor numeric
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
SET enable_sort = off SET work_mem = '64MB' AS $$
    SELECT
        pipeline, stage, day, rep, team, source, segment, currency, sum(entries), sum(re_entries),
        sum(backward), sum(next_entries), sum(skipped), sum(exits_lost), sum(exits_lost_minor)
    FROM ringside.funnel_moves(since, until)
    GROUP BY pipeline, stage, day, rep, team, source, segment, currency
$$;

-- Instants of [since, until) at which a source moved or ended so many deals of a pipeline or more: a
-- bulk edit, nearly always. Creations are no moves.
CREATE FUNCTION ringside.bulk_edits(
    since timestamptz, until timestamptz DEFAULT 'infinity', at_least integer DEFAULT 10
) RETURNS TABLE (
    at timestamptz, source text, pipeline text, deals bigint, moved bigint, won bigint, lost bigint
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET work_mem = '64MB' AS $$
    WITH changed AS NOT MATERIALIZED (
        SELECT
            entered_at AS at, source, pipeline, (topic, partition, deal_id)::text AS deal,
            'moved' AS what
        FROM ringside.deal_stay
        WHERE number > 1 AND entered_at >= since AND entered_at < until
        UNION ALL
        SELECT ended_at, source, pipeline, (topic, partition, deal_id)::text, status
        FROM ringside.deal_journey
        WHERE ended_at >= since AND ended_at < until
    ),
    crowded AS (
        SELECT at, source, pipeline FROM changed
        GROUP BY at, source, pipeline HAVING count(*) >= at_least
    )
    SELECT
        at, source, pipeline, count(DISTINCT deal), count(*) FILTER (WHERE what = 'moved'),
        count(*) FILTER (WHERE what = 'won'), count(*) FILTER (WHERE what = 'lost')
    FROM crowded JOIN changed USING (at, source, pipeline)
    GROUP BY at, source, pipeline
    HAVING count(DISTINCT deal) >= at_least
$$;

-- All stages: deals that came to a stage through every one before it, in order, by the day of that;
-- and of them, those that went on so. Judged by the pipeline as it was when the deal was created.
CREATE FUNCTION ringside.funnel_paths(
    since timestamptz, until timestamptz DEFAULT 'infinity'
) RETURNS TABLE (
    pipeline text, stage text, place double precision, day date, rep text, team text,
    source text, segment text, currency text, entered bigint, advanced bigint, won bigint
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000
SET enable_sort = off SET work_mem = '64MB' AS $$
    SELECT
        pipeline, stage, max(path_step)::float8, day, rep, team, source, segment, currency,
        count(*),
        count(*) FILTER (WHERE path_advanced),
        count(*) FILTER (WHERE path_won)
    FROM ringside.deal_visits(since)
    WHERE path_step IS NOT NULL AND entered_at >= since AND entered_at < until
    GROUP BY pipeline, stage, day, rep, team, source, segment, currency
$$;
