-- What the database itself promises about the ledger, whoever connects to it.
--
-- 1. Facts (journal, entry, hold, hold_event, voucher_event, stillness, seal, root) are only
--    ever added to. 2. An entry joins a journal only in the transaction that made the journal,
--    and all entries of a journal come in statements that balance in every book. 3. Balances
--    and counters follow the facts by trigger and nothing else may change them. 4. No account
--    falls below zero, no whole-won account takes a fraction, no lease gives more than it has.

-- Columns and constraints that Django has no word for ------------------------------------------

-- Django adds an index for LIKE to every unique text; nobody searches these by prefix.
DO $$
DECLARE
    needless text;
BEGIN
    FOR needless IN SELECT indexname FROM pg_indexes
                     WHERE schemaname = 'public' AND tablename LIKE 'ledger\_%'
                       AND indexname LIKE '%\_like' LOOP
        EXECUTE format('DROP INDEX %I', needless);
    END LOOP;
END $$;

ALTER TABLE ledger_journal ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX ledger_journal_xid ON ledger_journal (xid);

ALTER TABLE ledger_entry
    ADD CONSTRAINT ledger_entry_one_side CHECK (
        (debit > 0 AND credit = 0) OR (credit > 0 AND debit = 0)
    ),
    ADD CONSTRAINT ledger_entry_account_in_its_book
        FOREIGN KEY (account_id, book) REFERENCES ledger_account (id, book);

ALTER TABLE ledger_balance
    ADD CONSTRAINT ledger_balance_not_overdrawn CHECK (normal * (debit - credit) >= 0),
    ADD CONSTRAINT ledger_balance_whole_won CHECK (
        NOT whole_won OR (debit % 1000000 = 0 AND credit % 1000000 = 0)
    );

ALTER TABLE ledger_hold
    ADD CONSTRAINT ledger_hold_amount CHECK (amount > 0),
    ADD CONSTRAINT ledger_hold_owner CHECK ((supplier IS NULL) <> (unit IS NULL));

ALTER TABLE ledger_hold_event
    ADD CONSTRAINT ledger_hold_event_kind CHECK (event IN ('capture', 'void', 'expire')),
    ADD CONSTRAINT ledger_hold_event_amount CHECK (amount >= 0);
CREATE UNIQUE INDEX ledger_hold_resolved_once ON ledger_hold_event (hold_id)
    WHERE event IN ('void', 'expire');

ALTER TABLE ledger_hold_state
    ADD CONSTRAINT ledger_hold_state_within CHECK (
        captured >= 0 AND returned >= 0 AND captured + returned <= amount
    ),
    ADD CONSTRAINT ledger_hold_state_resolved CHECK (
        (resolution IS NULL AND returned = 0)
        OR (resolution IS NOT NULL AND captured + returned = amount)
    );

ALTER TABLE ledger_voucher_event
    ADD CONSTRAINT ledger_voucher_event_kind CHECK (
        (supplier IS NULL AND event IN ('issue', 'deposit', 'expire'))
        OR (supplier IS NOT NULL AND event IN ('refund', 'freeze', 'agree'))
    );

ALTER TABLE ledger_split
    ADD CONSTRAINT ledger_split_order CHECK (
        0 <= stated AND stated <= captured AND captured <= promised
    ),
    ADD CONSTRAINT ledger_split_returned CHECK (0 <= returned AND returned <= settled);

ALTER TABLE ledger_wallet
    ADD CONSTRAINT ledger_wallet_not_negative CHECK (issued >= 0 AND deposited >= 0);

-- Facts are only ever added ---------------------------------------------------------------------

CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the ledger only ever adds', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

DO $$
DECLARE
    fact text;
