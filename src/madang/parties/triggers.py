"""SQL for migrations: tables to which rows are added and from which none is taken.

The application role has no right to change such rows either; the trigger also stops the
owner, a bulk update and a mistake in our own code.
"""

from __future__ import annotations

from django.db.migrations.operations.special import RunSQL

_FUNCTION = """
CREATE OR REPLACE FUNCTION madang_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: rows are only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
"""

_TRIGGERS = """
CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION madang_append_only();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION madang_append_only();
"""

_RIGHTS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'madang_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM madang_app;
    END IF;
END $$;
"""

_UNDO = """
DROP TRIGGER {table}_no_change ON {table};
DROP TRIGGER {table}_no_truncate ON {table};
"""


def append_only(table: str) -> RunSQL:
    """A migration step after which UPDATE, DELETE and TRUNCATE of the table fail."""
    return RunSQL(
        sql=_FUNCTION + (_TRIGGERS + _RIGHTS).format(table=table),
        reverse_sql=_UNDO.format(table=table),
    )
