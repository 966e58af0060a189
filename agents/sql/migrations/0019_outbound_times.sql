-- How long outbound calls took, for their percentiles. Rows of before have none: only a replay knows.

ALTER TABLE ringside.pane
    ADD COLUMN dialled_talk bigint[],
    ADD COLUMN dialled_handle bigint[];
COMMENT ON COLUMN ringside.pane.dialled_talk IS
    'Cumulative counts: Talk time of outbound calls, seconds. One per bound, last the total; NULL if none.';
COMMENT ON COLUMN ringside.pane.dialled_handle IS
    'Cumulative counts: Dialling, talk, hold and after-call work of outbound calls, seconds. One per bound, last the total; NULL if none.';
