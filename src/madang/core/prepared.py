"""Statements that the database reads and plans once for each connection.

Django writes values into a statement's text, so that each is a new one to the database, which
reads and plans it before it does anything: for a join of six tables that takes longer than the
answer. Here values travel beside a text that stays the same. For statements that one path sends
again and again, composed once.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol, Self, TypeVar

from psycopg import Connection, Cursor
from psycopg.abc import Params, Query
from psycopg.rows import TupleRow

Wrapped = TypeVar("Wrapped", covariant=True)


class Database(Protocol[Wrapped]):
    """Django's side of a connection, whose own cursor is given back."""

    connection: Connection[TupleRow]
    wrap_database_errors: AbstractContextManager[object]

    def ensure_connection(self) -> None: ...

    def close_if_health_check_failed(self) -> None: ...

    def _prepare_cursor(self, cursor: Cursor[TupleRow]) -> Wrapped: ...


class PreparingCursor(Cursor[TupleRow]):
    """Prepares at the first use, unless the connection may not: behind a pooler that gives
    each transaction another one."""

    def execute(
        self,
        query: Query,
        params: Params | None = None,
        *,
        prepare: bool | None = True,
        binary: bool | None = None,
    ) -> Self:
        return super().execute(query, params, prepare=prepare, binary=binary)


def prepared(database: Database[Wrapped]) -> Wrapped:
    """As `database.cursor()`: with its checks, its log and its errors."""
    database.close_if_health_check_failed()
    database.ensure_connection()
    with database.wrap_database_errors:
        return database._prepare_cursor(PreparingCursor(database.connection))
