"""Closing a programme-year's chain for good."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connections

_END = "INSERT INTO ledger_year_end (programme_year, closed_at, closed_by) VALUES (%s, %s, %s)"


def end_year(programme_year: UUID, *, by: str, at: datetime, using: str = "default") -> None:
    """From now on a posting of this year raises YearClosed. The caller has looked at it."""
    connection = connections[using]
    assert connection.in_atomic_block, "a year ends inside transaction.atomic()"
    with connection.cursor() as cursor:
        cursor.execute(_END, [programme_year, at, by])
