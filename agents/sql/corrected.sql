-- What corrections moved, measure by measure. Run by `ringside db migrate` after views.sql.

-- Each measure of each quarter of an hour of a topic that corrections changed, before and after.
CREATE VIEW ringside.measure_correction AS
SELECT
    moved.start_at,
    moved.topic,
    moved.measure,
    moved.corrections,
    now.amount - moved.amount AS before,
    now.amount AS after
FROM (
    SELECT
        start_at, topic, cell AS measure,
        count(DISTINCT (partition, log_offset)) AS corrections,
        sum(after - before) AS amount
    FROM ringside.correction
    WHERE position(':' IN cell) = 0 -- a bucket of a histogram
    GROUP BY start_at, topic, cell
    HAVING sum(after - before) <> 0
) AS moved
CROSS JOIN LATERAL (
    SELECT coalesce(sum((to_jsonb(pane) ->> moved.measure)::double precision), 0) AS amount
    FROM ringside.pane
    WHERE pane.start_at = moved.start_at AND pane.topic = moved.topic
) AS now;
COMMENT ON VIEW ringside.measure_correction IS
    'Each measure of each quarter of an hour of a topic that corrections changed, before and after.';
GRANT SELECT ON ringside.measure_correction TO ringside_reader;
