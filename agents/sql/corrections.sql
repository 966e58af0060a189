-- What corrections moved. Each statement has its name above it (agents/postgres/scripts.py).

-- levels --
-- Quarters of an hour from $1 until $2, of queue $3 or of all ('').
SELECT start_at, queue, corrections, calls_offered, service_level_before, service_level_after
FROM ringside.service_level_correction
WHERE start_at >= $1 AND start_at < $2 AND ($3 = '' OR queue = $3)
ORDER BY start_at, queue
LIMIT 1000;

-- measures --
-- What else than calls was moved there: each measure, before and after.
SELECT start_at, measure, corrections, before, after
FROM ringside.measure_correction
WHERE start_at >= $1 AND start_at < $2 AND topic <> 'ringside.calls'
ORDER BY start_at, measure
LIMIT 1000;

-- cells --
-- Every cell that was moved there, by event.
SELECT start_at, queue, rep, event_id, corrects_id, cell, before, after
FROM ringside.correction
WHERE start_at >= $1 AND start_at < $2 AND ($3 = '' OR queue = $3)
ORDER BY start_at, queue, topic, partition, log_offset, part
LIMIT 5000;
