-- What PBXs count themselves.

CREATE TABLE ringside.pbx_counters (
    topic text NOT NULL,
    partition integer NOT NULL,
    source text NOT NULL,
    queue text NOT NULL,
    from_at timestamptz NOT NULL,
    to_at timestamptz NOT NULL,
    epoch bigint NOT NULL,
    last_offset bigint NOT NULL,
    completed bigint NOT NULL,
    abandoned bigint NOT NULL,
    service_level double precision,
    service_level_seconds double precision,
    service_level_rule text NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, source, queue, from_at, to_at)
);

CREATE INDEX pbx_counters_to_at ON ringside.pbx_counters (to_at);

COMMENT ON TABLE ringside.pbx_counters IS
    'What a PBX counted itself, of calls that ended within [from_at, to_at); see reconciliation.';
COMMENT ON COLUMN ringside.pbx_counters.completed IS 'Calls that were answered, and are over.';
COMMENT ON COLUMN ringside.pbx_counters.service_level IS
    'Share within service_level_seconds, by service_level_rule; NULL if it did not say.';
COMMENT ON COLUMN ringside.pbx_counters.told_at IS 'When it was read off.';
