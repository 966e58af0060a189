-- Queries of agents/postgres/reconciliation.py.

-- compared --
SELECT
    source, queue, from_at, to_at, missing,
    pbx_completed, completed, pbx_abandoned, abandoned, pbx_service_level, service_level
FROM ringside.reconciled($3, $4)
WHERE
    source = $1
    AND ($2::text IS NULL OR queue = $2)
    AND from_at >= $3
ORDER BY from_at, to_at, queue

-- sources --
SELECT DISTINCT source FROM ringside.pbx_counters ORDER BY source

-- latest --
SELECT DISTINCT ON (source, queue)
    source, queue, from_at, to_at, missing,
    pbx_completed, completed, pbx_abandoned, abandoned, pbx_service_level, service_level
FROM ringside.reconciled(now() - interval '1 day', 'infinity')
WHERE missing <> 'not yet'
ORDER BY source, queue, to_at DESC, from_at
