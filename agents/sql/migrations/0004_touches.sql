-- Activities as rows, and what they and meetings are about: so that activity meets the funnel.

CREATE TABLE ringside.activity (
    topic text NOT NULL,
    partition integer NOT NULL,
    activity_id text NOT NULL,
    epoch bigint NOT NULL,
    last_offset bigint NOT NULL,
    source text NOT NULL,
    rep text NOT NULL,
    kind text NOT NULL,
    customer text,
    deal text,
    logged_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, activity_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

ALTER TABLE ringside.meeting ADD COLUMN deal text;

CREATE INDEX activity_logged_at ON ringside.activity (logged_at);
CREATE INDEX activity_customer ON ringside.activity (customer, logged_at) WHERE customer IS NOT NULL;
CREATE INDEX activity_deal ON ringside.activity (deal) WHERE deal IS NOT NULL;
CREATE INDEX call_customer ON ringside.call (customer, offered_at) WHERE customer IS NOT NULL;
CREATE INDEX meeting_customer ON ringside.meeting (customer, starts_at) WHERE customer IS NOT NULL;
CREATE INDEX meeting_deal ON ringside.meeting (deal) WHERE deal IS NOT NULL;
CREATE INDEX deal_customer ON ringside.deal (customer) WHERE customer IS NOT NULL;

COMMENT ON TABLE ringside.activity IS 'A logged activity: an e-mail, a demo, a visit.';
COMMENT ON COLUMN ringside.meeting.deal IS 'The deal that it is about, if the calendar said so.';
COMMENT ON COLUMN ringside.activity.customer IS 'Token of the number; never the number.';
COMMENT ON COLUMN ringside.activity.deal IS 'The deal that it is about, if the source said so.';
