"""Many rows in few round trips, for paths on which many people write at the same time.

Inserting has one statement for each table, composed once: Django's own bulk_create composes it
anew for every call, which costs more than inserting a few rows does. So has `Composed`, for a
row with what it points to. `pipelined` sends statements without waiting for each answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property, partial
from operator import eq
from typing import Generic, TypeVar, cast
from uuid import UUID

import msgspec
from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    connection,
    connections,
    models,
)
from django.db.models.expressions import Expression
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler

from madang.core.prepared import prepared

Row = TypeVar("Row", bound=models.Model)
Found = TypeVar("Found")
Answer = Callable[[], Found]
"""What was asked of the database; whoever calls it waits, but not behind `pipelined`."""
Converters = dict[int, tuple[list[Callable[..., object]], Expression]]
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
    with prepared(connections[DEFAULT_DB_ALIAS]) as cursor:
        cursor.execute(_insertion(model), [_json(rows)])
        return [cast(int, number) for (number,) in cursor.fetchall()] if numbered else []


def _json(rows: Sequence[Values]) -> str:
    return msgspec.json.encode(rows, enc_hook=_plain).decode()


def _plain(value: object) -> object:
    """A word or number of a class of its own."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    raise TypeError(type(value))


def set_state(rows: Sequence[models.Model], state: str) -> None:
    """Give rows of one table, which the caller has locked, another state."""
    table, key = _named(type(rows[0]))
    with prepared(connections[DEFAULT_DB_ALIAS]) as cursor:
        cursor.execute(
            f"UPDATE {table} SET state = %s WHERE {key} = ANY (%s)",  # noqa: S608  our names
            [state, [row.pk for row in rows]],
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What must hold of a row still, and what is written then, beside its own values."""

    before: Values
    after: Values


def set_unchanged(
    given: Sequence[tuple[models.Model, Values]],
    change: Change,
    told: type[models.Model],
    events: Sequence[Values],
) -> set[UUID]:
    """Rows of one table, each with its own values for the same columns: in one statement, those
    that still are as `before` says get them, and the rows of `told` whose `subject_id` they are
    are inserted. Their keys. All are locked first, in the order of their keys."""
    model, own = type(given[0][0]), tuple(given[0][1])
    sql = _changing(model, own, tuple(change.after), tuple(change.before), told)
    rows = [{"pk": row.pk, **values} for row, values in given]
    values = [[row.pk for row, _ in given], *change.after.values(), _json(rows),
              *change.before.values(), _json(events)]  # fmt: skip
    return {key for (key,) in asked(sql, values, tuple[UUID])()}


def asked(sql: str, values: Sequence[object], row: type[Found]) -> Answer[list[Found]]:
    """Sent now, read when it is called: what is asked one after another waits together. `row`
    says what the columns are."""
    cursor = prepared(connections[DEFAULT_DB_ALIAS])
    cursor.execute(sql, values)
    return cast("Answer[list[Found]]", cursor.fetchall)


def lock_rows(known: Sequence[Row]) -> Answer[list[Row]]:
    """Rows that the caller has read, locked without their keys, in the order of their ids: the
    very same where nothing has changed, else read anew. Of one table, whose columns need no
    conversion: no JSON."""
    model, before = type(known[0]), {row.pk: row for row in known}
    read = asked(_locking(model), [list(before)], tuple[object, ...])
    names = list(_columns(model))
    place = names.index(str(model._meta.pk.attname))

    def as_now(now: tuple[object, ...]) -> Row:
        row = before[now[place]]
        is_same = all(map(eq, map(partial(getattr, row), names), now))
        return row if is_same else model.from_db(connection.alias, names, now)

    return lambda: [as_now(now) for now in read()]


class Composed(Generic[Row]):
    """A query that asks for a row by one word, with what the row points to (select_related).

    Its statement is composed at the first use: that costs more than the database's answer does.
    """

    MARK = "the word"

    def __init__(self, make: Callable[[str], models.QuerySet[Row]]) -> None:
        self._make = make

    def first(self, word: str) -> Row | None:
        return next(iter(self.all([word])), None)

    def all(self, words: Sequence[str]) -> list[Row]:
        """The rows of several words, in the query's order."""
        sql, compiler, converters = self._statement
        with prepared(connections[DEFAULT_DB_ALIAS]) as cursor:
            cursor.execute(sql, [list(words)])
            found = compiler.apply_converters(cursor.fetchall(), converters)
            return self._rows(compiler, found)

    @cached_property
    def _statement(self) -> tuple[str, SQLCompiler, Converters]:
        """Also how its answer is read; whichever thread comes first composes it."""
        compiler = self._make(self.MARK).query.get_compiler(connection=connection)
        sql, values = compiler.as_sql()
        assert (list(values), sql.count("= %s")) == ([self.MARK], 1), sql
        fields = [one[0] for one in compiler.select]
        return sql.replace("= %s", "= ANY(%s)"), compiler, compiler.get_converters(fields)

    def _rows(self, compiler: SQLCompiler, found: Iterable[Sequence[object]]) -> list[Row]:
        told = compiler.klass_info
        assert told is not None
        begin, end = told["select_fields"][0], told["select_fields"][-1] + 1
        names = [one[0].target.attname for one in compiler.select[begin:end]]
        populators = get_related_populators(told, compiler.select, connection.alias)  # type: ignore[call-arg]  # the stubs know a later Django
        rows: list[Row] = []
        for read in found:
            row: Row = told["model"].from_db(connection.alias, names, read[begin:end])
            for related in populators:
                related.populate(read, row)
            rows.append(row)
        return rows


def read_first(read: Callable[[], Found]) -> Found:
    """The first statements of a call, which only read: they tell whether the connection still
    stands, and what it has prepared fits, and are sent again on a fresh one. Django's own check
    would cost one more each."""
    if connection.in_atomic_block:
        return read()
    connection.health_check_done = True  # type: ignore[attr-defined]  # not in the stubs
    try:
        return read()
    except (InterfaceError, NotSupportedError, OperationalError):
        connection.close()
        return read()


def column_list(model: type[models.Model], table: str) -> tuple[list[str], str]:
    """The names of a model's attributes, and its columns as they stand in a statement."""
    quoted, columns = connection.ops.quote_name, _columns(model)
    return list(columns), ", ".join(f"{table}.{quoted(one)}" for one, _ in columns.values())


@cache
def _locking(model: type[models.Model]) -> str:
    quoted, (table, key) = connection.ops.quote_name, _named(model)
    names = ", ".join(quoted(column) for column, _ in _columns(model).values())
    return (
        f"SELECT {names} FROM {table}"  # noqa: S608  names of our own
        f" WHERE {key} = ANY (%s) ORDER BY {key} FOR NO KEY UPDATE"
    )


@cache
def _named(model: type[models.Model]) -> tuple[str, str]:
    """The table and its key, as they stand in a statement."""
    assert model._meta.pk.column is not None, model
    quoted = connection.ops.quote_name
    return quoted(model._meta.db_table), quoted(model._meta.pk.column)


@cache
def _columns(model: type[models.Model]) -> dict[str, tuple[str, str]]:
    """Name and type in the database, by attribute."""
    fields = (one for one in model._meta.concrete_fields if one is not model._meta.auto_field)
    return {one.attname: (str(one.column), str(one.db_type(connection))) for one in fields}


@cache
def _changing(
    model: type[models.Model],
    own: tuple[str, ...],
    after: tuple[str, ...],
    before: tuple[str, ...],
    told: type[models.Model],
) -> str:
    quoted, (table, key) = connection.ops.quote_name, _named(model)
    columns, key_type = _columns(model), _columns(model)[str(model._meta.pk.attname)][1]
    named = {name: quoted(column) for name, (column, _) in columns.items()}
    typed = ", ".join(f"{quoted(one)} {columns[one][1]}" for one in own)
    written = ", ".join(
        [f"{named[one]} = %s" for one in after]
        + [f"{named[one]} = v.{quoted(one)}" for one in own]
    )
    held = " AND ".join(f"t.{named[one]} = %s" for one in before)
    return (
        f"WITH locked AS (SELECT {key} AS pk FROM {table} WHERE {key} = ANY (%s)"  # noqa: S608
        f" ORDER BY {key} FOR NO KEY UPDATE),"
        f" moved AS (UPDATE {table} AS t SET {written}"
        f" FROM locked JOIN jsonb_to_recordset(%s::jsonb) AS v(pk {key_type}, {typed})"
        f" USING (pk) WHERE t.{key} = pk AND {held} RETURNING t.{key} AS pk),"
        f" told AS ({_insert(told)} JOIN moved ON v.subject_id = moved.pk::text"
        f" ORDER BY v.ordinality) SELECT pk FROM moved"
    )


@cache
def _insertion(model: type[models.Model]) -> str:
    _, key = _named(model)
    is_numbered = model._meta.auto_field is not None
    return f"{_insert(model)} ORDER BY v.ordinality{f' RETURNING {key}' * is_numbered}"


def _insert(model: type[models.Model]) -> str:
    """Rows of JSON, `v`, into a table."""
    quoted, (table, _) = connection.ops.quote_name, _named(model)
    columns = _columns(model)
    names = ", ".join(quoted(column) for column, _ in columns.values())
    read = ", ".join(f"v.{quoted(name)}" for name in columns)
    typed = ", ".join(f"{quoted(name)} {kind}" for name, (_, kind) in columns.items())
    return (
        f"INSERT INTO {table} ({names})"  # noqa: S608  names of our own
        f" SELECT {read} FROM ROWS FROM (jsonb_to_recordset(%s::jsonb) AS ({typed}))"
        f" WITH ORDINALITY AS v"
    )


@contextmanager
def pipelined() -> Iterator[None]:
    """Each statement is sent at once, and whoever reads an answer waits for it; behind the end
    all are there. What the database refuses is raised where it is read, or at the end. Outside
    a transaction it is one of its own: only for what reads."""
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield
