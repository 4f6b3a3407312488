"""Many rows in few round trips, for paths on which many people write at the same time.

Inserting has one statement for each table, composed once: Django's own bulk_create composes it
anew for every call, which costs more than inserting a few rows does. `pipelined` sends
statements without waiting for each answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache

import msgspec
from django.db import connection, models

Values = Mapping[str, object]
"""By the names of attributes (`grant_id`, not `grant`), all of a row's but a number that the
database gives. What JSON can carry: no bytes."""


def insert_rows(rows: Sequence[models.Model]) -> None:
    """Rows of one table, in the caller's transaction. They get the numbers that the database
    gives."""
    if not rows:
        return
    model = type(rows[0])
    values = [{name: getattr(row, name) for name in _columns(model)} for row in rows]
    numbers = insert_values(model, values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
    for row, number in zip(rows, numbers, strict=bool(numbers)):
        row.pk = number


def insert_values(model: type[models.Model], rows: Sequence[Values]) -> list[int]:
    """As insert_rows; the numbers that the database gave, in the order of the rows."""
    if not rows:
        return []
    numbered = model._meta.auto_field is not None
    with connection.cursor() as cursor:
        cursor.execute(_insertion(model), [msgspec.json.encode(rows).decode()])
        return [number for (number,) in cursor.fetchall()] if numbered else []


def set_state(rows: Sequence[models.Model], state: str) -> None:
    """Give rows of one table, which the caller has locked, another state."""
    meta = rows[0]._meta
    table, key = (connection.ops.quote_name(one) for one in (meta.db_table, meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET state = %s WHERE {key} = ANY (%s)",  # noqa: S608  our names
            [state, [row.pk for row in rows]],
        )


@cache
def _columns(model: type[models.Model]) -> dict[str, tuple[str, str]]:
    """Name and type in the database, by attribute."""
    fields = (one for one in model._meta.concrete_fields if one is not model._meta.auto_field)
    return {one.attname: (one.column, str(one.db_type(connection))) for one in fields}


@cache
def _insertion(model: type[models.Model]) -> str:
    quoted = connection.ops.quote_name
    columns = _columns(model)
    names = ", ".join(quoted(column) for column, _ in columns.values())
    read = ", ".join(f"v.{quoted(name)}" for name in columns)
    typed = ", ".join(f"{quoted(name)} {kind}" for name, (_, kind) in columns.items())
    auto = model._meta.auto_field
    return (
        f"INSERT INTO {quoted(model._meta.db_table)} ({names})"  # noqa: S608  names of our own
        f" SELECT {read} FROM ROWS FROM (jsonb_to_recordset(%s::jsonb) AS ({typed}))"
        f" WITH ORDINALITY AS v ORDER BY v.ordinality"
        + (f" RETURNING {quoted(auto.column)}" if auto is not None else "")
    )


@contextmanager
def pipelined() -> Iterator[None]:
    """Inside a transaction: each statement is sent at once, and whoever reads an answer waits
    for it. What the database refuses is raised there, or at the end."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield
