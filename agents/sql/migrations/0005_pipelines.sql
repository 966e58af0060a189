-- What a deal's events say beyond its stages: who had it when, its turns, its segment.

ALTER TABLE ringside.deal
    ADD COLUMN segment text NOT NULL DEFAULT '',
    ADD COLUMN owners jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN turns jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN is_cut boolean NOT NULL DEFAULT false;

CREATE INDEX deal_last_at ON ringside.deal (last_at);

COMMENT ON COLUMN ringside.deal.rep IS 'Whose it is now; see owners.';
COMMENT ON COLUMN ringside.deal.moves IS
    'Every stage by time, [[seconds since 1970, stage, sequence], ...]; the first is where it was created.';
COMMENT ON COLUMN ringside.deal.status IS 'open, won, lost, merged or deleted: the last of turns.';
COMMENT ON COLUMN ringside.deal.reason IS 'Why lost; into which deal merged.';
COMMENT ON COLUMN ringside.deal.segment IS 'Kind of customer, as the source says; else empty.';
COMMENT ON COLUMN ringside.deal.owners IS
    'Who had it since when, [[seconds since 1970, rep, sequence], ...]; the first created it.';
COMMENT ON COLUMN ringside.deal.turns IS
    'Ends and reopenings, [[seconds since 1970, status, sequence, reason], ...].';
COMMENT ON COLUMN ringside.deal.is_cut IS
    'More was said than is kept; of moves, turns and owners the first and the last are.';

-- The pipelines, each version with when it holds: [valid_from, valid_to). They come on the roster's
-- topic, are replaced with it, and are joined to the deals when they are read.

CREATE TABLE ringside.pipeline_name (
    name text PRIMARY KEY,
    pipeline text NOT NULL
);

CREATE TABLE ringside.pipeline_version (
    pipeline text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    title text NOT NULL,
    zone text NOT NULL,
    PRIMARY KEY (pipeline, valid_from)
);

CREATE TABLE ringside.pipeline_stage (
    pipeline text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    stage text NOT NULL,
    title text NOT NULL,
    position double precision NOT NULL,
    is_own boolean NOT NULL,
    next_stage text NOT NULL,
    next_position double precision NOT NULL,
    stalled_after_days double precision,
    PRIMARY KEY (pipeline, valid_from, stage)
);

CREATE TABLE ringside.pipeline_stage_name (
    pipeline text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    name text NOT NULL,
    stage text NOT NULL,
    PRIMARY KEY (pipeline, valid_from, name)
);

COMMENT ON TABLE ringside.pipeline_name IS 'What events call a pipeline.';
COMMENT ON TABLE ringside.pipeline_version IS 'A pipeline, from one change to the next.';
COMMENT ON TABLE ringside.pipeline_stage IS
    'Where each stage that a pipeline ever had stands in each of its versions.';
COMMENT ON TABLE ringside.pipeline_stage_name IS
    'What events call a stage, won or lost, in each version of a pipeline.';
COMMENT ON COLUMN ringside.pipeline_version.zone IS 'In which the days of its deals are cut.';
COMMENT ON COLUMN ringside.pipeline_version.valid_from IS 'Inclusive; -infinity: always.';
COMMENT ON COLUMN ringside.pipeline_version.valid_to IS 'Exclusive; infinity: until further notice.';
COMMENT ON COLUMN ringside.pipeline_stage.position IS
    '1, 2, 3, ...; with a fraction if the stage belongs to another version only.';
COMMENT ON COLUMN ringside.pipeline_stage.is_own IS 'Whether this version has the stage.';
COMMENT ON COLUMN ringside.pipeline_stage.next_stage IS 'What should follow; won after the last one.';
COMMENT ON COLUMN ringside.pipeline_stage.stalled_after_days IS
    'A deal that is in it longer is stalled; NULL: longer than nine of ten were before.';
