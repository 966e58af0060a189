-- Group roles, which belong to the server, and the schema. Safe to repeat. None of them logs in:
-- users do, as members (`ringside db create-user`).

DO $$
DECLARE
    missing text;
BEGIN
    FOREACH missing IN ARRAY ARRAY[
        'ringside_migrator', 'ringside_writer', 'ringside_reader', 'ringside_pruner'
    ] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = missing);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', missing);
        EXCEPTION
            -- Somebody migrates another database of this server at the same time.
            WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
    -- A superuser may act as anybody; whoever else migrates must be a member to do so. From 16 on
    -- who made a role may give it away, but may not yet act as it.
    IF NOT pg_has_role(
        current_user,
        'ringside_migrator',
        CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END
    ) THEN
        EXECUTE format('GRANT ringside_migrator TO %I', current_user);
    END IF;
    IF to_regnamespace('ringside') IS NULL THEN
        CREATE SCHEMA ringside AUTHORIZATION ringside_migrator;
        COMMENT ON SCHEMA ringside IS 'Live analytics for call centres that sell.';
    END IF;
END
$$;
