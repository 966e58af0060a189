-- How deals go, from what was said of them: journeys, and stays in stages, kept as rows for the boards.
-- Run by `ringside db migrate` before funnel.sql. Written by hand, and apart from streams/journeys.py and
-- streams/funnel.py, which count the same live: a test compares the two. docs/pipelines.md says what the
-- words mean.
--
-- Whoever writes, changes or deletes a deal sets off the triggers at the end, in the same transaction:
-- so the rows are fenced as deals are, and nobody can forget them. Nobody else may write them.
--
-- The planner cannot guess how many rows come out of a line of sayings, and would join them in nested
-- loops, which takes minutes for a few thousand deals. So these functions tell it a number, and are
-- planned without such loops.

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
-- `id` is a deal's place in the argument: a number is sorted and joined faster than three columns.
CREATE FUNCTION ringside.deal_sayings(
    deals ringside.deal[]
) RETURNS TABLE (
    id bigint, pipeline text, number bigint, at timestamptz, what text, is_stage boolean, reason text,
    version_from timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off SET work_mem = '64MB' AS $$
    WITH counted AS (
        SELECT
            deal.ordinality AS id, deal.moves, deal.turns,
            coalesce(known.pipeline, 'unknown') AS known_as
        FROM unnest(deals) WITH ORDINALITY AS deal
        LEFT JOIN ringside.pipeline_name AS known ON known.name = deal.pipeline
        WHERE deal.created_at IS NOT NULL AND deal.status NOT IN ('merged', 'deleted')
    ),
    said AS (
        SELECT
            counted.id, counted.known_as,
            to_timestamp((move ->> 0)::float8) AS at, move ->> 1 AS name, move ->> 2 AS sequence,
            NULL AS turned, NULL AS reason
        FROM counted CROSS JOIN LATERAL jsonb_array_elements(counted.moves) AS move
        UNION ALL
        SELECT
            counted.id, counted.known_as,
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
        id, known_as,
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
    deals ringside.deal[]
) RETURNS TABLE (
    id bigint, pipeline text, number bigint, at timestamptz, left_at timestamptz, left_by text, what text, is_stage boolean, reason text,
    version_from timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 SET enable_nestloop = off SET work_mem = '64MB' AS $$
    WITH told AS (
        SELECT
            said.*,
            CASE WHEN is_stage THEN 'open' ELSE what END AS status,
            lag(CASE WHEN is_stage THEN 'open' ELSE what END, 1, 'open') OVER (
                PARTITION BY id ORDER BY number
            ) AS status_before
        FROM ringside.deal_sayings(deals) AS said
    ),
    line AS (
        SELECT
            *,
            -- The last stage before: the greatest of number and name, the number then cut off.
            substr(max((lpad(number::text, 9, '0') || what) COLLATE "C") FILTER (WHERE is_stage) OVER (
                deals ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ), 10) AS stage_before,
            lag(what) OVER deals AS what_before,
            lag(at) OVER deals AS at_before,
            lag(status, 2, 'open') OVER deals AS status_before_that,
            lead(is_stage) OVER deals AS next_is_stage,
            lead(at) OVER deals AS next_at
        FROM told
        -- To reopen what is open says nothing.
        WHERE NOT (what = 'open' AND status_before = 'open')
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
        id, pipeline,
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

-- Write how these deals have gone, over what was written of them before; only what differs is.
CREATE FUNCTION ringside.write_journeys(deals ringside.deal[]) RETURNS void
LANGUAGE sql SET enable_nestloop = off SET work_mem = '64MB' AS $$
    WITH told AS MATERIALIZED (
        SELECT deal.*, deal.ordinality AS id, coalesce(deal.currency, '') AS known_currency
        FROM unnest(deals) WITH ORDINALITY AS deal
    ),
    point AS MATERIALIZED (SELECT * FROM ringside.deal_turning_points(deals)),
    last_one AS MATERIALIZED (SELECT DISTINCT ON (id) * FROM point ORDER BY id, number DESC),
    last_stage AS (
        SELECT DISTINCT ON (id) * FROM point WHERE is_stage ORDER BY id, number DESC
    ),
    ending AS MATERIALIZED (
        SELECT
            id,
            CASE WHEN is_stage THEN 'open' ELSE what END AS status,
            CASE WHEN NOT is_stage THEN at END AS ended_at
        FROM last_one
    ),
    visit AS MATERIALIZED (
        SELECT
            point.*,
            version.zone,
            stage.position,
            stage.next_stage,
            stage.next_position,
            row_number() OVER (PARTITION BY point.id ORDER BY point.number) AS stay,
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
    ),
    -- Which stays lead through all stages in order: by the pipeline as it was at the creation.
    wanted AS (
        SELECT pipeline, valid_from, valid_to, array_agg(stage ORDER BY position) AS stages
        FROM ringside.pipeline_stage
        WHERE is_own
        GROUP BY pipeline, valid_from, valid_to
    ),
    way AS (
        SELECT visit.id, ringside.in_order(wanted.stages, array_agg(visit.what ORDER BY stay)) AS stays
        FROM visit
        JOIN told ON told.id = visit.id
        JOIN wanted
            ON wanted.pipeline = visit.pipeline
            AND wanted.valid_from <= told.created_at AND told.created_at < wanted.valid_to
        GROUP BY visit.id, wanted.stages
    ),
    step AS (
        SELECT
            way.id, passed.stay, passed.number AS step,
            passed.number < cardinality(array_remove(way.stays, NULL)) AS is_followed,
            array_position(way.stays, NULL) IS NULL AND ending.status = 'won' AS is_won
        FROM way
        JOIN ending ON ending.id = way.id
        CROSS JOIN LATERAL unnest(way.stays) WITH ORDINALITY AS passed (stay, number)
        WHERE passed.stay IS NOT NULL
    ),
    journeys AS (
        INSERT INTO ringside.deal_journey AS stored (
            topic, partition, deal_id, judged_by, stays, source, segment, customer, pipeline, zone,
            rep, created_at, created_by, status, ended_at, ended_by, reason, stage, stage_since,
            amount_minor, currency, last_at
        )
        SELECT
            told.topic, told.partition, told.deal_id,
            (SELECT version FROM ringside.deal_rules), coalesce(visited.stays, 0), told.source,
            told.segment, told.customer, last_one.pipeline, coalesce(version.zone, 'UTC'), told.rep,
            told.created_at, ringside.owner_at(told.owners, told.created_at), ending.status,
            ending.ended_at,
            CASE WHEN ending.ended_at IS NOT NULL
                THEN ringside.owner_at(told.owners, ending.ended_at)
            END,
            CASE WHEN ending.status = 'lost' THEN last_one.reason END,
            CASE WHEN ending.status IS NOT NULL THEN coalesce(last_stage.what, 'unknown') END,
            last_stage.at, told.amount_minor, told.known_currency, told.last_at
        FROM told
        LEFT JOIN last_one ON last_one.id = told.id
        LEFT JOIN ending ON ending.id = told.id
        LEFT JOIN last_stage ON last_stage.id = told.id
        LEFT JOIN (SELECT id, max(stay) AS stays FROM visit GROUP BY id) AS visited
            ON visited.id = told.id
        LEFT JOIN ringside.pipeline_version AS version
            ON version.pipeline = last_one.pipeline
            AND version.valid_from <= told.created_at AND told.created_at < version.valid_to
        ON CONFLICT (topic, partition, deal_id) DO UPDATE SET
            (
                judged_by, stays, source, segment, customer, pipeline, zone, rep, created_at,
                created_by, status, ended_at, ended_by, reason, stage, stage_since, amount_minor,
                currency, last_at
            ) = (
                excluded.judged_by, excluded.stays, excluded.source, excluded.segment,
                excluded.customer, excluded.pipeline, excluded.zone, excluded.rep,
                excluded.created_at, excluded.created_by, excluded.status, excluded.ended_at,
                excluded.ended_by, excluded.reason, excluded.stage, excluded.stage_since,
                excluded.amount_minor, excluded.currency, excluded.last_at
            )
        WHERE (stored.*) IS DISTINCT FROM (excluded.*)
    )
    INSERT INTO ringside.deal_stay AS stored (
        topic, partition, deal_id, stay, number, source, segment, customer, pipeline, zone, stage,
        place, next_stage, entered_at, left_at, left_by, day, rep, stage_before, position_before, nth,
        is_first, advanced_at, path_step, path_advanced, path_won, status, ended_at,
        ended_after_days, amount_minor, currency, version_from
    )
    SELECT
        told.topic, told.partition, told.deal_id, visit.stay, visit.number, told.source,
        told.segment, told.customer, visit.pipeline, coalesce(visit.zone, 'UTC'), visit.what,
        visit.position, visit.next_stage, visit.at, visit.left_at, visit.left_by,
        (visit.at AT TIME ZONE coalesce(visit.zone, 'UTC'))::date,
        ringside.owner_at(told.owners, visit.at), visit.stage_before, before.position,
        visit.nth, visit.nth = 1 AND visit.what <> 'unknown',
        CASE
            WHEN visit.nth > 1 OR visit.position IS NULL THEN NULL
            ELSE coalesce(advance.at, CASE WHEN ending.status = 'won' THEN ending.ended_at END)
        END,
        step.step, coalesce(step.is_followed OR step.is_won, false), coalesce(step.is_won, false),
        ending.status, ending.ended_at,
        CASE WHEN ending.ended_at IS NOT NULL THEN greatest(
            (ending.ended_at AT TIME ZONE coalesce(visit.zone, 'UTC'))::date
            - (visit.at AT TIME ZONE coalesce(visit.zone, 'UTC'))::date,
            0
        ) END,
        told.amount_minor, told.known_currency, visit.version_from
    FROM visit
    JOIN told ON told.id = visit.id
    JOIN ending ON ending.id = visit.id
    LEFT JOIN advance ON advance.id = visit.id AND advance.number = visit.number
    LEFT JOIN step ON step.id = visit.id AND step.stay = visit.stay
    LEFT JOIN ringside.pipeline_stage AS before
        ON before.pipeline = visit.pipeline AND before.valid_from = visit.version_from
        AND before.stage = visit.stage_before
    ON CONFLICT (topic, partition, deal_id, stay) DO UPDATE SET
        (
            number, source, segment, customer, pipeline, zone, stage, place, next_stage, entered_at,
            left_at, left_by, day, rep, stage_before, position_before, nth, is_first, advanced_at,
            path_step, path_advanced, path_won, status, ended_at, ended_after_days, amount_minor,
            currency, version_from
        ) = (
            excluded.number, excluded.source, excluded.segment, excluded.customer,
            excluded.pipeline, excluded.zone, excluded.stage, excluded.place, excluded.next_stage,
            excluded.entered_at, excluded.left_at, excluded.left_by, excluded.day, excluded.rep,
            excluded.stage_before, excluded.position_before, excluded.nth, excluded.is_first,
            excluded.advanced_at, excluded.path_step, excluded.path_advanced, excluded.path_won,
            excluded.status, excluded.ended_at, excluded.ended_after_days, excluded.amount_minor,
            excluded.currency, excluded.version_from
        )
    WHERE (stored.*) IS DISTINCT FROM (excluded.*)
$$;

-- Likewise, and take back what is more. The journeys are locked first, so that nobody else writes of
-- the same deals meanwhile. Rows are looked up by their keys here, in nested loops.
CREATE FUNCTION ringside.follow_deals(deals ringside.deal[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM unnest(deals) AS told
    JOIN ringside.deal_journey AS journey
        ON journey.topic = told.topic AND journey.partition = told.partition
        AND journey.deal_id = told.deal_id
    FOR UPDATE OF journey;
    PERFORM ringside.write_journeys(deals);
    DELETE FROM ringside.deal_stay AS stored
    USING unnest(deals) AS told
    JOIN ringside.deal_journey AS journey
        ON journey.topic = told.topic AND journey.partition = told.partition
        AND journey.deal_id = told.deal_id
    WHERE
        stored.topic = told.topic AND stored.partition = told.partition
        AND stored.deal_id = told.deal_id AND stored.stay > journey.stays;
END
$$;

-- Judge deals anew that were judged by pipelines, or by SQL, that are none any more: at most so many.
-- Return how many; 0: no more are left that nobody else is at.
CREATE FUNCTION ringside.follow_stale_deals(most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ringside, pg_temp AS $$
DECLARE
    deals ringside.deal[];
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7246391003);
    SELECT array_agg(stale.deal) INTO deals
    FROM (
        SELECT deal
        FROM ringside.deal_journey AS journey
        JOIN ringside.deal
            ON deal.topic = journey.topic AND deal.partition = journey.partition
            AND deal.deal_id = journey.deal_id
        WHERE journey.judged_by < (SELECT version FROM ringside.deal_rules)
        LIMIT most
        FOR UPDATE OF journey SKIP LOCKED
    ) AS stale;
    IF deals IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM ringside.follow_deals(deals);
    RETURN cardinality(deals);
END
$$;

-- Note by what deals are judged from now on. Whoever changes the pipelines calls it in the same
-- transaction, and has taken lock 7246391003 before.
CREATE FUNCTION ringside.renew_deal_rules() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = ringside, pg_temp AS $$
    WITH text AS (
        SELECT 1 AS part, prosrc AS line FROM pg_proc
        WHERE pronamespace = 'ringside'::regnamespace AND proname IN (
            'owner_at', 'deal_sayings', 'deal_turning_points', 'in_order', 'write_journeys'
        )
        UNION ALL
        SELECT 2, pipeline_name::text FROM pipeline_name
        UNION ALL
        SELECT 3, (pipeline, valid_from, valid_to, zone)::text FROM pipeline_version
        UNION ALL
        SELECT 4, (
            pipeline, valid_from, valid_to, stage, position, is_own, next_stage, next_position
        )::text
        FROM pipeline_stage
        UNION ALL
        SELECT 5, pipeline_stage_name::text FROM pipeline_stage_name
    )
    UPDATE deal_rules SET version = version + 1, digest = present.digest
    FROM (SELECT md5(string_agg(line, ' ' ORDER BY part, line COLLATE "C")) AS digest FROM text) AS present
    WHERE deal_rules.digest <> present.digest
$$;

SELECT ringside.renew_deal_rules();
