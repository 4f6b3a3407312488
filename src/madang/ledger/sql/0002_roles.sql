-- Who may do what. In an installation with one role the roles may be missing and may not be
-- created either: then the triggers alone stand guard, and this file does nothing.
DO $$
DECLARE
    role text;
    fact text;
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
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'madang_read') THEN
        FOR fact IN SELECT c.relname FROM pg_class c
                     WHERE c.relname LIKE 'ledger\_%' AND c.relkind IN ('r', 'v')
                       AND c.relnamespace = 'public'::regnamespace LOOP
            EXECUTE format('GRANT SELECT ON %I TO madang_read', fact);
        END LOOP;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'madang_app') THEN
        FOR fact IN SELECT c.relname FROM pg_class c
                     WHERE c.relname LIKE 'ledger\_%' AND c.relkind IN ('r', 'v')
                       AND c.relnamespace = 'public'::regnamespace LOOP
            EXECUTE format('REVOKE ALL ON %I FROM madang_app', fact);
            EXECUTE format('GRANT SELECT ON %I TO madang_app', fact);
        END LOOP;
        FOREACH fact IN ARRAY ARRAY[
            'ledger_account', 'ledger_journal', 'ledger_entry', 'ledger_hold',
            'ledger_hold_event', 'ledger_voucher_event', 'ledger_stillness', 'ledger_note',
            'ledger_seal', 'ledger_seal_run', 'ledger_root'
        ] LOOP
            EXECUTE format('GRANT INSERT ON %I TO madang_app', fact);
        END LOOP;
        GRANT DELETE ON ledger_note TO madang_app;  -- free text may have to be erased
        FOR fact IN SELECT c.relname FROM pg_class c
                     WHERE c.relname LIKE 'ledger\_%' AND c.relkind = 'S'
                       AND c.relnamespace = 'public'::regnamespace LOOP
            EXECUTE format('GRANT USAGE ON SEQUENCE %I TO madang_app', fact);
        END LOOP;
    END IF;
END $$;
