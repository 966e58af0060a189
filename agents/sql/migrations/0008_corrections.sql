-- What corrections moved, and the rep's latest states as a timeline.

CREATE TABLE ringside.correction (
    topic text NOT NULL,
    partition integer NOT NULL,
    log_offset bigint NOT NULL,
    part integer NOT NULL,
    epoch bigint NOT NULL,
    last_offset bigint NOT NULL,
    event_id text NOT NULL,
    corrects_id text NOT NULL,
    entity text NOT NULL,
    at timestamptz NOT NULL,
    start_at timestamptz NOT NULL,
    queue text NOT NULL,
    rep text NOT NULL,
    direction text NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    cell text NOT NULL,
    before double precision NOT NULL,
    after double precision NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition, log_offset, part)
);

CREATE INDEX correction_start_at ON ringside.correction (start_at);

ALTER TABLE ringside.rep_state ADD COLUMN turns jsonb NOT NULL DEFAULT '[]';

COMMENT ON TABLE ringside.correction IS
    'What corrected and retracted events moved: one row per cell of a pane, before and after.';
COMMENT ON COLUMN ringside.correction.log_offset IS 'Of the correcting event in its topic and partition.';
COMMENT ON COLUMN ringside.correction.part IS 'Numbers the rows of one event.';
COMMENT ON COLUMN ringside.correction.corrects_id IS 'The event that was corrected; empty: the whole call.';
COMMENT ON COLUMN ringside.correction.entity IS 'The call (and leg) or the rep.';
COMMENT ON COLUMN ringside.correction.at IS 'The time that the correcting event states.';
COMMENT ON COLUMN ringside.correction.start_at IS 'The quarter of an hour that changed.';
COMMENT ON COLUMN ringside.correction.cell IS 'A measure, or histogram:bucket, counted from 0.';
COMMENT ON COLUMN ringside.correction.written_at IS 'When it first reached this table.';
COMMENT ON COLUMN ringside.rep_state.turns IS
    'The latest states by time, [[seconds since 1970, state, reason], ...]: an hour of them at least.';
