"""No row of an append-only table is locked: the platform's role may not, and would crash.

Tests use the owner of the tables, who may; a house shows it only where it comes by. So the
code is read instead.
"""

from __future__ import annotations

import re
from pathlib import Path

from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunSQL

SOURCE = Path(__file__).parents[3] / "src"
LOCKED = re.compile(r"\b(\w+)\.objects(?:\s*\.\w+\([^()]*\))*?\s*\.select_for_update\(")


def append_only_tables() -> set[str]:
    found: set[str] = set()
    for migration in MigrationLoader(None).disk_migrations.values():
        for operation in migration.operations:
            if isinstance(operation, RunSQL) and "append_only" in str(operation.sql):
                found |= set(re.findall(r"\bON (\w+)", str(operation.sql)))
    return found


def test_no_row_of_an_append_only_table_is_locked():
    facts = append_only_tables()
    assert {"testbed_boardreport", "parties_event"} <= facts
    names = {one.__name__ for one in apps.get_models() if one._meta.db_table in facts}
    locked = {
        f"{path.relative_to(SOURCE)}: {name}"
        for path in SOURCE.rglob("*.py")
        for name in LOCKED.findall(path.read_text(encoding="utf-8"))
        if name in names
    }
    assert locked == set()
