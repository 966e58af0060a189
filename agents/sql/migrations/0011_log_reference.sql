-- Which part of the log a pane was made of.

ALTER TABLE ringside.pane ADD COLUMN first_offset bigint;

COMMENT ON COLUMN ringside.pane.first_offset IS
    'With last_offset: the part of the log that made it; NULL if its beginning is not known.';
