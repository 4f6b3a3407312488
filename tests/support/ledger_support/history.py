"""A ledger's history as a file: what an older version wrote and every later one must keep.

PYTHONPATH=src:tests/support python -m pytest tests/integration/ledger/test_upgrade.py
    with MADANG_WRITE_HISTORY=1 writes a new one, when a version is published
"""

from __future__ import annotations

import json
from pathlib import Path

from django.db import connection, transaction

FOLDER = Path(__file__).parents[2] / "data" / "ledger"
TABLES = (
    "ledger_account", "ledger_journal", "ledger_entry", "ledger_hold", "ledger_hold_event",
    "ledger_voucher_event", "ledger_stillness", "ledger_seal", "ledger_seal_run", "ledger_root",
)  # fmt: skip
NUMBERED = (
    "ledger_account", "ledger_entry", "ledger_hold_event", "ledger_voucher_event",
    "ledger_seal_run",
)  # fmt: skip


def dump(path: Path, *, migration: str, root: str) -> None:
    """Every fact as JSON, one row a line."""
    with connection.cursor() as cursor, path.open("w", encoding="utf-8") as file:
        head = {"migration": migration, "root": root}
        file.write(json.dumps(head) + "\n")
        for table in TABLES:
            cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t ORDER BY 1")
            for (row,) in cursor.fetchall():
                file.write(f"{table}\t{row}\n")


def head_of(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8") as file:
        return json.loads(file.readline())


def load(path: Path) -> int:
    """Put the facts into an empty ledger, past the triggers; projections stay empty."""
    rows: dict[str, list[str]] = {table: [] for table in TABLES}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        table, row = line.split("\t", 1)
        rows[table].append(row)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, listed in rows.items():
            cursor.execute(
                f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, %s)",
                [f"[{','.join(listed)}]"],
            )
        for table in NUMBERED:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
    return sum(map(len, rows.values()))
