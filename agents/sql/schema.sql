-- THE SCHEMA as it is now. The migrations lead to the same: a test compares the two.
-- Roles and rights are in roles.sql and rights.sql, generated views in views.sql.

-- What the workers write: absolute values as of one offset of one source partition.
--
-- Every row says up to where it counts: (epoch, last_offset). A row is replaced only by one that
-- counts further, so writing again, and writing by a worker that was thought dead, changes nothing.
--
-- The newest rows are written anew every few seconds. fillfactor leaves room for the next version
-- on the same page, and no index covers a column that changes with each write: such updates are
-- "heap only" and need no vacuum to be cheap.

CREATE TABLE ringside.pane (
    topic text NOT NULL,
    partition integer NOT NULL,
    start_at timestamptz NOT NULL,
    queue text NOT NULL,
    rep text NOT NULL,
    direction text NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    epoch bigint NOT NULL,
    last_offset bigint NOT NULL,
    calls_offered bigint NOT NULL DEFAULT 0,
    calls_answered bigint NOT NULL DEFAULT 0,
    calls_abandoned bigint NOT NULL DEFAULT 0,
    calls_flowed_out bigint NOT NULL DEFAULT 0,
    calls_ended_in_menu bigint NOT NULL DEFAULT 0,
    calls_handled bigint NOT NULL DEFAULT 0,
    call_wait_seconds double precision NOT NULL DEFAULT 0,
    call_talk_seconds double precision NOT NULL DEFAULT 0,
    call_hold_seconds double precision NOT NULL DEFAULT 0,
    call_wrapup_seconds double precision NOT NULL DEFAULT 0,
    call_holds bigint NOT NULL DEFAULT 0,
    calls_transferred_blind bigint NOT NULL DEFAULT 0,
    calls_transferred_attended bigint NOT NULL DEFAULT 0,
    calls_dialled bigint NOT NULL DEFAULT 0,
    calls_connected bigint NOT NULL DEFAULT 0,
    outbound_talk_seconds double precision NOT NULL DEFAULT 0,
    rep_available_seconds double precision NOT NULL DEFAULT 0,
    rep_ringing_seconds double precision NOT NULL DEFAULT 0,
    rep_on_call_seconds double precision NOT NULL DEFAULT 0,
    rep_wrapup_seconds double precision NOT NULL DEFAULT 0,
    rep_paused_seconds double precision NOT NULL DEFAULT 0,
    meetings_booked bigint NOT NULL DEFAULT 0,
    meetings_rescheduled bigint NOT NULL DEFAULT 0,
    meetings_held bigint NOT NULL DEFAULT 0,
    meetings_no_show bigint NOT NULL DEFAULT 0,
    meetings_cancelled bigint NOT NULL DEFAULT 0,
    opportunities_created bigint NOT NULL DEFAULT 0,
    deal_stage_changes bigint NOT NULL DEFAULT 0,
    deals_won bigint NOT NULL DEFAULT 0,
    deals_lost bigint NOT NULL DEFAULT 0,
    activities_logged bigint NOT NULL DEFAULT 0,
    leads_created bigint NOT NULL DEFAULT 0,
    leads_qualified bigint NOT NULL DEFAULT 0,
    answered_wait bigint[],
    abandoned_wait bigint[],
    talk bigint[],
    handle bigint[],
    calls_offered_again bigint NOT NULL DEFAULT 0,
    call_earlier_wait_seconds double precision NOT NULL DEFAULT 0,
    calls_answered_by_end bigint NOT NULL DEFAULT 0,
    calls_abandoned_by_end bigint NOT NULL DEFAULT 0,
    calls_not_connected bigint NOT NULL DEFAULT 0,
    outbound_abandoned bigint NOT NULL DEFAULT 0,
    outbound_handled bigint NOT NULL DEFAULT 0,
    outbound_dialling_seconds double precision NOT NULL DEFAULT 0,
    outbound_unanswered_seconds double precision NOT NULL DEFAULT 0,
    outbound_hold_seconds double precision NOT NULL DEFAULT 0,
    outbound_wrapup_seconds double precision NOT NULL DEFAULT 0,
    calls_told_by_record bigint NOT NULL DEFAULT 0,
    calls_ended_without_answer bigint NOT NULL DEFAULT 0,
    calls_answered_without_offer bigint NOT NULL DEFAULT 0,
    calls_closed_waiting bigint NOT NULL DEFAULT 0,
    calls_closed_talking bigint NOT NULL DEFAULT 0,
    calls_out_of_sequence bigint NOT NULL DEFAULT 0,
    calls_contradicted bigint NOT NULL DEFAULT 0,
    calls_ended_later bigint NOT NULL DEFAULT 0,
    calls_corrected bigint NOT NULL DEFAULT 0,
    calls_moved_away bigint NOT NULL DEFAULT 0,
    calls_retracted bigint NOT NULL DEFAULT 0,
    answered_wait_by_end bigint[],
    contacts bigint NOT NULL DEFAULT 0,
    contacts_preceded_24h bigint NOT NULL DEFAULT 0,
    contacts_preceded_7d bigint NOT NULL DEFAULT 0,
    contacts_followed_24h bigint NOT NULL DEFAULT 0,
    contacts_followed_7d bigint NOT NULL DEFAULT 0,
    contacts_settled_24h bigint NOT NULL DEFAULT 0,
    contacts_settled_7d bigint NOT NULL DEFAULT 0,
    contacts_resolved_24h bigint NOT NULL DEFAULT 0,
    contacts_resolved_7d bigint NOT NULL DEFAULT 0,
    contacts_missed bigint NOT NULL DEFAULT 0,
    missed_called_back bigint NOT NULL DEFAULT 0,
    missed_reached bigint NOT NULL DEFAULT 0,
    missed_settled bigint NOT NULL DEFAULT 0,
    missed_settled_called_back bigint NOT NULL DEFAULT 0,
    missed_settled_reached bigint NOT NULL DEFAULT 0,
    customer_notes_dropped bigint NOT NULL DEFAULT 0,
    first_offset bigint,
    abandoned_wait_by_end bigint[],
    dialled_talk bigint[],
    dialled_handle bigint[],
    calls_flowed_out_by_end bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition, start_at, queue, rep, direction, kind, source)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

