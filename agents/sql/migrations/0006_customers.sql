-- What meets by customer: repeats, resolution, calls back.

ALTER TABLE ringside.pane
    ADD COLUMN contacts bigint NOT NULL DEFAULT 0,
    ADD COLUMN contacts_preceded_24h bigint NOT NULL DEFAULT 0,
    ADD COLUMN contacts_preceded_7d bigint NOT NULL DEFAULT 0,
    ADD COLUMN contacts_followed_24h bigint NOT NULL DEFAULT 0,
    ADD COLUMN contacts_followed_7d bigint NOT NULL DEFAULT 0,
    ADD COLUMN contacts_settled_24h bigint NOT NULL DEFAULT 0,
    ADD COLUMN contacts_settled_7d bigint NOT NULL DEFAULT 0,
    ADD COLUMN contacts_resolved_24h bigint NOT NULL DEFAULT 0,
    ADD COLUMN contacts_resolved_7d bigint NOT NULL DEFAULT 0,
    ADD COLUMN contacts_missed bigint NOT NULL DEFAULT 0,
    ADD COLUMN missed_called_back bigint NOT NULL DEFAULT 0,
    ADD COLUMN missed_reached bigint NOT NULL DEFAULT 0,
    ADD COLUMN missed_settled bigint NOT NULL DEFAULT 0,
    ADD COLUMN missed_settled_called_back bigint NOT NULL DEFAULT 0,
    ADD COLUMN missed_settled_reached bigint NOT NULL DEFAULT 0,
    ADD COLUMN customer_notes_dropped bigint NOT NULL DEFAULT 0;

COMMENT ON COLUMN ringside.pane.contacts IS
    'Count. Inbound calls of known customers; all legs are one.';
COMMENT ON COLUMN ringside.pane.contacts_preceded_24h IS
    'Count. Contacts within 24 h after another of the customer.';
COMMENT ON COLUMN ringside.pane.contacts_preceded_7d IS
    'Count. Contacts within 7 d after another of the customer.';
COMMENT ON COLUMN ringside.pane.contacts_followed_24h IS
    'Count. Contacts that another has followed within 24 h, so far.';
COMMENT ON COLUMN ringside.pane.contacts_followed_7d IS
    'Count. Contacts that another has followed within 7 d, so far.';
COMMENT ON COLUMN ringside.pane.contacts_settled_24h IS
    'Count. Contacts whose 24 h have passed: what is known is final.';
COMMENT ON COLUMN ringside.pane.contacts_settled_7d IS
    'Count. Contacts whose 7 d have passed: what is known is final.';
COMMENT ON COLUMN ringside.pane.contacts_resolved_24h IS
    'Count. Settled contacts that none followed within 24 h.';
COMMENT ON COLUMN ringside.pane.contacts_resolved_7d IS
    'Count. Settled contacts that none followed within 7 d.';
COMMENT ON COLUMN ringside.pane.contacts_missed IS 'Count. Contacts that nobody answered.';
COMMENT ON COLUMN ringside.pane.missed_called_back IS
    'Count. Missed contacts with a call back within 24 h, so far.';
COMMENT ON COLUMN ringside.pane.missed_reached IS
    'Count. Missed contacts called back and reached, so far.';
COMMENT ON COLUMN ringside.pane.missed_settled IS 'Count. Missed contacts whose 24 h have passed.';
COMMENT ON COLUMN ringside.pane.missed_settled_called_back IS
    'Count. Of those: called back within 24 h.';
COMMENT ON COLUMN ringside.pane.missed_settled_reached IS
    'Count. Of those: called back and reached.';
COMMENT ON COLUMN ringside.pane.customer_notes_dropped IS
    'Count. Calls too many of one customer, or told too late.';

CREATE TABLE ringside.customer (
    topic text NOT NULL,
    partition integer NOT NULL,
    customer text NOT NULL,
    epoch bigint NOT NULL,
    last_offset bigint NOT NULL,
    missed jsonb NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, customer)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

CREATE INDEX customer_last_at ON ringside.customer (last_at);

COMMENT ON TABLE ringside.customer IS
    'Customers with missed calls of the last 8 days; see the view missed_call.';
COMMENT ON COLUMN ringside.customer.customer IS 'Token of the number; never the number.';
COMMENT ON COLUMN ringside.customer.missed IS
    'Calls that nobody answered: [{call_id, source, queue, arrived_at, missed_at, is_open}, ...].';
COMMENT ON COLUMN ringside.customer.last_at IS 'The newest event about a call of the customer.';
