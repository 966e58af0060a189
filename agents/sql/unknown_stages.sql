-- Pipelines and stages that deals heard of since $1 name and no pipeline has; the commonest first.
WITH said AS (
    SELECT
        deal.deal_id,
        deal.pipeline,
        known.pipeline AS known_as,
        to_timestamp((move ->> 0)::float8) AS at,
        move ->> 1 AS name
    FROM ringside.deal
    CROSS JOIN LATERAL jsonb_array_elements(deal.moves) AS move
    LEFT JOIN ringside.pipeline_name AS known ON known.name = deal.pipeline
    WHERE deal.last_at >= $1 AND deal.created_at IS NOT NULL
),
unknown AS (
    SELECT deal_id, pipeline, '' AS name, at FROM said WHERE known_as IS NULL
    UNION ALL
    SELECT said.deal_id, said.pipeline, said.name, said.at
    FROM said
    JOIN ringside.pipeline_version AS version
        ON version.pipeline = said.known_as
        AND version.valid_from <= said.at AND said.at < version.valid_to
    LEFT JOIN ringside.pipeline_stage_name AS stage
        ON stage.pipeline = version.pipeline AND stage.valid_from = version.valid_from
        AND stage.name = said.name
    WHERE stage.stage IS NULL
)
SELECT pipeline, name, count(DISTINCT deal_id) AS deals, min(at) AS since, max(at) AS until
FROM unknown
GROUP BY pipeline, name
ORDER BY deals DESC, pipeline, name
LIMIT 1000;
