-- The funnel in SQL, from the deals and the pipelines as they are now. Run by `ringside db migrate`
-- after views.sql. Written by hand, and apart from streams/journeys.py and streams/funnel.py, which
-- count the same live: a test compares the two. What the words mean is in docs/pipelines.md.
--
-- Each function looks only at deals of which something was heard since its argument: for the cohorts
-- of the last 90 days, now() - interval '90 days' leaves nothing out. '-infinity' looks at all.
-- `until` ends the time that is counted: what entered, or happened, before it. `customers`: only
-- their deals.
--
-- The planner cannot guess how many rows come out of a line of sayings, and would join them in nested
-- loops, which takes minutes for a few thousand deals. So each function tells it a number, and is
-- planned without such loops; that also keeps it from being merged into the query around it.

-- Whose a deal was at an instant: before the first change the one's who created it. In plpgsql: for the
-- many deals with one owner it has nothing to look up, and SQL would be started for each anyway.
CREATE FUNCTION ringside.owner_at(owners jsonb, at timestamptz) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    owned jsonb;
    owner text := owners -> 0 ->> 1;
BEGIN
    IF jsonb_array_length(owners) > 1 THEN
        FOR owned IN SELECT * FROM jsonb_array_elements(owners - 0) LOOP
            EXIT WHEN to_timestamp((owned ->> 0)::float8) > at;
            owner := owned ->> 1;
        END LOOP;
    END IF;
    RETURN coalesce(owner, '');
END
$$;