CREATE INDEX pane_start_at ON ringside.pane (start_at);

CREATE TABLE ringside.call (
    topic text NOT NULL,
    partition integer NOT NULL,
    call_id text NOT NULL,
    leg integer NOT NULL,
    epoch bigint NOT NULL,
    last_offset bigint NOT NULL,
    source text NOT NULL,
    queue text NOT NULL,
    rep text NOT NULL,
    direction text NOT NULL,
    customer text,
    offered_at timestamptz,
    answered_at timestamptz,
    abandoned_at timestamptz,
    transferred_at timestamptz,
    transfer_kind text,
    ended_at timestamptz,
    wrapup_ended_at timestamptz,
    wait_seconds double precision,
    talk_seconds double precision,
    hold_seconds double precision,
    wrapup_seconds double precision,
    holds integer NOT NULL,
    outcome text,
    last_at timestamptz NOT NULL,
    connected_at timestamptz,
    closed_by_us_at timestamptz,
    earlier_wait_seconds double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (topic, partition, call_id, leg)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

CREATE INDEX call_offered_at ON ringside.call (offered_at);
CREATE INDEX call_over_at ON ringside.call (
    source,
    (
        CASE outcome
            WHEN 'answered' THEN least(ended_at, transferred_at)
            ELSE coalesce(abandoned_at, ended_at)
        END
    )
) WHERE direction = 'inbound' AND outcome IN ('answered', 'abandoned');
CREATE INDEX call_further_leg ON ringside.call (offered_at) WHERE leg > 1;

CREATE TABLE ringside.meeting (
    topic text NOT NULL,
    partition integer NOT NULL,
    meeting_id text NOT NULL,
    epoch bigint NOT NULL,
    last_offset bigint NOT NULL,
    source text NOT NULL,
    rep text NOT NULL,
    customer text,
    booked_at timestamptz,
    starts_at timestamptz,
    times_moved integer NOT NULL,
    last_moved_at timestamptz,
    outcome text,
    outcome_at timestamptz,
    last_at timestamptz NOT NULL,
    deal text,
    PRIMARY KEY (topic, partition, meeting_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

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
    logged_at timestamptz,
    PRIMARY KEY (topic, partition, activity_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

CREATE INDEX activity_logged_at ON ringside.activity (logged_at);

CREATE INDEX meeting_booked_at ON ringside.meeting (booked_at);
CREATE INDEX meeting_starts_at ON ringside.meeting (starts_at);

CREATE TABLE ringside.deal (
    topic text NOT NULL,
    partition integer NOT NULL,
    deal_id text NOT NULL,
    epoch bigint NOT NULL,
    last_offset bigint NOT NULL,
    source text NOT NULL,
    rep text NOT NULL,
    pipeline text NOT NULL,
    customer text,
    created_at timestamptz,
    stage text NOT NULL,
    stage_at timestamptz,
    moves jsonb NOT NULL,
    amount_minor bigint,
    currency text,
    amount_at timestamptz,
    status text NOT NULL,
    status_at timestamptz,
    reason text,
    last_at timestamptz NOT NULL,
    segment text NOT NULL DEFAULT '',
    owners jsonb NOT NULL DEFAULT '[]',
    turns jsonb NOT NULL DEFAULT '[]',
    is_cut boolean NOT NULL DEFAULT false,
    PRIMARY KEY (topic, partition, deal_id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

CREATE INDEX deal_created_at ON ringside.deal (created_at);
CREATE INDEX deal_status ON ringside.deal (status, status_at);
CREATE INDEX deal_last_at ON ringside.deal (last_at);

-- What meets by customer or by deal: calls, meetings, activities and deals.
CREATE INDEX activity_customer ON ringside.activity (customer, logged_at) WHERE customer IS NOT NULL;
CREATE INDEX activity_deal ON ringside.activity (deal) WHERE deal IS NOT NULL;
CREATE INDEX call_customer ON ringside.call (customer, offered_at) WHERE customer IS NOT NULL;
CREATE INDEX meeting_customer ON ringside.meeting (customer, starts_at) WHERE customer IS NOT NULL;
CREATE INDEX meeting_deal ON ringside.meeting (deal) WHERE deal IS NOT NULL;
CREATE INDEX deal_customer ON ringside.deal (customer) WHERE customer IS NOT NULL;

CREATE TABLE ringside.rep_state (
    topic text NOT NULL,
    partition integer NOT NULL,
    rep text NOT NULL,
    epoch bigint NOT NULL,
    last_offset bigint NOT NULL,
    source text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, rep)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

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

CREATE TABLE ringside.ledger (
    topic text NOT NULL,
    partition integer NOT NULL,
    epoch bigint NOT NULL,
    next_offset bigint NOT NULL,
    consumed bigint NOT NULL,
    applied bigint NOT NULL,
    duplicate bigint NOT NULL,
    late bigint NOT NULL,
    dead_lettered bigint NOT NULL,
    closed_facts bigint NOT NULL,
    newest_at timestamptz,
    watermark_at timestamptz,
    reasons jsonb NOT NULL,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

COMMENT ON TABLE ringside.pane IS
    'What happened in a quarter of an hour, per source partition and dimensions. Everything adds up: sum over topic and partition, then derive.';
COMMENT ON TABLE ringside.call IS 'One leg of a call, as last heard of.';
COMMENT ON TABLE ringside.meeting IS 'A meeting, as last heard of.';
COMMENT ON TABLE ringside.activity IS 'A logged activity: an e-mail, a demo, a visit.';
COMMENT ON TABLE ringside.deal IS 'A deal, as last heard of; a deleted one stays, with that status.';
COMMENT ON TABLE ringside.rep_state IS 'What each rep does now, and since when.';
COMMENT ON TABLE ringside.ledger IS
    'What became of the messages of a source partition: consumed = applied + duplicate + late + dead_lettered.';

COMMENT ON COLUMN ringside.pane.topic IS 'Source topic.';
COMMENT ON COLUMN ringside.pane.partition IS 'Source partition.';
COMMENT ON COLUMN ringside.pane.start_at IS 'Start of the quarter of an hour [start_at, start_at + 15 min).';
COMMENT ON COLUMN ringside.pane.queue IS 'Queue; empty if none applies.';
COMMENT ON COLUMN ringside.pane.rep IS 'Rep; empty if none applies.';
COMMENT ON COLUMN ringside.pane.direction IS 'inbound, outbound, or empty.';
COMMENT ON COLUMN ringside.pane.kind IS
    'Kind of an activity, stage or pipeline of a deal, reason of a pause; else empty.';
COMMENT ON COLUMN ringside.pane.source IS 'Which system said so: CloudEvents source.';
COMMENT ON COLUMN ringside.pane.epoch IS
    'When the state behind this row was begun, seconds since 1970; a rebuilt one is later.';
COMMENT ON COLUMN ringside.pane.last_offset IS 'All messages of the partition before this offset are counted.';
COMMENT ON COLUMN ringside.pane.first_offset IS
    'With last_offset: the part of the log that made it; NULL if its beginning is not known.';

COMMENT ON COLUMN ringside.call.leg IS '1, or higher after a transfer.';
COMMENT ON COLUMN ringside.call.customer IS 'Token of the number; never the number.';
COMMENT ON COLUMN ringside.call.offered_at IS 'Joined the queue, or was dialled.';
COMMENT ON COLUMN ringside.call.abandoned_at IS 'The customer hung up while waiting.';
COMMENT ON COLUMN ringside.call.wait_seconds IS 'Time in queue; NULL while it waits.';
COMMENT ON COLUMN ringside.call.talk_seconds IS
    'Time in conversation, holds left out; NULL until an answered call has ended.';
COMMENT ON COLUMN ringside.call.hold_seconds IS 'Time on hold; NULL until an answered call has ended.';
COMMENT ON COLUMN ringside.call.wrapup_seconds IS
    'After-call work so far known; NULL until an answered call has ended.';
COMMENT ON COLUMN ringside.call.holds IS 'Times that it was put on hold.';
COMMENT ON COLUMN ringside.call.outcome IS
    'answered, abandoned, flowed_out or menu; NULL while it waits. An outbound call is answered or not yet.';
COMMENT ON COLUMN ringside.call.last_at IS 'The newest event about it.';
COMMENT ON COLUMN ringside.call.connected_at IS
    'The customer answered a dialler''s call.';
COMMENT ON COLUMN ringside.call.closed_by_us_at IS
    'When we closed it, because nothing was heard of it for too long; NULL if not.';
COMMENT ON COLUMN ringside.call.earlier_wait_seconds IS
    'What the customer had waited on earlier legs of the same call.';
COMMENT ON COLUMN ringside.meeting.customer IS 'Token of the number; never the number.';
COMMENT ON COLUMN ringside.meeting.starts_at IS 'When it is to begin, as last arranged.';
COMMENT ON COLUMN ringside.meeting.outcome IS 'held, no_show or cancelled; NULL if not yet known.';
COMMENT ON COLUMN ringside.meeting.deal IS 'The deal that it is about, if the calendar said so.';
COMMENT ON COLUMN ringside.activity.customer IS 'Token of the number; never the number.';
COMMENT ON COLUMN ringside.activity.deal IS 'The deal that it is about, if the source said so.';
COMMENT ON COLUMN ringside.activity.logged_at IS 'NULL: it was taken back.';
COMMENT ON COLUMN ringside.deal.customer IS 'Token of the number; never the number.';
COMMENT ON COLUMN ringside.deal.stage IS 'The stage it is in, or was in when it ended.';
COMMENT ON COLUMN ringside.deal.stage_at IS 'Since when it is in that stage.';
COMMENT ON COLUMN ringside.deal.amount_minor IS 'Minor units of the currency, e.g. cents.';
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
COMMENT ON COLUMN ringside.rep_state.state IS
    'available, ringing, on_call, after_call_work, paused or offline.';
COMMENT ON COLUMN ringside.rep_state.reason IS 'Why paused; else empty.';
COMMENT ON TABLE ringside.customer IS
    'Customers with missed calls of the last 8 days; see the view missed_call.';
COMMENT ON COLUMN ringside.customer.customer IS 'Token of the number; never the number.';
COMMENT ON COLUMN ringside.customer.missed IS
    'Calls that nobody answered: [{call_id, source, queue, arrived_at, missed_at, is_open, is_closed_by_us}, ...].';
COMMENT ON COLUMN ringside.customer.last_at IS 'The newest event about a call of the customer.';
COMMENT ON TABLE ringside.rep_turn IS 'The states of each rep as they followed each other.';
COMMENT ON COLUMN ringside.rep_turn.until IS
    'NULL: it holds now; the same as since: it was taken back, or moved.';
COMMENT ON COLUMN ringside.rep_turn.state IS
    'available, ringing, on_call, after_call_work, paused or offline; empty: it was taken back.';
COMMENT ON COLUMN ringside.rep_turn.reason IS 'Why paused; else empty.';
COMMENT ON TABLE ringside.correction IS
    'What corrected and retracted events moved: one row per cell of a pane, before and after.';
COMMENT ON COLUMN ringside.correction.log_offset IS 'Of the correcting event in its topic and partition.';
COMMENT ON COLUMN ringside.correction.part IS 'Numbers the rows of one event.';
COMMENT ON COLUMN ringside.correction.corrects_id IS
    'The event that was corrected; empty: all that was said of the entity.';
COMMENT ON COLUMN ringside.correction.entity IS
    'The call (and leg), rep, meeting, deal or activity; of a lead "lead/" and its id.';
COMMENT ON COLUMN ringside.correction.at IS 'The time that the correcting event states.';
COMMENT ON COLUMN ringside.correction.start_at IS 'The quarter of an hour that changed.';
COMMENT ON COLUMN ringside.correction.cell IS 'A measure, or histogram:bucket, counted from 0.';
COMMENT ON COLUMN ringside.correction.written_at IS 'When it first reached this table.';
COMMENT ON TABLE ringside.pbx_counters IS
    'What a PBX counted itself, of calls that ended within [from_at, to_at); see reconciliation.';
COMMENT ON COLUMN ringside.pbx_counters.completed IS 'Calls that were answered, and are over.';
COMMENT ON COLUMN ringside.pbx_counters.service_level IS
    'Share within service_level_seconds, by service_level_rule; NULL if it did not say.';
COMMENT ON COLUMN ringside.pbx_counters.told_at IS 'When it was read off.';
COMMENT ON TABLE ringside.pbx_counters IS
    'What a PBX counted itself, of calls that ended within [from_at, to_at); see reconciliation.';
COMMENT ON COLUMN ringside.pbx_counters.completed IS 'Calls that were answered, and are over.';
COMMENT ON COLUMN ringside.pbx_counters.service_level IS
    'Share within service_level_seconds, by service_level_rule; NULL if it did not say.';
COMMENT ON COLUMN ringside.pbx_counters.told_at IS 'When it was read off.';
COMMENT ON COLUMN ringside.ledger.next_offset IS 'The first offset that is not in it.';
COMMENT ON COLUMN ringside.ledger.closed_facts IS
    'Facts of timely events whose pane was closed already; they are in no pane.';
COMMENT ON COLUMN ringside.ledger.newest_at IS 'The greatest event time so far.';
COMMENT ON COLUMN ringside.ledger.watermark_at IS 'What is older is late: newest_at less the lateness.';
COMMENT ON COLUMN ringside.ledger.reasons IS 'Refused messages by reason.';


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


-- How deals have gone, as rows: boards read these, and take no lives apart at each look. They follow
-- from `deal` and the pipelines, and only agents/sql/deal_stays.sql writes them.

CREATE TABLE ringside.deal_journey (
    topic text NOT NULL,
    partition integer NOT NULL,
    deal_id text NOT NULL,
    judged_by integer NOT NULL,
    stays integer NOT NULL,
    source text NOT NULL,
    segment text NOT NULL,
    customer text,
    pipeline text,
    zone text NOT NULL,
    rep text NOT NULL,
    created_at timestamptz,
    created_by text,
    status text,
    ended_at timestamptz,
    ended_by text,
    reason text,
    stage text,
    stage_since timestamptz,
    amount_minor bigint,
    currency text NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (topic, partition, deal_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

CREATE INDEX deal_journey_created_at ON ringside.deal_journey (created_at);
CREATE INDEX deal_journey_ended_at ON ringside.deal_journey (ended_at);
CREATE INDEX deal_journey_open ON ringside.deal_journey (customer) WHERE status = 'open';
CREATE INDEX deal_journey_judged_by ON ringside.deal_journey (judged_by);

CREATE TABLE ringside.deal_stay (
    topic text NOT NULL,
    partition integer NOT NULL,
    deal_id text NOT NULL,
    stay integer NOT NULL,
    number integer NOT NULL,
    source text NOT NULL,
    segment text NOT NULL,
    customer text,
    pipeline text NOT NULL,
    zone text NOT NULL,
    stage text NOT NULL,
    place double precision,
    next_stage text,
    entered_at timestamptz NOT NULL,
    left_at timestamptz,
    left_by text NOT NULL,
    day date NOT NULL,
    rep text NOT NULL,
    stage_before text,
    position_before double precision,
    nth integer NOT NULL,
    is_first boolean NOT NULL,
    advanced_at timestamptz,
    path_step integer,
    path_advanced boolean NOT NULL,
    path_won boolean NOT NULL,
    status text NOT NULL,
    ended_at timestamptz,
    ended_after_days integer,
    amount_minor bigint,
    currency text NOT NULL,
    version_from timestamptz,
    PRIMARY KEY (topic, partition, deal_id, stay)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

CREATE INDEX deal_stay_entered_at ON ringside.deal_stay (entered_at);

CREATE TABLE ringside.deal_rules (
    is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
    version integer NOT NULL,
    digest text NOT NULL
);
INSERT INTO ringside.deal_rules (version, digest) VALUES (1, '');

COMMENT ON TABLE ringside.deal_journey IS
    'How each deal has gone, by the pipelines as they are; derived from deal.';
COMMENT ON COLUMN ringside.deal_journey.judged_by IS
    'Version of deal_rules; an older one is about to be judged anew.';
COMMENT ON COLUMN ringside.deal_journey.stays IS 'How many rows of deal_stay it has.';
COMMENT ON COLUMN ringside.deal_journey.status IS
    'open, won or lost; NULL: it does not count, as its creation is unknown, or it is merged or deleted.';
COMMENT ON TABLE ringside.deal_stay IS
    'Each stay of each deal that counts in a stage; derived from deal and the pipelines.';
COMMENT ON COLUMN ringside.deal_stay.stay IS '1, 2, 3, ... within the deal.';
COMMENT ON COLUMN ringside.deal_stay.number IS 'Likewise, with the ends in between counted, too.';
COMMENT ON COLUMN ringside.deal_stay.left_by IS 'moved, won or lost; open: it lasts.';
COMMENT ON COLUMN ringside.deal_stay.rep IS 'Whose deal it was when it came to the stage.';
COMMENT ON COLUMN ringside.deal_stay.advanced_at IS
    'Of a first stay: when the deal first came to the next stage or one beyond, or was won.';
COMMENT ON COLUMN ringside.deal_stay.path_step IS
    'Which stage it is, of those that the deal came through in order; NULL: it is none of these.';
COMMENT ON COLUMN ringside.deal_stay.ended_after_days IS
    'How many midnights lay between the entry into the stage and the end of the deal.';
COMMENT ON TABLE ringside.deal_rules IS
    'What deals are judged by, which grows when the pipelines or our SQL change. One row.';

-- Whoever writes, changes or deletes a deal sets these off, within the statement: so the rows are fenced
-- as deals are, and nobody can forget them. The pipelines are read under a lock that lets many write
-- deals at a time, but nobody replace the pipelines meanwhile: so no deal is judged by old ones.
CREATE FUNCTION ringside.deals_told() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ringside, pg_temp AS $$
DECLARE
    deals ringside.deal[];
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7246391003);
    FOR deals IN
        SELECT array_agg(told.deal)
        FROM (
            SELECT ROW(changed.*)::ringside.deal AS deal, (row_number() OVER () - 1) / 1000 AS slice
            FROM changed
        ) AS told
        GROUP BY slice
    LOOP
        PERFORM ringside.follow_deals(deals);
    END LOOP;
    RETURN NULL;
END
$$;

-- A worker that begins writes all deals that it has, most of them as they were.
CREATE FUNCTION ringside.deals_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ringside, pg_temp AS $$
DECLARE
    deals ringside.deal[];
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7246391003);
    FOR deals IN
        SELECT array_agg(told.deal)
        FROM (
            SELECT ROW(changed.*)::ringside.deal AS deal, (row_number() OVER () - 1) / 1000 AS slice
            FROM changed
            JOIN previous USING (topic, partition, deal_id)
            WHERE (
                changed.source, changed.rep, changed.pipeline, changed.customer, changed.created_at,
                changed.moves, changed.amount_minor, changed.currency, changed.status,
                changed.last_at, changed.segment, changed.owners, changed.turns
            ) IS DISTINCT FROM (
                previous.source, previous.rep, previous.pipeline, previous.customer,
                previous.created_at, previous.moves, previous.amount_minor, previous.currency,
                previous.status, previous.last_at, previous.segment, previous.owners, previous.turns
            )
        ) AS told
        GROUP BY slice
    LOOP
        PERFORM ringside.follow_deals(deals);
    END LOOP;
    RETURN NULL;
END
$$;

CREATE FUNCTION ringside.deals_gone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ringside, pg_temp AS $$
BEGIN
    DELETE FROM ringside.deal_journey AS stored USING gone
    WHERE
        stored.topic = gone.topic AND stored.partition = gone.partition
        AND stored.deal_id = gone.deal_id;
    DELETE FROM ringside.deal_stay AS stored USING gone
    WHERE
        stored.topic = gone.topic AND stored.partition = gone.partition
        AND stored.deal_id = gone.deal_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER deals_told AFTER INSERT ON ringside.deal
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION ringside.deals_told();

CREATE TRIGGER deals_changed AFTER UPDATE ON ringside.deal
REFERENCING OLD TABLE AS previous NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION ringside.deals_changed();

CREATE TRIGGER deals_gone AFTER DELETE ON ringside.deal
REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION ringside.deals_gone();
