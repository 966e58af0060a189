-- Names that events carry and the roster does not have, since $1; the busiest first.
WITH named AS (
    SELECT 'rep' AS kind, rep AS name, start_at FROM ringside.pane_located
    WHERE start_at >= $1 AND rep <> '' AND team = 'unknown'
    UNION ALL
    SELECT 'queue', queue, start_at FROM ringside.pane_located
    WHERE start_at >= $1 AND queue <> '' AND site = 'unknown'
)
SELECT kind, name, count(DISTINCT start_at) AS quarters, min(start_at) AS since, max(start_at) AS until
FROM named
GROUP BY kind, name
ORDER BY kind DESC, quarters DESC, name
LIMIT 1000;
