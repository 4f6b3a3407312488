-- Who may do what. `madang_owner` owns and migrates, `madang_app` adds facts, `madang_read`
-- reads. In an installation with one role these may be missing and may not be created either:
-- then the triggers alone stand guard. Another role that default privileges let in is held to
-- the rights of `madang_app`.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['madang_owner', 'madang_app', 'madang_read'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            EXCEPTION
                WHEN insufficient_privilege THEN
                    RAISE NOTICE 'role % is missing and may not be created', role;
                WHEN duplicate_object OR unique_violation THEN
                    NULL;  -- another migration of the same cluster was faster
            END;
        END IF;
    END LOOP;
END $$;

-- The rights of a role that posts: to read all, to add facts, to erase a note.
CREATE FUNCTION ledger_grant_posting(role text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT c.relname FROM pg_class c
                 WHERE c.relname LIKE 'ledger\_%' AND c.relkind IN ('r', 'v')
                   AND c.relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('REVOKE ALL ON %I FROM %I', name, role);
        EXECUTE format('GRANT SELECT ON %I TO %I', name, role);
    END LOOP;
    FOREACH name IN ARRAY ARRAY[
        'ledger_account', 'ledger_journal', 'ledger_entry', 'ledger_hold', 'ledger_hold_event',
        'ledger_voucher_event', 'ledger_stillness', 'ledger_note', 'ledger_seal',
        'ledger_seal_run', 'ledger_root'
    ] LOOP
        EXECUTE format('GRANT INSERT ON %I TO %I', name, role);
    END LOOP;
    EXECUTE format('GRANT DELETE ON ledger_note TO %I', role);  -- words may have to be erased
    FOR name IN SELECT c.relname FROM pg_class c
                 WHERE c.relname LIKE 'ledger\_%' AND c.relkind = 'S'
                   AND c.relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('GRANT USAGE ON SEQUENCE %I TO %I', name, role);
    END LOOP;
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION ledger_rebuild(), ledger_lock_balances(bigint[]) TO %I',
        role);
END $$;

DO $$
DECLARE
    role text;
    name text;
BEGIN
    REVOKE EXECUTE ON FUNCTION ledger_rebuild(), ledger_lock_balances(bigint[]),
        ledger_grant_posting(text) FROM PUBLIC;
    FOR role IN SELECT DISTINCT grantee FROM information_schema.table_privileges
                 WHERE table_schema = 'public' AND table_name = 'ledger_journal'
                   AND privilege_type = 'INSERT'
                   AND grantee NOT IN ('PUBLIC', current_user)
                 UNION
                SELECT rolname FROM pg_roles WHERE rolname = 'madang_app' LOOP
        PERFORM ledger_grant_posting(role);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'madang_read') THEN
        FOR name IN SELECT c.relname FROM pg_class c
                     WHERE c.relname LIKE 'ledger\_%' AND c.relkind IN ('r', 'v')
                       AND c.relnamespace = 'public'::regnamespace LOOP
            EXECUTE format('GRANT SELECT ON %I TO madang_read', name);
        END LOOP;
    END IF;
END $$;
