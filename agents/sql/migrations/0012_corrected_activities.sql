-- An activity that was taken back has no time any more; whatever is corrected is told of.

ALTER TABLE ringside.activity ALTER COLUMN logged_at DROP NOT NULL;

COMMENT ON COLUMN ringside.activity.logged_at IS 'NULL: it was taken back.';
COMMENT ON COLUMN ringside.correction.entity IS
    'The call (and leg), rep, meeting, deal or activity; of a lead "lead/" and its id.';
COMMENT ON COLUMN ringside.correction.corrects_id IS
    'The event that was corrected; empty: all that was said of the entity.';
