"""Facts never change, charges add up to their journal, and the till hears of changes."""

from django.db import migrations

from madang.parties.triggers import append_only

FACTS = ("usage", "charge", "priceversion", "priceset", "statementline")
SEEN_BY_TILL = ("key", "voucher", "offering")

# The charges of one journal arrive in one statement, after the journal. A charge must name a
# P8, a refund a P10, on the same voucher and supplier; their sum is the supply value that the
# journal moved at the supplier's accrual.
CHARGES_ADD_UP = """
CREATE FUNCTION metering_check_charges() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT named.journal, named.charged, moved.supply INTO wrong
    FROM (SELECT c.journal, c.kind, c.voucher_id, c.supplier_id, sum(c.amount_microwon) charged
            FROM metering_charge c
           WHERE c.journal IN (SELECT DISTINCT journal FROM added)
           GROUP BY c.journal, c.kind, c.voucher_id, c.supplier_id) named
    LEFT JOIN LATERAL (
        SELECT sum(CASE named.kind WHEN 'charge' THEN e.credit ELSE e.debit END) supply
          FROM ledger_journal j
          JOIN ledger_entry e ON e.journal_id = j.id
          JOIN ledger_account a ON a.id = e.account_id
         WHERE j.id = named.journal
           AND j.kind = CASE named.kind WHEN 'charge' THEN 'P8' ELSE 'P10' END
           AND a.code IN ('2300S', '2300C')
           AND a.voucher = named.voucher_id AND a.supplier = named.supplier_id) moved ON true
    WHERE moved.supply IS DISTINCT FROM named.charged
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'charges of journal % add up to %, it moved %',
            wrong.journal, wrong.charged, wrong.supply USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER metering_charges_add_up AFTER INSERT ON metering_charge
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION metering_check_charges();
"""

# Commits are not in the order of sequences. So a change carries its transaction's id, and the
# till asks for everything from the oldest transaction that was running when it last asked.
CHANGES = """
CREATE FUNCTION metering_mark_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_xid := pg_current_xact_id();
    RETURN NEW;
END $$;
CREATE FUNCTION metering_tell_till() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('madang_snapshot', '');
    RETURN NULL;
END $$;
CREATE FUNCTION metering_prices_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE metering_offering SET state = state WHERE no = NEW.offering_id;
    RETURN NULL;
END $$;
"""

CHANGES_ON = """
ALTER TABLE metering_{table}
    ADD COLUMN changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX metering_{table}_changed ON metering_{table} (changed_xid);
CREATE TRIGGER metering_{table}_mark BEFORE INSERT OR UPDATE ON metering_{table}
    FOR EACH ROW EXECUTE FUNCTION metering_mark_change();
CREATE TRIGGER metering_{table}_tell AFTER INSERT OR UPDATE ON metering_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION metering_tell_till();
"""

PRICES_CHANGED = """
CREATE TRIGGER metering_priceset_tell AFTER INSERT ON metering_priceset
    FOR EACH ROW EXECUTE FUNCTION metering_prices_changed();
"""

# The application adds facts and reads them; the trigger also stops the owner.
RIGHTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'madang_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON {tables} FROM madang_app;
    END IF;
END $$;
""".format(tables=", ".join(f"metering_{table}" for table in FACTS))


class Migration(migrations.Migration):
    dependencies = [("metering", "0001_initial")]

    operations = [
        *(append_only(f"metering_{table}") for table in FACTS),
        migrations.RunSQL(CHARGES_ADD_UP),
        migrations.RunSQL(CHANGES),
        *(migrations.RunSQL(CHANGES_ON.format(table=table)) for table in SEEN_BY_TILL),
        migrations.RunSQL(PRICES_CHANGED),
        migrations.RunSQL(RIGHTS),
    ]
