-- What is expected of each team and source, learnt from the panes of the last weeks.

CREATE TABLE ringside.baseline (
    version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    computed_at timestamptz NOT NULL,
    history_from timestamptz NOT NULL,
    history_to timestamptz NOT NULL,
    algorithm integer NOT NULL
);

CREATE TABLE ringside.baseline_profile (
    version bigint NOT NULL REFERENCES ringside.baseline ON DELETE CASCADE,
    subject text NOT NULL,
    name text NOT NULL,
    site text NOT NULL,
    kind text NOT NULL,
    weeks integer NOT NULL,
    days_ignored integer NOT NULL,
    delay_seconds double precision NOT NULL,
    slots smallint[] NOT NULL,
    expected double precision[] NOT NULL,
    spreads double precision[] NOT NULL,
    PRIMARY KEY (version, subject, name, site, kind)
);

COMMENT ON TABLE ringside.baseline IS
    'What is expected, as it was learnt at one time; the newest version applies.';
COMMENT ON TABLE ringside.baseline_profile IS
    'What is expected of a team (kind: a measure) or of a source at a site, by quarter of the week.';
COMMENT ON COLUMN ringside.baseline.algorithm IS 'Version of how it was learnt.';
COMMENT ON COLUMN ringside.baseline_profile.subject IS 'team or source.';
COMMENT ON COLUMN ringside.baseline_profile.weeks IS
    'Weeks that it was learnt from; 0: a part of what is expected of its site.';
COMMENT ON COLUMN ringside.baseline_profile.days_ignored IS
    'Days that were too far off to learn from.';
COMMENT ON COLUMN ringside.baseline_profile.delay_seconds IS
    'How long after its time something is known, on average.';
COMMENT ON COLUMN ringside.baseline_profile.slots IS
    'Quarters of the week at the site, 0: Monday 00:00; the other arrays go with it.';
COMMENT ON COLUMN ringside.baseline_profile.expected IS 'Count expected in that quarter of an hour.';
COMMENT ON COLUMN ringside.baseline_profile.spreads IS 'Standard deviation around it.';

-- Every alert that Alertmanager told of, with its numbers at the time, and what people made of it.

CREATE TABLE ringside.alert (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fingerprint text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    name text NOT NULL,
    severity text NOT NULL,
    team text NOT NULL,
    site text NOT NULL,
    queue text NOT NULL,
    source text NOT NULL,
    summary text NOT NULL,
    value double precision,
    expected double precision,
    pending_seconds double precision NOT NULL,
    labels jsonb NOT NULL,
    annotations jsonb NOT NULL,
    noticed_at timestamptz NOT NULL,
    resolved_at timestamptz,
    is_true boolean,
    note text NOT NULL DEFAULT '',
    marked_at timestamptz,
    UNIQUE (fingerprint, starts_at)
);

CREATE INDEX alert_starts_at ON ringside.alert (starts_at);

CREATE TABLE ringside.replay (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    announced_at timestamptz NOT NULL,
    until_at timestamptz NOT NULL,
    note text NOT NULL
);

COMMENT ON TABLE ringside.alert IS
    'Every alert that Alertmanager told of; one row from its start to its end.';
COMMENT ON COLUMN ringside.alert.fingerprint IS 'Alertmanager''s name for its labels.';
COMMENT ON COLUMN ringside.alert.starts_at IS 'When it began to fire.';
COMMENT ON COLUMN ringside.alert.ends_at IS 'When it ended; NULL while it fires.';
COMMENT ON COLUMN ringside.alert.value IS 'The number that was seen, when it fired.';
COMMENT ON COLUMN ringside.alert.expected IS 'What was expected, or the limit, when it fired.';
COMMENT ON COLUMN ringside.alert.pending_seconds IS
    'How long it had lasted before it fired: starts_at less this is when it began.';
COMMENT ON COLUMN ringside.alert.noticed_at IS 'When we were first told of it.';
COMMENT ON COLUMN ringside.alert.resolved_at IS 'When we were told that it is over.';
COMMENT ON COLUMN ringside.alert.is_true IS
    'Whether it was right, as marked by a person; NULL while nobody did.';
COMMENT ON TABLE ringside.replay IS 'Announced replays of old events, during which lag is no news.';
