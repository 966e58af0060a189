-- Calls that flowed out of their queue by when they did, so that abandonment by end is of the same
-- calls as abandonment by arrival. Rows of before have none: only a replay knows.

ALTER TABLE ringside.pane
    ADD COLUMN calls_flowed_out_by_end bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ringside.pane.calls_flowed_out_by_end IS
    'Count. Calls that flowed out, by when.';
