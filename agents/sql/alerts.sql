-- The history of alerts. Each statement has its name above it.

-- keep --
-- The numbers are those of when it was first heard of; what comes later only ends it.
INSERT INTO ringside.alert AS stored (
    fingerprint, starts_at, ends_at, name, severity, team, site, queue, source, summary, value,
    expected, pending_seconds, labels, annotations, noticed_at, resolved_at
)
VALUES (
    $1, to_timestamp($2), to_timestamp($3), $4, $5, $6, $7, $8, $9, $10, $11,
    $12, $13, $14::jsonb, $15::jsonb, to_timestamp($16),
    CASE WHEN $3::float8 IS NOT NULL THEN to_timestamp($16) END
)
ON CONFLICT (fingerprint, starts_at) DO UPDATE
SET ends_at = excluded.ends_at, resolved_at = excluded.resolved_at
WHERE stored.ends_at IS NULL;

-- mark --
UPDATE ringside.alert SET is_true = $2, note = $3, marked_at = to_timestamp($4)
WHERE id = $1
RETURNING name, summary;

-- recent --
SELECT id, name, severity, summary, starts_at, ends_at, is_true, note
FROM ringside.alert
WHERE starts_at >= to_timestamp($1)
ORDER BY starts_at DESC, id DESC
LIMIT 1000;

-- by_label --
SELECT extract(epoch FROM noticed_at)::float8 AS noticed_at,
    extract(epoch FROM resolved_at)::float8 AS resolved_at
FROM ringside.alert
WHERE labels ->> $1 = $2
ORDER BY id DESC
LIMIT 1;

-- by_month --
SELECT to_char(date_trunc('month', starts_at AT TIME ZONE 'UTC'), 'YYYY-MM') AS month, name,
    count(*)::int AS fired,
    (count(*) FILTER (WHERE is_true))::int AS right_ones,
    (count(*) FILTER (WHERE NOT is_true))::int AS false_ones,
    (count(*) FILTER (WHERE is_true IS NULL))::int AS unmarked,
    percentile_cont(0.5) WITHIN GROUP (
        ORDER BY extract(epoch FROM noticed_at - starts_at) + pending_seconds
    )::float8 AS notice_seconds
FROM ringside.alert
WHERE name <> 'RingsideTest'
GROUP BY 1, 2
ORDER BY 1 DESC, 2;
