-- The roster, each entry with when it holds: [valid_from, valid_to). It is replaced as a whole by a
-- newer version, and joined to the panes when they are read, so that it applies to the past, too.

CREATE TABLE ringside.roster_site (
    id text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    zone text NOT NULL,
    working_hours jsonb NOT NULL,
    holidays date[] NOT NULL,
    PRIMARY KEY (id, valid_from)
);

CREATE TABLE ringside.roster_team (
    id text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    site text NOT NULL,
    PRIMARY KEY (id, valid_from)
);

CREATE TABLE ringside.roster_rep (
    id text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    team text NOT NULL,
    PRIMARY KEY (id, valid_from)
);

CREATE TABLE ringside.roster_queue (
    id text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    site text NOT NULL,
    target_seconds double precision NOT NULL,
    short_abandon_seconds double precision NOT NULL,
    PRIMARY KEY (id, valid_from)
);

CREATE TABLE ringside.roster_activity_volume (
    measure text PRIMARY KEY
);

CREATE TABLE ringside.roster_version (
    is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
    version bigint NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO ringside.roster_version (version, applied_at) VALUES (-1, '-infinity');
-- Until a roster is applied, everything that can be counts as activity.
INSERT INTO ringside.roster_activity_volume (measure)
VALUES
    ('calls_answered'),
    ('calls_dialled'),
    ('meetings_booked'),
    ('activities_logged'),
    ('leads_created'),
    ('leads_qualified');

COMMENT ON TABLE ringside.roster_site IS 'A place with one time zone and one working calendar.';
COMMENT ON TABLE ringside.roster_team IS 'Reps who work together at one site.';
COMMENT ON TABLE ringside.roster_rep IS
    'Which team a rep is in; no row while the rep is in none.';
COMMENT ON TABLE ringside.roster_queue IS 'A queue, its site and its limits.';
COMMENT ON TABLE ringside.roster_activity_volume IS 'Which measures make up activity volume.';
COMMENT ON TABLE ringside.roster_version IS 'Which roster this is; one row.';

COMMENT ON COLUMN ringside.roster_site.zone IS 'IANA time zone, e.g. Asia/Ho_Chi_Minh.';
COMMENT ON COLUMN ringside.roster_site.working_hours IS
    '{"mon": "08:30-17:00", ...} in the zone of the site; a day that is missing is free.';
COMMENT ON COLUMN ringside.roster_site.holidays IS 'Days without work.';
COMMENT ON COLUMN ringside.roster_queue.target_seconds IS
    'Service-level target: answered within so long (inclusive) is in time.';
COMMENT ON COLUMN ringside.roster_queue.short_abandon_seconds IS
    'Given up within so long (inclusive) is a short abandon.';
COMMENT ON COLUMN ringside.roster_version.version IS
    'Offset in the roster topic; -1 before the first. Only a greater one replaces it.';
COMMENT ON COLUMN ringside.roster_site.valid_from IS 'Inclusive; -infinity: always.';
COMMENT ON COLUMN ringside.roster_site.valid_to IS 'Exclusive; infinity: until further notice.';
COMMENT ON COLUMN ringside.roster_team.valid_from IS 'Inclusive; -infinity: always.';
COMMENT ON COLUMN ringside.roster_team.valid_to IS 'Exclusive; infinity: until further notice.';
COMMENT ON COLUMN ringside.roster_rep.valid_from IS 'Inclusive; -infinity: always.';
COMMENT ON COLUMN ringside.roster_rep.valid_to IS 'Exclusive; infinity: until further notice.';
COMMENT ON COLUMN ringside.roster_queue.valid_from IS 'Inclusive; -infinity: always.';
COMMENT ON COLUMN ringside.roster_queue.valid_to IS 'Exclusive; infinity: until further notice.';
