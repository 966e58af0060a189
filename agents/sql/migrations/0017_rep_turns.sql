-- The states of reps as they followed each other, a row each; before, the latest hour of them as JSON.
-- Workers write what they still know when they start again.

DROP VIEW IF EXISTS ringside.rep_turn;
ALTER TABLE ringside.rep_state DROP COLUMN turns;

CREATE TABLE ringside.rep_turn (
    topic text NOT NULL,
    partition integer NOT NULL,
    rep text NOT NULL,
    since timestamptz NOT NULL,
    epoch bigint NOT NULL,
    last_offset bigint NOT NULL,
    until timestamptz,
    state text NOT NULL,
    reason text NOT NULL,
    source text NOT NULL,
    PRIMARY KEY (topic, partition, rep, since)
);

CREATE INDEX rep_turn_since ON ringside.rep_turn (since);

COMMENT ON TABLE ringside.rep_turn IS 'The states of each rep as they followed each other.';
COMMENT ON COLUMN ringside.rep_turn.until IS
    'NULL: it holds now; the same as since: it was taken back, or moved.';
COMMENT ON COLUMN ringside.rep_turn.state IS
    'available, ringing, on_call, after_call_work, paused or offline; empty: it was taken back.';
COMMENT ON COLUMN ringside.rep_turn.reason IS 'Why paused; else empty.';
