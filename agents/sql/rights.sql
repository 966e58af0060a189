-- The least that each role needs. Run as the owner after every migration; safe to repeat.

REVOKE ALL ON SCHEMA ringside FROM PUBLIC, ringside_writer, ringside_reader, ringside_pruner;
GRANT USAGE ON SCHEMA ringside TO ringside_writer, ringside_reader, ringside_pruner;
REVOKE ALL ON ALL TABLES IN SCHEMA ringside
    FROM PUBLIC, ringside_writer, ringside_reader, ringside_pruner;

-- SELECT: an upsert reads the columns that it compares and replaces.
GRANT SELECT, INSERT, UPDATE ON
    ringside.pane,
    ringside.call,
    ringside.meeting,
    ringside.deal,
    ringside.activity,
    ringside.rep_state,
    ringside.rep_turn,
    ringside.customer,
    ringside.correction,
    ringside.pbx_counters,
    ringside.ledger
TO ringside_writer;
-- The roster is replaced as a whole; which version it is, is one row that stays.
GRANT INSERT, DELETE ON
    ringside.roster_site,
    ringside.roster_team,
    ringside.roster_rep,
    ringside.roster_queue,
    ringside.roster_activity_volume,
    ringside.pipeline_name,
    ringside.pipeline_version,
    ringside.pipeline_stage,
    ringside.pipeline_stage_name
TO ringside_writer;
GRANT SELECT, UPDATE ON ringside.roster_version TO ringside_writer;
GRANT SELECT ON ringside.alembic_version TO ringside_writer;
-- How deals have gone is written by triggers alone, and judged anew when the pipelines change.
REVOKE ALL ON FUNCTION ringside.follow_stale_deals, ringside.renew_deal_rules FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ringside.follow_stale_deals, ringside.renew_deal_rules TO ringside_writer;
-- The baseline is learnt from located panes; old versions go. Alerts stay, and are marked.
GRANT SELECT ON ringside.pane_located TO ringside_writer;
-- What ringside.reconciled() reads beside the facts.
GRANT SELECT ON ringside.roster_queue TO ringside_writer;
GRANT SELECT ON ringside.reconciliation TO ringside_writer;
GRANT SELECT, INSERT, DELETE ON
    ringside.baseline,
    ringside.baseline_profile
TO ringside_writer;
GRANT SELECT, INSERT, UPDATE ON ringside.alert TO ringside_writer;
GRANT SELECT, INSERT ON ringside.replay TO ringside_writer;

-- `ringside db prune` sees when a row was, and deletes it.
GRANT DELETE ON
    ringside.pane,
    ringside.correction,
    ringside.pbx_counters,
    ringside.call,
    ringside.meeting,
    ringside.activity,
    ringside.rep_turn,
    ringside.customer,
    ringside.deal,
    ringside.alert
TO ringside_pruner;
GRANT SELECT (start_at) ON ringside.pane, ringside.correction TO ringside_pruner;
GRANT SELECT (to_at) ON ringside.pbx_counters TO ringside_pruner;
GRANT SELECT (offered_at, last_at) ON ringside.call TO ringside_pruner;
GRANT SELECT (starts_at, last_at) ON ringside.meeting TO ringside_pruner;
GRANT SELECT (logged_at) ON ringside.activity TO ringside_pruner;
GRANT SELECT (since, until) ON ringside.rep_turn TO ringside_pruner;
GRANT SELECT (last_at) ON ringside.customer TO ringside_pruner;
GRANT SELECT (last_at, status) ON ringside.deal TO ringside_pruner;
GRANT SELECT (starts_at, ends_at) ON ringside.alert TO ringside_pruner;
GRANT SELECT ON ringside.alembic_version TO ringside_pruner;

-- Tables and views.
GRANT SELECT ON ALL TABLES IN SCHEMA ringside TO ringside_reader;
