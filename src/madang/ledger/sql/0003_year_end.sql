-- A closed year takes no posting any more, but for what collects and remits old claims. A
-- correction of one of its journals joins the chain of the open year that books it.
CREATE FUNCTION ledger_after_year_end(kind text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT kind IN ('P17p', 'P18p', 'P19p', 'P21c', 'P21r', 'P21s', 'P21w')
$$;

-- What the caller is told, before anything is written; an id on file still answers.
CREATE FUNCTION ledger_post(
    drafts jsonb, leg_draft int[], leg_key text[], leg_debit bigint[], leg_credit bigint[]
) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    closed uuid;
BEGIN
    IF EXISTS (SELECT FROM ledger_year_end) THEN
        SELECT d.chain INTO closed
          FROM jsonb_to_recordset(drafts) AS d(idem text, kind text, chain uuid)
          JOIN ledger_year_end y ON y.programme_year = d.chain
         WHERE NOT ledger_after_year_end(d.kind)
           AND NOT EXISTS (SELECT FROM ledger_journal j WHERE j.idem = d.idem) LIMIT 1;
        IF FOUND THEN
            RETURN jsonb_build_object('year_closed', closed);
        END IF;
    END IF;
    RETURN ledger_write(drafts, leg_draft, leg_key, leg_debit, leg_credit);
END $$;

-- What nobody gets around.
CREATE FUNCTION ledger_journal_year() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT ledger_after_year_end(NEW.kind)
       AND EXISTS (SELECT FROM ledger_year_end y WHERE y.programme_year = NEW.chain) THEN
        RAISE EXCEPTION 'the year % is closed', NEW.chain USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_journal_year BEFORE INSERT ON ledger_journal
    FOR EACH ROW EXECUTE FUNCTION ledger_journal_year();

CREATE TRIGGER ledger_year_end_no_change BEFORE UPDATE OR DELETE ON ledger_year_end
    FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER ledger_year_end_no_truncate BEFORE TRUNCATE ON ledger_year_end
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

DO $$
DECLARE
    role text;
BEGIN
    FOR role IN SELECT DISTINCT grantee FROM information_schema.table_privileges
                 WHERE table_schema = 'public' AND table_name = 'ledger_journal'
                   AND privilege_type = 'INSERT'
                   AND grantee NOT IN ('PUBLIC', current_user)
                 UNION
                SELECT rolname FROM pg_roles WHERE rolname = 'madang_app' LOOP
        EXECUTE format('REVOKE ALL ON ledger_year_end FROM %I', role);
        EXECUTE format('GRANT SELECT, INSERT ON ledger_year_end TO %I', role);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'madang_read') THEN
        GRANT SELECT ON ledger_year_end TO madang_read;
    END IF;
END $$;
