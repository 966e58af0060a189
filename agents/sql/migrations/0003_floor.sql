-- More of the floor: later legs, calls by their end, outbound calls, what a PBX gets wrong.

ALTER TABLE ringside.pane
    ADD COLUMN calls_offered_again bigint NOT NULL DEFAULT 0,
    ADD COLUMN call_earlier_wait_seconds double precision NOT NULL DEFAULT 0,
    ADD COLUMN calls_answered_by_end bigint NOT NULL DEFAULT 0,
    ADD COLUMN calls_abandoned_by_end bigint NOT NULL DEFAULT 0,
    ADD COLUMN calls_not_connected bigint NOT NULL DEFAULT 0,
    ADD COLUMN outbound_abandoned bigint NOT NULL DEFAULT 0,
    ADD COLUMN outbound_handled bigint NOT NULL DEFAULT 0,
    ADD COLUMN outbound_dialling_seconds double precision NOT NULL DEFAULT 0,
    ADD COLUMN outbound_unanswered_seconds double precision NOT NULL DEFAULT 0,
    ADD COLUMN outbound_hold_seconds double precision NOT NULL DEFAULT 0,
    ADD COLUMN outbound_wrapup_seconds double precision NOT NULL DEFAULT 0,
    ADD COLUMN calls_told_by_record bigint NOT NULL DEFAULT 0,
    ADD COLUMN calls_ended_without_answer bigint NOT NULL DEFAULT 0,
    ADD COLUMN calls_answered_without_offer bigint NOT NULL DEFAULT 0,
    ADD COLUMN calls_closed_waiting bigint NOT NULL DEFAULT 0,
    ADD COLUMN calls_closed_talking bigint NOT NULL DEFAULT 0,
    ADD COLUMN calls_out_of_sequence bigint NOT NULL DEFAULT 0,
    ADD COLUMN calls_contradicted bigint NOT NULL DEFAULT 0,
    ADD COLUMN calls_ended_later bigint NOT NULL DEFAULT 0,
    ADD COLUMN calls_corrected bigint NOT NULL DEFAULT 0,
    ADD COLUMN calls_moved_away bigint NOT NULL DEFAULT 0,
    ADD COLUMN calls_retracted bigint NOT NULL DEFAULT 0,
    ADD COLUMN answered_wait_by_end bigint[];

ALTER TABLE ringside.call
    ADD COLUMN connected_at timestamptz,
    ADD COLUMN closed_by_us_at timestamptz,
    ADD COLUMN earlier_wait_seconds double precision NOT NULL DEFAULT 0;

COMMENT ON COLUMN ringside.pane.calls_connected IS 'Count. Outbound calls that the customer answered.';
COMMENT ON COLUMN ringside.pane.calls_offered_again IS
    'Count. Offered calls that are a later leg of a contact which came before.';
COMMENT ON COLUMN ringside.pane.call_earlier_wait_seconds IS
    'Seconds. What answered calls had waited on earlier legs, in other queues.';
COMMENT ON COLUMN ringside.pane.calls_answered_by_end IS
    'Count. Answered calls, by when they ended.';
COMMENT ON COLUMN ringside.pane.calls_abandoned_by_end IS
    'Count. Abandoned calls, by when they ended.';
COMMENT ON COLUMN ringside.pane.calls_not_connected IS
    'Count. Outbound calls that ended unanswered.';
COMMENT ON COLUMN ringside.pane.outbound_abandoned IS
    'Count. Connected outbound calls without a rep within 2 seconds.';
COMMENT ON COLUMN ringside.pane.outbound_handled IS
    'Count. Outbound calls whose conversation has ended.';
COMMENT ON COLUMN ringside.pane.outbound_dialling_seconds IS
    'Seconds. Ringing out until the answer of handled calls.';
COMMENT ON COLUMN ringside.pane.outbound_unanswered_seconds IS
    'Seconds. Ringing out of calls that ended unanswered.';
COMMENT ON COLUMN ringside.pane.outbound_hold_seconds IS
    'Seconds. Time on hold of outbound calls.';
COMMENT ON COLUMN ringside.pane.outbound_wrapup_seconds IS
    'Seconds. After-call work of outbound calls.';
COMMENT ON COLUMN ringside.pane.calls_told_by_record IS
    'Count. Calls counted from one record of the whole call.';
COMMENT ON COLUMN ringside.pane.calls_ended_without_answer IS
    'Count. Offered calls whose end was told, but no answer or hang-up.';
COMMENT ON COLUMN ringside.pane.calls_answered_without_offer IS
    'Count. Answers to calls whose arrival was not told; by the answer.';
COMMENT ON COLUMN ringside.pane.calls_closed_waiting IS
    'Count. Offered calls that we closed in the queue: no news for too long.';
COMMENT ON COLUMN ringside.pane.calls_closed_talking IS
    'Count. Calls out of the queue that we closed: no news for too long.';
COMMENT ON COLUMN ringside.pane.calls_out_of_sequence IS
    'Count. Calls answered before they came or over before the answer: clocks.';
COMMENT ON COLUMN ringside.pane.calls_contradicted IS
    'Count. Calls with two statements of one kind and time that differ.';
COMMENT ON COLUMN ringside.pane.calls_ended_later IS
    'Count. Calls that ended in a later quarter of an hour than they came in.';
COMMENT ON COLUMN ringside.pane.calls_corrected IS
    'Count. Calls that a correction changed, where they count.';
COMMENT ON COLUMN ringside.pane.calls_moved_away IS
    'Count. Calls that a correction moved elsewhere, where they counted before.';
COMMENT ON COLUMN ringside.pane.calls_retracted IS
    'Count. Calls taken back, where they counted before.';
COMMENT ON COLUMN ringside.pane.answered_wait_by_end IS
    'Cumulative counts: Time in queue of answered calls by when they ended, seconds. One per bound, last the total; NULL if none.';
COMMENT ON COLUMN ringside.call.connected_at IS
    'The customer answered a dialler''s call.';
COMMENT ON COLUMN ringside.call.closed_by_us_at IS
    'When we closed it, because nothing was heard of it for too long; NULL if not.';
COMMENT ON COLUMN ringside.call.earlier_wait_seconds IS
    'What the customer had waited on earlier legs of the same call.';
