-- How the roster is replaced. Each statement has its name above it (agents/postgres/scripts.py).

-- claim --
-- Locks the row until the end of the transaction, so that writers take turns.
UPDATE ringside.roster_version SET version = $1, applied_at = now() WHERE version < $1;

-- hold_deals --
-- Until the end of the transaction nobody judges deals by the pipelines that are about to go.
SELECT pg_advisory_xact_lock(7246391003);

-- renew_deal_rules --
SELECT ringside.renew_deal_rules();

-- follow_stale_deals --
SELECT ringside.follow_stale_deals($1);

-- clear_roster_site --
DELETE FROM ringside.roster_site;

-- clear_roster_team --
DELETE FROM ringside.roster_team;

-- clear_roster_rep --
DELETE FROM ringside.roster_rep;

-- clear_roster_queue --
DELETE FROM ringside.roster_queue;

-- clear_roster_activity_volume --
DELETE FROM ringside.roster_activity_volume;

-- fill_roster_site --
INSERT INTO ringside.roster_site (id, valid_from, valid_to, zone, working_hours, holidays)
SELECT id, to_timestamp(since), to_timestamp(until), zone, hours::jsonb, holidays::date[]
FROM unnest($1::text[], $2::float8[], $3::float8[], $4::text[], $5::text[], $6::text[])
    AS sent (id, since, until, zone, hours, holidays);

-- fill_roster_team --
INSERT INTO ringside.roster_team (id, valid_from, valid_to, site)
SELECT id, to_timestamp(since), to_timestamp(until), site
FROM unnest($1::text[], $2::float8[], $3::float8[], $4::text[])
    AS sent (id, since, until, site);

-- fill_roster_rep --
INSERT INTO ringside.roster_rep (id, valid_from, valid_to, team)
SELECT id, to_timestamp(since), to_timestamp(until), team
FROM unnest($1::text[], $2::float8[], $3::float8[], $4::text[])
    AS sent (id, since, until, team);

-- fill_roster_queue --
INSERT INTO ringside.roster_queue
    (id, valid_from, valid_to, site, target_seconds, short_abandon_seconds)
SELECT id, to_timestamp(since), to_timestamp(until), site, target, short_abandon
FROM unnest($1::text[], $2::float8[], $3::float8[], $4::text[], $5::float8[], $6::float8[])
    AS sent (id, since, until, site, target, short_abandon);

-- fill_roster_activity_volume --
INSERT INTO ringside.roster_activity_volume (measure)
SELECT measure FROM unnest($1::text[]) AS sent (measure);

-- clear_pipeline_name --
DELETE FROM ringside.pipeline_name;

-- clear_pipeline_version --
DELETE FROM ringside.pipeline_version;

-- clear_pipeline_stage --
DELETE FROM ringside.pipeline_stage;

-- clear_pipeline_stage_name --
DELETE FROM ringside.pipeline_stage_name;

-- fill_pipeline_name --
INSERT INTO ringside.pipeline_name (name, pipeline)
SELECT name, pipeline FROM unnest($1::text[], $2::text[]) AS sent (name, pipeline);

-- fill_pipeline_version --
INSERT INTO ringside.pipeline_version (pipeline, valid_from, valid_to, title, zone)
SELECT id, to_timestamp(since), to_timestamp(until), title, zone
FROM unnest($1::text[], $2::float8[], $3::float8[], $4::text[], $5::text[])
    AS sent (id, since, until, title, zone);

-- fill_pipeline_stage --
INSERT INTO ringside.pipeline_stage (
    pipeline, valid_from, valid_to, stage, title, position, is_own, next_stage, next_position,
    stalled_after_days
)
SELECT
    id, to_timestamp(since), to_timestamp(until), stage, title, position, is_own, next_stage,
    next_position, stalled_after
FROM unnest(
    $1::text[], $2::float8[], $3::float8[], $4::text[], $5::text[], $6::float8[], $7::boolean[],
    $8::text[], $9::float8[], $10::float8[]
) AS sent (
    id, since, until, stage, title, position, is_own, next_stage, next_position, stalled_after
);

-- fill_pipeline_stage_name --
INSERT INTO ringside.pipeline_stage_name (pipeline, valid_from, valid_to, name, stage)
SELECT id, to_timestamp(since), to_timestamp(until), name, stage
FROM unnest($1::text[], $2::float8[], $3::float8[], $4::text[], $5::text[])
    AS sent (id, since, until, name, stage);
