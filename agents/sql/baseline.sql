-- The baseline: what is expected of each team and source. Each statement has its name above it.

-- lock --
-- Held until the end of the transaction: one at a time. False: another is at it.
SELECT pg_try_advisory_xact_lock($1);

-- began_at --
-- Before the first pane nothing is known.
SELECT extract(epoch FROM min(start_at))::float8 FROM ringside.pane;

-- newest --
SELECT version, extract(epoch FROM computed_at)::float8 AS computed_at
FROM ringside.baseline
ORDER BY version DESC
LIMIT 1;

-- begin --
INSERT INTO ringside.baseline (computed_at, history_from, history_to, algorithm)
VALUES (to_timestamp($1), to_timestamp($2), to_timestamp($3), $4)
RETURNING version;

-- fill --
INSERT INTO ringside.baseline_profile (
    version, subject, name, site, kind, weeks, days_ignored, delay_seconds, slots, expected, spreads
)
SELECT
    $1, subject, name, site, kind, weeks, days_ignored, delay_seconds,
    slots::smallint[], expected::float8[], spreads::float8[]
FROM unnest(
    $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::float8[],
    $9::text[], $10::text[], $11::text[]
) AS sent (
    subject, name, site, kind, weeks, days_ignored, delay_seconds, slots, expected, spreads
);

-- forget --
DELETE FROM ringside.baseline
WHERE version <= (SELECT max(version) FROM ringside.baseline) - $1;

-- profiles --
SELECT subject, name, site, kind, weeks, days_ignored, delay_seconds, slots, expected, spreads
FROM ringside.baseline_profile
WHERE version = $1
ORDER BY subject DESC, site, name, kind;

-- announce_replay --
INSERT INTO ringside.replay (announced_at, until_at, note)
VALUES (to_timestamp($1), to_timestamp($2), $3);

-- replay_until --
-- NULL: none was announced that still goes on.
SELECT extract(epoch FROM max(until_at))::float8 FROM ringside.replay WHERE until_at > to_timestamp($1);