BEGIN
    FOREACH fact IN ARRAY ARRAY[
        'ledger_account', 'ledger_journal', 'ledger_entry', 'ledger_hold', 'ledger_hold_event',
        'ledger_voucher_event', 'ledger_stillness', 'ledger_seal', 'ledger_seal_run',
        'ledger_root'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER %1$s_no_change BEFORE UPDATE OR DELETE ON %1$I
             FOR EACH ROW EXECUTE FUNCTION ledger_append_only()', fact);
        EXECUTE format(
            'CREATE TRIGGER %1$s_no_truncate BEFORE TRUNCATE ON %1$I
             FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()', fact);
    END LOOP;
END $$;

CREATE TRIGGER ledger_note_no_change BEFORE UPDATE ON ledger_note
    FOR EACH ROW EXECUTE FUNCTION ledger_append_only();

-- Projections move by trigger only ---------------------------------------------------------------

CREATE FUNCTION ledger_projection_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2
       AND current_setting('madang.ledger_rebuild', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION '% on % is refused: it follows the entries', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    projection text;
BEGIN
    FOREACH projection IN ARRAY ARRAY[
        'ledger_balance', 'ledger_hold_state', 'ledger_split', 'ledger_wallet'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER %1$s_follows BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %1$I
             FOR EACH STATEMENT EXECUTE FUNCTION ledger_projection_only()', projection);
    END LOOP;
END $$;

-- Accounts ---------------------------------------------------------------------------------------

CREATE FUNCTION ledger_account_before() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kind ledger_account_kind;
    names jsonb;
BEGIN
    NEW.code := split_part(NEW.key, '|', 1);
    SELECT * INTO kind FROM ledger_account_kind k WHERE k.code = NEW.code;
    IF kind.code IS NULL THEN
        RAISE EXCEPTION 'no account % in the chart', NEW.code USING ERRCODE = 'check_violation';
    END IF;
    SELECT jsonb_object_agg(split_part(part, '=', 1), split_part(part, '=', 2)),
           jsonb_agg(split_part(part, '=', 1) ORDER BY i)
      INTO NEW.dimensions, names
      FROM unnest(string_to_array(NEW.key, '|')) WITH ORDINALITY AS p(part, i)
     WHERE i > 1;
    IF NOT EXISTS (SELECT FROM jsonb_array_elements(kind.keys) k WHERE k = names) THEN
        RAISE EXCEPTION 'account % is not keyed by %', NEW.code, names
            USING ERRCODE = 'check_violation';
    END IF;
    NEW.book := kind.book;
    NEW.voucher := (NEW.dimensions ->> 'voucher')::uuid;
    NEW.supplier := (NEW.dimensions ->> 'supplier')::uuid;
    RETURN NEW;
END $$;

CREATE TRIGGER ledger_account_before BEFORE INSERT ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_account_before();

CREATE FUNCTION ledger_account_added() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO ledger_balance (account_id, normal, whole_won, debit, credit)
    SELECT a.id, k.normal, k.whole_won, 0, 0
      FROM added a JOIN ledger_account_kind k ON k.code = a.code
     ORDER BY a.id;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_account_added AFTER INSERT ON ledger_account
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_account_added();

-- Journals and entries ---------------------------------------------------------------------------

CREATE FUNCTION ledger_journal_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.xid := pg_current_xact_id();
    NEW.booked_at := greatest(clock_timestamp(), now());
    RETURN NEW;
END $$;

CREATE TRIGGER ledger_journal_before BEFORE INSERT ON ledger_journal
    FOR EACH ROW EXECUTE FUNCTION ledger_journal_before();

CREATE FUNCTION ledger_journal_at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_entry WHERE journal_id = NEW.id) THEN
        RAISE EXCEPTION 'journal % has no entries', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT FROM ledger_entry WHERE journal_id = NEW.id
        GROUP BY book HAVING sum(debit) <> sum(credit)
    ) THEN
        RAISE EXCEPTION 'journal % does not balance', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_journal_at_commit AFTER INSERT ON ledger_journal
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger_journal_at_commit();

-- The rows of a set of accounts, locked in ascending account id: one order for everybody.
CREATE FUNCTION ledger_lock_balances(accounts bigint[])
    RETURNS TABLE (account bigint, normal smallint, whole_won boolean,
                   debit numeric, credit numeric)
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT account_id, normal, whole_won, debit, credit FROM ledger_balance
     WHERE account_id = ANY (accounts) ORDER BY account_id FOR UPDATE
$$;

CREATE FUNCTION ledger_entry_added() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    wrong uuid;
    closed boolean;
    fractions boolean;
BEGIN
    SELECT e.journal_id, j.xid IS DISTINCT FROM pg_current_xact_id() OR j.booked_at < now()
      INTO wrong, closed
      FROM added e LEFT JOIN ledger_journal j ON j.id = e.journal_id
     GROUP BY e.journal_id, e.book, j.xid, j.booked_at
    HAVING j.xid IS DISTINCT FROM pg_current_xact_id() OR j.booked_at < now()
        OR sum(e.debit) <> sum(e.credit)
     LIMIT 1;
    IF closed THEN
        RAISE EXCEPTION 'journal % is closed: entries join only in its own transaction', wrong
            USING ERRCODE = 'restrict_violation';
    ELSIF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'journal % does not balance', wrong USING ERRCODE = 'check_violation';
    END IF;
    WITH moved AS (
        UPDATE ledger_balance b
           SET debit = b.debit + m.debit, credit = b.credit + m.credit
          FROM (SELECT account_id, sum(debit) AS debit, sum(credit) AS credit,
                       bool_or((debit + credit) % 1000000 <> 0) AS has_fraction
                  FROM added GROUP BY account_id) m
         WHERE b.account_id = m.account_id
        RETURNING b.whole_won AND m.has_fraction AS wrong)
    SELECT bool_or(moved.wrong) INTO fractions FROM moved;
    IF fractions THEN
        RAISE EXCEPTION 'a fraction of a won on a whole-won account'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_entry_added AFTER INSERT ON ledger_entry
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_entry_added();

-- Leases and counters ----------------------------------------------------------------------------

CREATE FUNCTION ledger_hold_added() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO ledger_hold_state (hold_id, amount, captured, returned)
    SELECT id, amount, 0, 0 FROM added;
    INSERT INTO ledger_split AS s
           (voucher, supplier, captured, promised, stated, settled, returned)
    SELECT owner, supplier, 0, sum(amount), 0, 0, 0 FROM added
     WHERE supplier IS NOT NULL GROUP BY owner, supplier ORDER BY owner, supplier
    ON CONFLICT (voucher, supplier) DO UPDATE SET promised = s.promised + EXCLUDED.promised;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_hold_added AFTER INSERT ON ledger_hold
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_hold_added();

CREATE FUNCTION ledger_hold_event_added() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE ledger_hold_state t
       SET captured = t.captured + m.captured,
           returned = t.returned + m.returned,
           resolution = coalesce(m.resolution, t.resolution)
      FROM (SELECT hold_id,
                   coalesce(sum(amount) FILTER (WHERE event = 'capture'), 0) AS captured,
                   coalesce(sum(amount) FILTER (WHERE event <> 'capture'), 0) AS returned,
                   max(event) FILTER (WHERE event <> 'capture') AS resolution
              FROM added GROUP BY hold_id) m
     WHERE t.hold_id = m.hold_id;
    UPDATE ledger_split s
       SET captured = s.captured + m.captured, promised = s.promised - m.returned
      FROM (SELECT h.owner, h.supplier,
                   coalesce(sum(e.amount) FILTER (WHERE e.event = 'capture'), 0) AS captured,
                   coalesce(sum(e.amount) FILTER (WHERE e.event <> 'capture'), 0) AS returned
              FROM added e JOIN ledger_hold h ON h.id = e.hold_id
             WHERE h.supplier IS NOT NULL GROUP BY h.owner, h.supplier) m
     WHERE s.voucher = m.owner AND s.supplier = m.supplier;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_hold_event_added AFTER INSERT ON ledger_hold_event
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_hold_event_added();

-- A statement marks how far the captures had come: without it `stated` could not be rebuilt.
CREATE FUNCTION ledger_voucher_event_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.mark := CASE WHEN NEW.event = 'freeze' THEN (
        SELECT captured FROM ledger_split
         WHERE voucher = NEW.voucher AND supplier = NEW.supplier) END;
    RETURN NEW;
END $$;

CREATE TRIGGER ledger_voucher_event_before BEFORE INSERT ON ledger_voucher_event
    FOR EACH ROW EXECUTE FUNCTION ledger_voucher_event_before();

CREATE FUNCTION ledger_voucher_event_added() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO ledger_wallet
           (voucher, issued, deposited, expired, ratio, vat, programme_year, programme)
    SELECT DISTINCT ON (voucher) voucher, 0, 0, false, ratio, vat, programme_year, programme
      FROM added WHERE supplier IS NULL ORDER BY voucher, id
    ON CONFLICT (voucher) DO NOTHING;
    UPDATE ledger_wallet w
       SET issued = w.issued + m.issued,
           deposited = w.deposited + m.deposited,
           expired = w.expired OR m.expired
      FROM (SELECT voucher,
                   coalesce(sum(amount) FILTER (WHERE event = 'issue'), 0) AS issued,
                   coalesce(sum(amount) FILTER (WHERE event = 'deposit'), 0) AS deposited,
                   bool_or(event = 'expire') AS expired
              FROM added WHERE supplier IS NULL GROUP BY voucher) m
     WHERE w.voucher = m.voucher;
    UPDATE ledger_split s
       SET captured = s.captured - m.refunded,
           promised = s.promised - m.refunded,
           stated = coalesce(m.mark, s.stated),
           settled = s.settled + m.settled,
           returned = s.returned + m.agreed
      FROM (SELECT voucher, supplier,
                   coalesce(sum(amount) FILTER (WHERE event = 'refund'), 0) AS refunded,
                   coalesce(sum(amount) FILTER (WHERE event = 'freeze'), 0) AS settled,
                   coalesce(sum(amount) FILTER (WHERE event = 'agree'), 0) AS agreed,
                   max(mark) AS mark
              FROM added WHERE supplier IS NOT NULL GROUP BY voucher, supplier) m
     WHERE s.voucher = m.voucher AND s.supplier = m.supplier;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_voucher_event_added AFTER INSERT ON ledger_voucher_event
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_voucher_event_added();

-- Reading under locks ----------------------------------------------------------------------------

CREATE FUNCTION ledger_lock(owners uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    key bigint;
BEGIN
    FOR key IN
        SELECT DISTINCT ('x' || right(replace(o::text, '-', ''), 16))::bit(64)::bigint
          FROM unnest(owners) o ORDER BY 1
    LOOP
        PERFORM pg_advisory_xact_lock(key);
    END LOOP;
END $$;

CREATE FUNCTION ledger_texts(list jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY(SELECT jsonb_array_elements_text(list))
$$;

CREATE FUNCTION ledger_written(idems text[]) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    found jsonb;
BEGIN
    IF NOT EXISTS (SELECT FROM ledger_journal WHERE idem = ANY (idems))
       AND NOT EXISTS (SELECT FROM ledger_stillness WHERE idem = ANY (idems)) THEN
        RETURN NULL;
    END IF;
    SELECT jsonb_agg(jsonb_build_object(
               'idem', idem, 'journal', id, 'kind', kind, 'content', content,
               'answer', answer))
      INTO found
      FROM (SELECT idem, id, kind, content, answer FROM ledger_journal
             WHERE idem = ANY (idems)
             UNION ALL
            SELECT idem, NULL, kind, content, answer FROM ledger_stillness
             WHERE idem = ANY (idems)) written;
    RETURN found;
END $$;

CREATE FUNCTION ledger_originals(journals uuid[]) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_agg(jsonb_build_object(
               'id', j.id, 'kind', j.kind, 'chain', j.chain,
               'corrected', EXISTS (SELECT FROM ledger_journal c WHERE c.corrects_id = j.id),
               'legs', (SELECT jsonb_agg(jsonb_build_array(a.key, e.debit, e.credit) ORDER BY e.id)
                          FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
                         WHERE e.journal_id = j.id),
               'voucher_move', (SELECT jsonb_build_array(v.voucher, v.supplier, v.event, v.amount)
                                  FROM ledger_voucher_event v WHERE v.journal_id = j.id)))
      FROM ledger_journal j WHERE j.id = ANY (journals)
$$;

CREATE FUNCTION ledger_read(ask jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    found jsonb := '{}';
    part jsonb;
    wanted_holds uuid[] := ledger_texts(ask -> 'holds')::uuid[];
BEGIN
    IF ask ? 'locks' THEN
        PERFORM ledger_lock(ledger_texts(ask -> 'locks')::uuid[]);
    END IF;
    IF ask ? 'ids' THEN
        found := found || jsonb_build_object('written', ledger_written(ledger_texts(ask -> 'ids')));
    END IF;
    IF ask ? 'holds' THEN
        SELECT jsonb_agg(jsonb_build_object(
                   'id', h.id, 'owner', h.owner, 'supplier', h.supplier, 'unit', h.unit,
                   'amount', h.amount, 'captured', t.captured, 'resolution', t.resolution))
          INTO part
          FROM ledger_hold h JOIN ledger_hold_state t ON t.hold_id = h.id
         WHERE h.id = ANY (wanted_holds);
        found := found || jsonb_build_object('leases', part);
    END IF;
    IF ask ? 'pairs' OR ask ? 'holds' THEN
        SELECT jsonb_agg(jsonb_build_array(s.voucher, s.supplier, s.captured, s.promised,
                                           s.stated, s.settled, s.returned))
          INTO part
          FROM (SELECT (p ->> 0)::uuid AS voucher, (p ->> 1)::uuid AS supplier
                  FROM jsonb_array_elements(ask -> 'pairs') p
                 UNION
                SELECT owner, supplier FROM ledger_hold
                 WHERE id = ANY (wanted_holds) AND supplier IS NOT NULL) w
          JOIN ledger_split s ON s.voucher = w.voucher AND s.supplier = w.supplier;
        found := found || jsonb_build_object('pairs', part);
    END IF;
    IF ask ? 'accounts' THEN
        SELECT jsonb_object_agg(a.key, b.normal * (b.debit - b.credit)) INTO part
          FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
         WHERE a.key = ANY (ledger_texts(ask -> 'accounts'));
        found := found || jsonb_build_object('balances', part);
    END IF;
    IF ask ? 'wallets' THEN
        SELECT jsonb_agg(jsonb_build_array(voucher, issued, deposited, expired, ratio, vat,
                                           programme_year, programme))
          INTO part
          FROM ledger_wallet WHERE voucher = ANY (ledger_texts(ask -> 'wallets')::uuid[]);
        found := found || jsonb_build_object('wallets', part);
    END IF;
    IF ask ? 'journals' THEN
        found := found || jsonb_build_object(
            'originals', ledger_originals(ledger_texts(ask -> 'journals')::uuid[]));
    END IF;
    IF ask ? 'sums' THEN
        SELECT jsonb_agg(jsonb_build_array(voucher, code, amount)) INTO part
          FROM (SELECT a.voucher, a.code, sum(b.normal * (b.debit - b.credit)) AS amount
                  FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
                 WHERE a.voucher = ANY (ledger_texts(ask -> 'sums')::uuid[])
                 GROUP BY a.voucher, a.code) s;
        found := found || jsonb_build_object('sums', part);
    END IF;
    RETURN found;
END $$;

-- Writing ----------------------------------------------------------------------------------------

-- The accounts of these keys, in their order; those that do not exist come into being.
CREATE FUNCTION ledger_accounts(keys text[]) RETURNS bigint[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    ids bigint[];
BEGIN
    FOR attempt IN 1..2 LOOP
        SELECT array_agg(a.id ORDER BY u.i) INTO ids
          FROM unnest(keys) WITH ORDINALITY AS u(key, i) JOIN ledger_account a ON a.key = u.key;
        EXIT WHEN coalesce(cardinality(ids), 0) = cardinality(keys);
        INSERT INTO ledger_account (key)
        SELECT DISTINCT u.key FROM unnest(keys) AS u(key)
         WHERE NOT EXISTS (SELECT FROM ledger_account a WHERE a.key = u.key)
         ORDER BY u.key
        ON CONFLICT (key) DO NOTHING;
    END LOOP;
    RETURN coalesce(ids, '{}');
END $$;

CREATE FUNCTION ledger_overdrawn(ids bigint[], debits bigint[], credits bigint[])
    RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    short jsonb;
BEGIN
    SELECT jsonb_build_object(
               'account', a.code,
               'needed', b.normal * (m.credit - m.debit),
               'available', b.normal * (b.debit - b.credit))
      INTO short
      FROM ledger_lock_balances(ids) b
      JOIN (SELECT account, sum(debit) AS debit, sum(credit) AS credit
              FROM unnest(ids, debits, credits) AS l(account, debit, credit)
             GROUP BY account) m ON m.account = b.account
      JOIN ledger_account a ON a.id = b.account
     WHERE b.normal * (b.debit + m.debit - b.credit - m.credit) < 0
     ORDER BY b.account LIMIT 1;
    RETURN short;
END $$;

-- Write journals and what hangs on them, all or none. Answers {"overdrawn": …} or, for an id
-- that is on file, {"exists": […]}, and then has written nothing.
CREATE FUNCTION ledger_write(
    drafts jsonb, leg_draft int[], leg_key text[], leg_debit bigint[], leg_credit bigint[]
) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    idems text[] := ARRAY(SELECT d ->> 'idem' FROM jsonb_array_elements(drafts) d);
    journals uuid[] := ARRAY(SELECT (d ->> 'journal')::uuid FROM jsonb_array_elements(drafts) d);
    ids bigint[] := ledger_accounts(leg_key);
    short jsonb := ledger_overdrawn(ids, leg_debit, leg_credit);
    found jsonb := ledger_written(idems);
    n int;
    m int;
BEGIN
    IF found IS NOT NULL THEN
        IF cardinality(idems) > 1 THEN
            RAISE EXCEPTION 'an id of this batch is on file for something else'
                USING ERRCODE = 'unique_violation';
        END IF;
        RETURN jsonb_build_object('exists', found);
    END IF;
    IF short IS NOT NULL THEN
        RETURN jsonb_build_object('overdrawn', short);
    END IF;
    INSERT INTO ledger_journal (id, idem, kind, chain, content, content_sha256, answer, actor,
                                source_type, source_id, effective_at, corrects_id)
    SELECT d.journal, d.idem, d.kind, d.chain, d.content, d.content_sha256, d.answer, d.actor,
           d.source_type, d.source_id, d.effective_at, d.corrects
      FROM jsonb_to_recordset(drafts) AS d(
               journal uuid, idem text, kind text, chain uuid, content jsonb,
               content_sha256 text, answer jsonb, actor text, source_type text,
               source_id text, effective_at timestamptz, corrects uuid)
     WHERE d.journal IS NOT NULL
    ON CONFLICT (idem) DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    INSERT INTO ledger_stillness (idem, kind, content, answer, actor)
    SELECT d.idem, d.kind, d.content, d.answer, d.actor
      FROM jsonb_to_recordset(drafts) AS d(
               journal uuid, idem text, kind text, content jsonb, answer jsonb, actor text)
     WHERE d.journal IS NULL
    ON CONFLICT (idem) DO NOTHING;
    GET DIAGNOSTICS m = ROW_COUNT;
    IF n + m < cardinality(idems) THEN
        IF cardinality(idems) > 1 THEN
            RAISE EXCEPTION 'an id of this batch is on file for something else'
                USING ERRCODE = 'unique_violation';
        END IF;
        RETURN jsonb_build_object('exists', ledger_written(idems));
    END IF;
    INSERT INTO ledger_entry (journal_id, account_id, book, debit, credit)
    SELECT journals[l.draft + 1], a.id, a.book, l.debit, l.credit
      FROM unnest(leg_draft, ids, leg_debit, leg_credit) AS l(draft, account, debit, credit)
      JOIN ledger_account a ON a.id = l.account
     ORDER BY a.id;
    PERFORM ledger_write_moves(drafts);
    RETURN '{}';
END $$;

CREATE FUNCTION ledger_write_moves(drafts jsonb) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF jsonb_path_exists(drafts, '$[*].hold') THEN
        INSERT INTO ledger_hold (id, owner, supplier, unit, amount, expires_at, journal_id)
        SELECT h.id, h.owner, h.supplier, h.unit, h.amount, h.expires_at, d.journal
          FROM jsonb_to_recordset(drafts) AS d(journal uuid, hold jsonb),
               jsonb_to_record(d.hold) AS h(id uuid, owner uuid, supplier uuid, unit text,
                                            amount bigint, expires_at timestamptz)
         WHERE d.hold IS NOT NULL;
    END IF;
    IF jsonb_path_exists(drafts, '$[*].hold_move') THEN
        INSERT INTO ledger_hold_event (hold_id, event, amount, journal_id)
        SELECT h.hold, h.event, h.amount, d.journal
          FROM jsonb_to_recordset(drafts) AS d(journal uuid, hold_move jsonb),
               jsonb_to_record(d.hold_move) AS h(hold uuid, event text, amount bigint)
         WHERE d.hold_move IS NOT NULL;
    END IF;
    IF jsonb_path_exists(drafts, '$[*].voucher_move') THEN
        INSERT INTO ledger_voucher_event
               (voucher, supplier, event, amount, ratio, vat, programme_year, programme,
                journal_id)
        SELECT v.voucher, v.supplier, v.event, v.amount, v.ratio, v.vat, v.programme_year,
               v.programme, d.journal
          FROM jsonb_to_recordset(drafts) AS d(journal uuid, voucher_move jsonb),
               jsonb_to_record(d.voucher_move) AS v(voucher uuid, supplier uuid, event text,
                                                    amount bigint, ratio text, vat text,
                                                    programme_year uuid, programme uuid)
         WHERE d.voucher_move IS NOT NULL;
    END IF;
    IF jsonb_path_exists(drafts, '$[*] ? (@.reason != "")') THEN
        INSERT INTO ledger_note (journal_id, text)
        SELECT d.journal, d.reason
          FROM jsonb_to_recordset(drafts) AS d(journal uuid, reason text)
         WHERE d.reason <> '' AND d.journal IS NOT NULL;
    END IF;
END $$;

-- Projections are rebuilt from facts --------------------------------------------------------------

CREATE VIEW ledger_balance_computed AS
SELECT a.id AS account_id, k.normal, k.whole_won,
       coalesce(sum(e.debit), 0) AS debit, coalesce(sum(e.credit), 0) AS credit
  FROM ledger_account a
  JOIN ledger_account_kind k ON k.code = a.code
  LEFT JOIN ledger_entry e ON e.account_id = a.id
 GROUP BY a.id, k.normal, k.whole_won;

CREATE VIEW ledger_hold_state_computed AS
SELECT h.id AS hold_id, h.amount,
       coalesce(sum(e.amount) FILTER (WHERE e.event = 'capture'), 0) AS captured,
       coalesce(sum(e.amount) FILTER (WHERE e.event <> 'capture'), 0) AS returned,
       max(e.event) FILTER (WHERE e.event <> 'capture') AS resolution
  FROM ledger_hold h LEFT JOIN ledger_hold_event e ON e.hold_id = h.id
 GROUP BY h.id, h.amount;

CREATE VIEW ledger_wallet_computed AS
SELECT voucher,
       coalesce(sum(amount) FILTER (WHERE event = 'issue'), 0) AS issued,
       coalesce(sum(amount) FILTER (WHERE event = 'deposit'), 0) AS deposited,
       bool_or(event = 'expire') AS expired,
       (array_agg(ratio ORDER BY id))[1] AS ratio, (array_agg(vat ORDER BY id))[1] AS vat,
       (array_agg(programme_year ORDER BY id))[1] AS programme_year,
       (array_agg(programme ORDER BY id))[1] AS programme
  FROM ledger_voucher_event WHERE supplier IS NULL GROUP BY voucher;

CREATE VIEW ledger_split_computed AS
WITH leased AS (
    SELECT h.owner AS voucher, h.supplier, sum(s.captured) AS captured,
           sum(s.amount - s.returned) AS promised
      FROM ledger_hold_state_computed s JOIN ledger_hold h ON h.id = s.hold_id
     WHERE h.supplier IS NOT NULL GROUP BY h.owner, h.supplier
), beside AS (
    SELECT voucher, supplier,
           coalesce(sum(amount) FILTER (WHERE event = 'refund'), 0) AS refunded,
           coalesce(sum(amount) FILTER (WHERE event = 'freeze'), 0) AS settled,
           coalesce(sum(amount) FILTER (WHERE event = 'agree'), 0) AS returned,
           coalesce((array_agg(mark ORDER BY id DESC) FILTER (WHERE event = 'freeze'))[1], 0)
               AS stated
      FROM ledger_voucher_event WHERE supplier IS NOT NULL GROUP BY voucher, supplier
)
SELECT l.voucher, l.supplier,
       l.captured - coalesce(b.refunded, 0) AS captured,
       l.promised - coalesce(b.refunded, 0) AS promised,
       coalesce(b.stated, 0) AS stated,
       coalesce(b.settled, 0) AS settled,
       coalesce(b.returned, 0) AS returned
  FROM leased l LEFT JOIN beside b ON b.voucher = l.voucher AND b.supplier = l.supplier;

-- What stands in a projection and does not follow from the facts, by name. An account's
-- columns are a projection of its key, which alone is in the hash chain.
CREATE FUNCTION ledger_differences() RETURNS TABLE (what text) LANGUAGE sql STABLE AS $$
    SELECT 'account:' || a.key
      FROM ledger_account a
      JOIN ledger_account_kind k ON k.code = split_part(a.key, '|', 1),
   LATERAL (SELECT jsonb_object_agg(split_part(part, '=', 1), split_part(part, '=', 2)) AS named
              FROM unnest(string_to_array(a.key, '|')) WITH ORDINALITY AS p(part, i)
             WHERE i > 1) d
     WHERE a.code <> k.code OR a.book <> k.book OR a.dimensions <> d.named
        OR a.voucher IS DISTINCT FROM (d.named ->> 'voucher')::uuid
        OR a.supplier IS DISTINCT FROM (d.named ->> 'supplier')::uuid
     UNION
    SELECT coalesce(a.key, 'balance:' || d.account_id)
      FROM ((SELECT account_id, normal, whole_won, debit, credit FROM ledger_balance
              EXCEPT SELECT * FROM ledger_balance_computed)
             UNION
            (SELECT * FROM ledger_balance_computed
              EXCEPT SELECT account_id, normal, whole_won, debit, credit FROM ledger_balance)) d
      LEFT JOIN ledger_account a ON a.id = d.account_id
     UNION
    SELECT 'hold:' || hold_id
      FROM ((SELECT hold_id, amount, captured, returned, resolution FROM ledger_hold_state
              EXCEPT SELECT * FROM ledger_hold_state_computed)
             UNION
            (SELECT * FROM ledger_hold_state_computed
              EXCEPT SELECT hold_id, amount, captured, returned, resolution
                       FROM ledger_hold_state)) d
     UNION
    SELECT 'wallet:' || voucher
      FROM ((SELECT voucher, issued, deposited, expired, ratio, vat, programme_year, programme
               FROM ledger_wallet EXCEPT SELECT * FROM ledger_wallet_computed)
             UNION
            (SELECT * FROM ledger_wallet_computed
              EXCEPT SELECT voucher, issued, deposited, expired, ratio, vat, programme_year,
                            programme
                       FROM ledger_wallet)) d
     UNION
    SELECT 'split:' || voucher || ':' || supplier
      FROM ((SELECT voucher, supplier, captured, promised, stated, settled, returned
               FROM ledger_split EXCEPT SELECT * FROM ledger_split_computed)
             UNION
            (SELECT * FROM ledger_split_computed
              EXCEPT SELECT voucher, supplier, captured, promised, stated, settled, returned
                       FROM ledger_split)) d
     ORDER BY 1
$$;

-- Empty every projection and fill it from the facts. Writers wait.
CREATE FUNCTION ledger_rebuild() RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE ledger_balance, ledger_hold_state, ledger_wallet, ledger_split
        IN EXCLUSIVE MODE;
    PERFORM set_config('madang.ledger_rebuild', 'on', true);
    DELETE FROM ledger_balance;
    INSERT INTO ledger_balance (account_id, normal, whole_won, debit, credit)
        SELECT * FROM ledger_balance_computed;
    DELETE FROM ledger_hold_state;
    INSERT INTO ledger_hold_state (hold_id, amount, captured, returned, resolution)
        SELECT * FROM ledger_hold_state_computed;
    DELETE FROM ledger_wallet;
    INSERT INTO ledger_wallet
               (voucher, issued, deposited, expired, ratio, vat, programme_year, programme)
        SELECT * FROM ledger_wallet_computed;
    DELETE FROM ledger_split;
    INSERT INTO ledger_split (voucher, supplier, captured, promised, stated, settled, returned)
        SELECT * FROM ledger_split_computed;
    PERFORM set_config('madang.ledger_rebuild', 'off', true);
END $$;
