-- Cohorts are read from the deals (agents/sql/funnel.sql): by the pipelines as they are now, in days of
-- their zones. The counts by names of events and UTC days go.

DROP VIEW IF EXISTS ringside.cohort_count;
DROP TABLE ringside.stage_cohort;
