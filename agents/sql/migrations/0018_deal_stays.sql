-- How deals have gone, as rows: boards read these, and take no lives apart at each look. They follow
-- from `deal` and the pipelines, and only agents/sql/deal_stays.sql writes them.

CREATE TABLE ringside.deal_journey (
    topic text NOT NULL,
    partition integer NOT NULL,
    deal_id text NOT NULL,
    judged_by integer NOT NULL,
    stays integer NOT NULL,
    source text NOT NULL,
    segment text NOT NULL,
    customer text,
    pipeline text,
    zone text NOT NULL,
    rep text NOT NULL,
    created_at timestamptz,
    created_by text,
    status text,
    ended_at timestamptz,
    ended_by text,
    reason text,
    stage text,
    stage_since timestamptz,
    amount_minor bigint,
    currency text NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, deal_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

CREATE INDEX deal_journey_created_at ON ringside.deal_journey (created_at);
CREATE INDEX deal_journey_ended_at ON ringside.deal_journey (ended_at);
CREATE INDEX deal_journey_open ON ringside.deal_journey (customer) WHERE status = 'open';
CREATE INDEX deal_journey_judged_by ON ringside.deal_journey (judged_by);

CREATE TABLE ringside.deal_stay (
    topic text NOT NULL,
    partition integer NOT NULL,
    deal_id text NOT NULL,
    stay integer NOT NULL,
    number integer NOT NULL,
    source text NOT NULL,
    segment text NOT NULL,
    customer text,
    pipeline text NOT NULL,
    zone text NOT NULL,
    stage text NOT NULL,
    place double precision,
    next_stage text,
    entered_at timestamptz NOT NULL,
    left_at timestamptz,
    left_by text NOT NULL,
    day date NOT NULL,
    rep text NOT NULL,
    stage_before text,
    position_before double precision,
    nth integer NOT NULL,
    is_first boolean NOT NULL,
    advanced_at timestamptz,
    path_step integer,
    path_advanced boolean NOT NULL,
    path_won boolean NOT NULL,
    status text NOT NULL,
    ended_at timestamptz,
    ended_after_days integer,
    amount_minor bigint,
    currency text NOT NULL,
    version_from timestamptz,
    PRIMARY KEY (topic, partition, deal_id, stay)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

CREATE INDEX deal_stay_entered_at ON ringside.deal_stay (entered_at);

CREATE TABLE ringside.deal_rules (
    is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
    version integer NOT NULL,
    digest text NOT NULL
);
INSERT INTO ringside.deal_rules (version, digest) VALUES (1, '');

COMMENT ON TABLE ringside.deal_journey IS
    'How each deal has gone, by the pipelines as they are; derived from deal.';
COMMENT ON COLUMN ringside.deal_journey.judged_by IS
    'Version of deal_rules; an older one is about to be judged anew.';
COMMENT ON COLUMN ringside.deal_journey.stays IS 'How many rows of deal_stay it has.';
COMMENT ON COLUMN ringside.deal_journey.status IS
    'open, won or lost; NULL: it does not count, as its creation is unknown, or it is merged or deleted.';
COMMENT ON TABLE ringside.deal_stay IS
    'Each stay of each deal that counts in a stage; derived from deal and the pipelines.';
COMMENT ON COLUMN ringside.deal_stay.stay IS '1, 2, 3, ... within the deal.';
COMMENT ON COLUMN ringside.deal_stay.number IS 'Likewise, with the ends in between counted, too.';
COMMENT ON COLUMN ringside.deal_stay.left_by IS 'moved, won or lost; open: it lasts.';
COMMENT ON COLUMN ringside.deal_stay.rep IS 'Whose deal it was when it came to the stage.';
COMMENT ON COLUMN ringside.deal_stay.advanced_at IS
    'Of a first stay: when the deal first came to the next stage or one beyond, or was won.';
COMMENT ON COLUMN ringside.deal_stay.path_step IS
    'Which stage it is, of those that the deal came through in order; NULL: it is none of these.';
COMMENT ON COLUMN ringside.deal_stay.ended_after_days IS
    'How many midnights lay between the entry into the stage and the end of the deal.';
COMMENT ON TABLE ringside.deal_rules IS
    'What deals are judged by, which grows when the pipelines or our SQL change. One row.';

-- Whoever writes, changes or deletes a deal sets these off, within the statement: so the rows are fenced
-- as deals are, and nobody can forget them. The pipelines are read under a lock that lets many write
-- deals at a time, but nobody replace the pipelines meanwhile: so no deal is judged by old ones.
CREATE FUNCTION ringside.deals_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ringside, pg_temp AS $$
DECLARE
    deals ringside.deal[];
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7246391003);
    FOR deals IN
        SELECT array_agg(told.deal)
        FROM (
            SELECT ROW(changed.*)::ringside.deal AS deal, (row_number() OVER () - 1) / 1000 AS slice
            FROM changed
        ) AS told
        GROUP BY slice
    LOOP
        PERFORM ringside.follow_deals(deals);
    END LOOP;
    RETURN NULL;
END
$$;

-- A worker that begins writes all deals that it has, most of them as they were.
CREATE FUNCTION ringside.deals_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ringside, pg_temp AS $$
DECLARE
    deals ringside.deal[];
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7246391003);
    FOR deals IN
        SELECT array_agg(told.deal)
        FROM (
            SELECT ROW(changed.*)::ringside.deal AS deal, (row_number() OVER () - 1) / 1000 AS slice
            FROM changed
            JOIN previous USING (topic, partition, deal_id)
            WHERE (
                changed.source, changed.rep, changed.pipeline, changed.customer, changed.created_at,
                changed.moves, changed.amount_minor, changed.currency, changed.status,
                changed.last_at, changed.segment, changed.owners, changed.turns
            ) IS DISTINCT FROM (
                previous.source, previous.rep, previous.pipeline, previous.customer,
                previous.created_at, previous.moves, previous.amount_minor, previous.currency,
                previous.status, previous.last_at, previous.segment, previous.owners, previous.turns
            )
        ) AS told
        GROUP BY slice
    LOOP
        PERFORM ringside.follow_deals(deals);
    END LOOP;
    RETURN NULL;
END
$$;

CREATE FUNCTION ringside.deals_gone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ringside, pg_temp AS $$
BEGIN
    DELETE FROM ringside.deal_journey AS stored USING gone
    WHERE
        stored.topic = gone.topic AND stored.partition = gone.partition
        AND stored.deal_id = gone.deal_id;
    DELETE FROM ringside.deal_stay AS stored USING gone
    WHERE
        stored.topic = gone.topic AND stored.partition = gone.partition
        AND stored.deal_id = gone.deal_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER deals_told AFTER INSERT ON ringside.deal
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION ringside.deals_told();

CREATE TRIGGER deals_changed AFTER UPDATE ON ringside.deal
REFERENCING OLD TABLE AS previous NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION ringside.deals_changed();

CREATE TRIGGER deals_gone AFTER DELETE ON ringside.deal
REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION ringside.deals_gone();

-- Deals that are there are judged by `ringside db migrate` as soon as this is committed.
INSERT INTO ringside.deal_journey (
    topic, partition, deal_id, judged_by, stays, source, segment, zone, rep, currency, last_at
)
SELECT topic, partition, deal_id, 0, 0, source, segment, 'UTC', rep, coalesce(currency, ''), last_at
FROM ringside.deal;