-- Everything that was said of the deals that count, on one line of time for each: at one instant the
-- sequence decides, then a reopening comes first, then moves in the pipeline's order, then an end.
-- `id` tells deals apart within one answer: a number is sorted and joined faster than three columns.
CREATE FUNCTION ringside.deal_sayings(
    since timestamptz, customers text[] DEFAULT NULL
) RETURNS TABLE (
    id bigint, topic text, partition integer, deal_id text, pipeline text, number bigint, at timestamptz,
    what text, is_stage boolean, reason text, version_from timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off SET work_mem = '64MB' AS $$
    WITH counted AS (
        SELECT
            row_number() OVER () AS id, deal.topic, deal.partition, deal.deal_id, deal.moves,
            deal.turns, coalesce(known.pipeline, 'unknown') AS known_as
        FROM ringside.deal
        LEFT JOIN ringside.pipeline_name AS known ON known.name = deal.pipeline
        WHERE
            deal.last_at >= since
            AND (customers IS NULL OR deal.customer = ANY (customers))
            AND deal.created_at IS NOT NULL AND deal.status NOT IN ('merged', 'deleted')
    ),
    said AS (
        SELECT
            counted.id, counted.topic, counted.partition, counted.deal_id, counted.known_as,
            to_timestamp((move ->> 0)::float8) AS at, move ->> 1 AS name, move ->> 2 AS sequence,
            NULL AS turned, NULL AS reason
        FROM counted CROSS JOIN LATERAL jsonb_array_elements(counted.moves) AS move
        UNION ALL
        SELECT
            counted.id, counted.topic, counted.partition, counted.deal_id, counted.known_as,
            to_timestamp((turn ->> 0)::float8), NULL, turn ->> 2, turn ->> 1, turn ->> 3
        FROM counted CROSS JOIN LATERAL jsonb_array_elements(counted.turns) AS turn
    ),
    resolved AS (
        SELECT
            said.*,
            version.valid_from,
            coalesce(said.turned, named.stage, 'unknown') AS what,
            CASE
                WHEN said.turned = 'open' THEN -1
                WHEN said.turned IS NOT NULL THEN 1001
                WHEN named.stage IN ('won', 'lost') THEN 1000
                ELSE coalesce(stage.position, 999)
            END AS rank
        FROM said
        LEFT JOIN ringside.pipeline_version AS version
            ON version.pipeline = said.known_as
            AND version.valid_from <= said.at AND said.at < version.valid_to
        LEFT JOIN ringside.pipeline_stage_name AS named
            ON named.pipeline = version.pipeline AND named.valid_from = version.valid_from
            AND named.name = said.name
        LEFT JOIN ringside.pipeline_stage AS stage
            ON stage.pipeline = version.pipeline AND stage.valid_from = version.valid_from
            AND stage.stage = named.stage
    )
    SELECT
        id, topic, partition, deal_id, known_as,
        row_number() OVER (
            PARTITION BY id
            ORDER BY at, sequence COLLATE "C", rank, what COLLATE "C"
        ),
        at, what, turned IS NULL AND what NOT IN ('won', 'lost'), reason, valid_from
    FROM resolved
$$;

-- Stays in stages, and the way to the end: `what` is a stage, or how it ended. A stay lasts until the
-- next row of its deal (`left_at`), which is another stay (`left_by` moved), or an end (won, lost).
CREATE FUNCTION ringside.deal_turning_points(
    since timestamptz, customers text[] DEFAULT NULL
) RETURNS TABLE (
    id bigint, topic text, partition integer, deal_id text, pipeline text, number bigint, at timestamptz,
    left_at timestamptz, left_by text, what text, is_stage boolean, reason text,
    version_from timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off SET work_mem = '64MB' AS $$
    WITH line AS (
        SELECT
            said.*,
            CASE WHEN is_stage THEN 'open' ELSE what END AS status,
            lag(CASE WHEN is_stage THEN 'open' ELSE what END, 1, 'open') OVER deals AS status_before,
            -- The last stage before: the greatest of number and name, the number then cut off.
            substr(max((lpad(number::text, 9, '0') || what) COLLATE "C") FILTER (WHERE is_stage) OVER (
                deals ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ), 10) AS stage_before,
            lag(what) OVER deals AS what_before,
            lag(at) OVER deals AS at_before,
            lag(CASE WHEN is_stage THEN 'open' ELSE what END, 2, 'open') OVER deals
                AS status_before_that,
            lead(is_stage) OVER deals AS next_is_stage,
            lead(at) OVER deals AS next_at
        FROM ringside.deal_sayings(since, customers) AS said
        WINDOW deals AS (PARTITION BY id ORDER BY number)
    ),
    -- A run is what is said between two changes of status; the reason of an end may be told again.
    run AS (
        SELECT
            *,
            count(*) FILTER (WHERE status <> status_before) OVER (
                PARTITION BY id ORDER BY number
            ) AS run
        FROM line
    ),
    kept AS (
        SELECT
            *,
            CASE WHEN what = 'open' THEN stage_before ELSE what END AS becomes,
            is_stage OR what = 'open' AS is_stay,
            substr(max((lpad(number::text, 9, '0') || reason) COLLATE "C") OVER (
                PARTITION BY id, run
            ), 10) AS reason_of_run
        FROM run
    )
    SELECT
        id, topic, partition, deal_id, pipeline,
        row_number() OVER deals,
        at,
        lead(at) OVER deals,
        CASE WHEN lead(is_stay) OVER deals THEN 'moved' ELSE lead(becomes, 1, 'open') OVER deals END,
        becomes,
        is_stay,
        reason_of_run,
        version_from
    FROM kept
    WHERE CASE
        -- A move to where it already is, is none; unless it says where it was reopened.
        WHEN is_stage THEN
            status_before <> 'open'
            OR stage_before IS DISTINCT FROM what
            OR what = 'unknown'
            OR (what_before = 'open' AND at_before = at AND status_before_that <> 'open')
        WHEN what = 'open' THEN
            status_before <> 'open' AND stage_before IS NOT NULL
            AND NOT (coalesce(next_is_stage, false) AND next_at = at)
        ELSE status_before <> what
    END
    WINDOW deals AS (PARTITION BY id ORDER BY number)
$$;

-- How each deal has gone: as it is now, whose it is, since when, and how it ended.
CREATE FUNCTION ringside.deal_journeys(
    since timestamptz, customers text[] DEFAULT NULL
) RETURNS TABLE (
    topic text, partition integer, deal_id text, source text, segment text, customer text,
    pipeline text, zone text, rep text, team text, created_at timestamptz, created_by text,
    status text, ended_at timestamptz, ended_by text, reason text, stage text,
    stage_since timestamptz, amount_minor bigint, currency text
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off SET work_mem = '64MB' AS $$
    WITH point AS MATERIALIZED (
        SELECT * FROM ringside.deal_turning_points(since, customers)
    ),
    last_one AS (
        SELECT DISTINCT ON (id) point.* FROM point
        ORDER BY id, number DESC
    ),
    last_stage AS (
        SELECT DISTINCT ON (id) point.* FROM point WHERE is_stage
        ORDER BY id, number DESC
    )
    SELECT
        deal.topic, deal.partition, deal.deal_id, deal.source, deal.segment, deal.customer,
        last_one.pipeline, coalesce(version.zone, 'UTC'), deal.rep,
        coalesce(reps.team, 'unknown'), deal.created_at,
        ringside.owner_at(deal.owners, deal.created_at),
        CASE WHEN last_one.is_stage THEN 'open' ELSE last_one.what END,
        CASE WHEN NOT last_one.is_stage THEN last_one.at END,
        CASE WHEN NOT last_one.is_stage THEN ringside.owner_at(deal.owners, last_one.at) END,
        CASE WHEN last_one.what = 'lost' THEN last_one.reason END,
        coalesce(last_stage.what, 'unknown'), last_stage.at, deal.amount_minor,
        coalesce(deal.currency, '')
    FROM last_one
    JOIN ringside.deal
        ON deal.topic = last_one.topic AND deal.partition = last_one.partition
        AND deal.deal_id = last_one.deal_id
    LEFT JOIN last_stage ON last_stage.id = last_one.id
    LEFT JOIN ringside.pipeline_version AS version
        ON version.pipeline = last_one.pipeline
        AND version.valid_from <= deal.created_at AND deal.created_at < version.valid_to
    LEFT JOIN ringside.roster_rep AS reps
        ON reps.id = deal.rep AND reps.valid_from <= now() AND now() < reps.valid_to
$$;

-- Every stay in a stage: whose it was then, where it stands, and what came of the first one.
-- `advanced_at`: when the deal first came to the next stage or one beyond, or was won.
CREATE FUNCTION ringside.deal_visits(since timestamptz) RETURNS TABLE (
    topic text, partition integer, deal_id text, source text, segment text, customer text,
    pipeline text, zone text, stage text, place double precision, next_stage text, number bigint,
    entered_at timestamptz, left_at timestamptz, left_by text, day date, rep text, team text,
    stage_before text,
    position_before double precision, nth bigint, is_first boolean, advanced_at timestamptz, status text,
    ended_at timestamptz, amount_minor bigint, currency text, version_from timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off SET work_mem = '64MB' AS $$
    WITH point AS MATERIALIZED (SELECT * FROM ringside.deal_turning_points(since)),
    ending AS (
        SELECT DISTINCT ON (id)
            id,
            CASE WHEN is_stage THEN 'open' ELSE what END AS status,
            CASE WHEN NOT is_stage THEN at END AS ended_at
        FROM point
        ORDER BY id, number DESC
    ),
    visit AS MATERIALIZED (
        SELECT
            point.*,
            version.zone,
            stage.position,
            stage.next_stage,
            stage.next_position,
            row_number() OVER (
                PARTITION BY point.id, point.what ORDER BY point.number
            ) AS nth,
            lag(point.what) OVER (
                PARTITION BY point.id ORDER BY point.number
            ) AS stage_before
        FROM point
        LEFT JOIN ringside.pipeline_version AS version
            ON version.pipeline = point.pipeline AND version.valid_from = point.version_from
        LEFT JOIN ringside.pipeline_stage AS stage
            ON stage.pipeline = point.pipeline AND stage.valid_from = point.version_from
            AND stage.stage = point.what
        WHERE point.is_stage
    ),
    advance AS (
        SELECT visit.id, visit.number, min(later.at) AS at
        FROM visit
        JOIN visit AS later ON later.id = visit.id AND later.number > visit.number
        JOIN ringside.pipeline_stage AS there
            ON there.pipeline = visit.pipeline AND there.valid_from = visit.version_from
            AND there.stage = later.what AND there.position >= visit.next_position
        WHERE visit.nth = 1
        GROUP BY visit.id, visit.number
    )
    SELECT
        deal.topic, deal.partition, deal.deal_id, deal.source, deal.segment, deal.customer,
        visit.pipeline, coalesce(visit.zone, 'UTC'), visit.what, visit.position, visit.next_stage,
        visit.number, visit.at, visit.left_at, visit.left_by,
        (visit.at AT TIME ZONE coalesce(visit.zone, 'UTC'))::date,
        owner.rep, coalesce(reps.team, 'unknown'), visit.stage_before, before.position,
        visit.nth, visit.nth = 1 AND visit.what <> 'unknown',
        CASE
            WHEN visit.nth > 1 OR visit.position IS NULL THEN NULL
            ELSE coalesce(advance.at, CASE WHEN ending.status = 'won' THEN ending.ended_at END)
        END,
        ending.status, ending.ended_at, deal.amount_minor, coalesce(deal.currency, ''),
        visit.version_from
    FROM visit
    JOIN ringside.deal
        ON deal.topic = visit.topic AND deal.partition = visit.partition
        AND deal.deal_id = visit.deal_id
    JOIN ending ON ending.id = visit.id
    LEFT JOIN advance ON advance.id = visit.id AND advance.number = visit.number
    LEFT JOIN ringside.pipeline_stage AS before
        ON before.pipeline = visit.pipeline AND before.valid_from = visit.version_from
        AND before.stage = visit.stage_before
    CROSS JOIN LATERAL (SELECT ringside.owner_at(deal.owners, visit.at) AS rep) AS owner
    LEFT JOIN ringside.roster_rep AS reps
        ON reps.id = owner.rep AND reps.valid_from <= visit.at AND visit.at < reps.valid_to
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
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off SET work_mem = '64MB' AS $$
    SELECT
        pipeline, stage, max(place), max(next_stage), day, rep, team, source, segment, currency,
        count(*),
        count(advanced_at),
        count(*) FILTER (WHERE advanced_at IS NULL AND status = 'lost'),
        count(*) FILTER (WHERE advanced_at IS NULL AND status = 'open'),
        count(*) FILTER (WHERE status = 'won'),
        coalesce(sum(amount_minor), 0),
        coalesce(sum(amount_minor) FILTER (WHERE advanced_at IS NOT NULL), 0),
        coalesce(sum(amount_minor) FILTER (WHERE advanced_at IS NULL AND status = 'lost'), 0),
        coalesce(sum(amount_minor) FILTER (WHERE advanced_at IS NULL AND status = 'open'), 0),
        coalesce(sum(amount_minor) FILTER (WHERE status = 'won'), 0)
    FROM ringside.deal_visits(since)
    WHERE is_first AND entered_at >= since AND entered_at < until
    GROUP BY pipeline, stage, day, rep, team, source, segment, currency
$$;

-- What happened on a day: entries, re-entries, moves back, stages passed over, losses.
CREATE FUNCTION ringside.funnel_days(
    since timestamptz, until timestamptz DEFAULT 'infinity'
) RETURNS TABLE (
    pipeline text, stage text, day date, rep text, team text, source text, segment text,
    currency text, entries bigint, re_entries bigint, backward bigint, next_entries bigint,
    skipped bigint, exits_lost bigint, exits_lost_minor numeric
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off SET work_mem = '64MB' AS $$
    WITH visit AS MATERIALIZED (SELECT * FROM ringside.deal_visits(since)),
    ending AS (
        SELECT journey.*, ended_team.team AS then_in, version.valid_from AS version_from
        FROM ringside.deal_journeys(since) AS journey
        LEFT JOIN ringside.roster_rep AS ended_team
            ON ended_team.id = journey.ended_by
            AND ended_team.valid_from <= journey.ended_at
            AND journey.ended_at < ended_team.valid_to
        LEFT JOIN ringside.pipeline_version AS version
            ON version.pipeline = journey.pipeline
            AND version.valid_from <= journey.ended_at AND journey.ended_at < version.valid_to
        WHERE journey.status <> 'open'
    ),
    -- Each move, from where to where: of wins to the end, which is behind every stage.
    move AS (
        SELECT
            pipeline, version_from, entered_at AS at, zone, rep, team, source, segment, currency,
            position_before, place AS position
        FROM visit
        UNION ALL
        SELECT
            ending.pipeline, ending.version_from, ending.ended_at, ending.zone, ending.ended_by,
            coalesce(ending.then_in, 'unknown'), ending.source, ending.segment, ending.currency,
            there.position, 1000
        FROM ending
        LEFT JOIN ringside.pipeline_stage AS there
            ON there.pipeline = ending.pipeline AND there.valid_from = ending.version_from
            AND there.stage = ending.stage
        WHERE ending.status = 'won'
    ),
    counted AS (
        SELECT
            pipeline, stage, day, rep, team, source, segment, currency,
            1 AS entries, (nth > 1)::integer AS re_entries,
            coalesce(place < position_before, false)::integer AS backward,
            0 AS next_entries, 0 AS skipped, 0 AS exits_lost, 0::numeric AS exits_lost_minor
        FROM visit WHERE entered_at >= since AND entered_at < until
        UNION ALL
        -- Into the stage after this one, or after the last one won.
        SELECT
            move.pipeline, this.stage, (move.at AT TIME ZONE move.zone)::date, move.rep, move.team,
            move.source, move.segment, move.currency, 0, 0, 0, 1, 0, 0, 0
        FROM move
        JOIN ringside.pipeline_stage AS this
            ON this.pipeline = move.pipeline AND this.valid_from = move.version_from
            AND this.is_own AND this.next_position = move.position
        WHERE move.at >= since AND move.at < until
        UNION ALL
        SELECT
            move.pipeline, this.stage, (move.at AT TIME ZONE move.zone)::date, move.rep, move.team,
            move.source, move.segment, move.currency, 0, 0, 0, 0, 1, 0, 0
        FROM move
        JOIN ringside.pipeline_stage AS this
            ON this.pipeline = move.pipeline AND this.valid_from = move.version_from
            AND this.is_own
            AND this.position > move.position_before AND this.position < move.position
        WHERE move.at >= since AND move.at < until
        UNION ALL
        SELECT
            pipeline, stage, (ended_at AT TIME ZONE zone)::date, ended_by,
            coalesce(then_in, 'unknown'), source, segment, currency, 0, 0, 0, 0, 0, 1,
            coalesce(amount_minor, 0)
        FROM ending WHERE status = 'lost' AND ended_at >= since AND ended_at < until
    )
    SELECT
        pipeline, stage, day, rep, team, source, segment, currency, sum(entries), sum(re_entries),
        sum(backward), sum(next_entries), sum(skipped), sum(exits_lost), sum(exits_lost_minor)
    FROM counted
    GROUP BY pipeline, stage, day, rep, team, source, segment, currency
$$;

-- At which place of *visited* each of *wanted* is found, one after the other in order; NULL from the
-- first one on that is not.
CREATE FUNCTION ringside.in_order(wanted text[], visited text[]) RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    places integer[] := '{}';
    place integer := 0;
    stage text;
BEGIN
    FOREACH stage IN ARRAY coalesce(wanted, '{}') LOOP
        place := CASE
            WHEN place IS NULL OR place >= cardinality(visited) THEN NULL
            ELSE array_position(visited, stage, place + 1)
        END;
        places := places || place;
    END LOOP;
    RETURN places;
END
$$;

-- All stages: deals that came to a stage through every one before it, in order, by the day of that;
-- and of them, those that went on so. Judged by the pipeline as it was when the deal was created.
CREATE FUNCTION ringside.funnel_paths(
    since timestamptz, until timestamptz DEFAULT 'infinity'
) RETURNS TABLE (
    pipeline text, stage text, place double precision, day date, rep text, team text,
    source text, segment text, currency text, entered bigint, advanced bigint, won bigint
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off SET work_mem = '64MB' AS $$
    WITH visit AS MATERIALIZED (SELECT * FROM ringside.deal_visits(since)),
    way AS (
        SELECT
            deal.topic, deal.partition, deal.deal_id,
            ringside.in_order(
                (
                    SELECT array_agg(stage.stage ORDER BY stage.position)
                    FROM ringside.pipeline_stage AS stage
                    WHERE
                        stage.pipeline = known.pipeline AND stage.is_own
                        AND stage.valid_from <= deal.created_at
                        AND deal.created_at < stage.valid_to
                ),
                array_agg(visit.stage ORDER BY visit.number)
            ) AS places,
            array_agg(visit.number ORDER BY visit.number) AS numbers
        FROM visit
        JOIN ringside.deal USING (topic, partition, deal_id)
        JOIN ringside.pipeline_name AS known ON known.name = deal.pipeline
        GROUP BY deal.topic, deal.partition, deal.deal_id, known.pipeline, deal.created_at
    ),
    passed AS (
        SELECT
            visit.*,
            step.number AS step,
            cardinality(array_remove(way.places, NULL)) AS furthest,
            array_position(way.places, NULL) IS NULL AND visit.status = 'won' AS is_won
        FROM way
        CROSS JOIN LATERAL unnest(way.places) WITH ORDINALITY AS step (place, number)
        JOIN visit
            ON visit.topic = way.topic AND visit.partition = way.partition
            AND visit.deal_id = way.deal_id AND visit.number = way.numbers[step.place]
    )
    SELECT
        pipeline, stage, max(step), day, rep, team, source, segment, currency,
        count(*),
        count(*) FILTER (WHERE step < furthest OR is_won),
        count(*) FILTER (WHERE is_won)
    FROM passed
    WHERE entered_at >= since AND entered_at < until
    GROUP BY pipeline, stage, day, rep, team, source, segment, currency
$$;
