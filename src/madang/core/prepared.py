"""Statements that the database reads and plans once for each connection.

Django writes values into a statement's text, so that each is a new one to the database, which
reads and plans it before it does anything: for a join of six tables that takes longer than the
answer. Here values travel beside a text that stays the same. For statements that one path sends
again and again, composed once.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol, Self, cast

from psycopg import Connection, Cursor
from psycopg._queries import PostgresQuery
from psycopg.abc import Params, Query
from psycopg.errors import FeatureNotSupported
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.rows import TupleRow

Row = tuple[object, ...]


class DjangosCursor(Protocol):
    """What is asked of a cursor, with Django's checks, its log and its errors."""

    def execute(self, sql: str, params: Sequence[object], /) -> object: ...

    def fetchall(self) -> list[Row]: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *raised: object) -> None: ...


class _Database(Protocol):
    """Django's side of a connection."""

    connection: Connection[TupleRow]
    wrap_database_errors: AbstractContextManager[object]

    def ensure_connection(self) -> None: ...

    def close_if_health_check_failed(self) -> None: ...

    def _prepare_cursor(self, cursor: Cursor[TupleRow]) -> DjangosCursor: ...


class PreparingCursor(Cursor[TupleRow]):
    """Prepares at the first use, unless the connection may not: behind a pooler that gives
    each transaction another one."""

    def execute(self, query: str, params: Params | None = None) -> Self:  # type: ignore[override]  # all that Django sends
        try:
            return super().execute(query, params, prepare=True)
        except FeatureNotSupported:  # what it returns has other types by now
            if not self._is_alone():
                raise  # a rollback forgets what was prepared
        super().execute("DEALLOCATE ALL", prepare=False)
        return super().execute(query, params, prepare=True)

    def _is_alone(self) -> bool:
        """Nothing of this statement was done, and nothing else is lost with it."""
        pgconn = self.connection.pgconn
        is_idle = pgconn.transaction_status == TransactionStatus.IDLE
        return is_idle and pgconn.pipeline_status == PipelineStatus.OFF

    def _convert_query(self, query: Query, params: Params | None = None) -> PostgresQuery:
        """Django's log of statements looks where only those without preparation leave it."""
        self._query = super()._convert_query(query, params)
        return self._query


def prepared(connection: object) -> DjangosCursor:
    """As Django's `connection.cursor()`, of one of its connections to PostgreSQL."""
    database = cast(_Database, connection)
    database.close_if_health_check_failed()
    database.ensure_connection()
    with database.wrap_database_errors:
        return database._prepare_cursor(PreparingCursor(database.connection))
