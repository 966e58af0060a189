-- How the deals of each stage and day of entry ended, by age: what estimates are made of.

CREATE TABLE ringside.stage_cohort (
    topic text NOT NULL,
    partition integer NOT NULL,
    pipeline text NOT NULL,
    stage text NOT NULL,
    source text NOT NULL,
    entered_day integer NOT NULL,
    epoch bigint NOT NULL,
    last_offset bigint NOT NULL,
    entered bigint NOT NULL,
    won_by_age jsonb NOT NULL,
    lost_by_age jsonb NOT NULL,
    PRIMARY KEY (topic, partition, pipeline, stage, source, entered_day)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

COMMENT ON TABLE ringside.stage_cohort IS
    'The deals that first came to a stage on a day, and at which age they were won or lost. Adds up over topic, partition and source.';
COMMENT ON COLUMN ringside.stage_cohort.stage IS 'As events call it.';
COMMENT ON COLUMN ringside.stage_cohort.entered_day IS 'Days since 1970, UTC.';
COMMENT ON COLUMN ringside.stage_cohort.entered IS 'Count. Deals that came to the stage on that day.';
COMMENT ON COLUMN ringside.stage_cohort.won_by_age IS
    '{age in days: count}: how many of these were won, by the midnights (UTC) since; 731 stands for more than 730.';
COMMENT ON COLUMN ringside.stage_cohort.lost_by_age IS 'The same of those lost.';
