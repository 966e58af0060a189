-- How long abandoned calls had waited, by their end: what every rule of service level by end needs.

ALTER TABLE ringside.pane ADD COLUMN abandoned_wait_by_end bigint[];
COMMENT ON COLUMN ringside.pane.abandoned_wait_by_end IS
    'Cumulative counts: Time in queue of abandoned calls by when they ended, seconds. One per bound, last the total; NULL if none.';
