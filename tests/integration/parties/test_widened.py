"""A column is widened while processes of the version before are at work: what they have
prepared no longer fits, and they go on."""

from __future__ import annotations

from contextlib import closing

import pytest
from django.db import NotSupportedError, connection

from madang.core.prepared import prepared
from madang.parties.rows import read_first

pytestmark = pytest.mark.django_db
READ = "SELECT word FROM widened"


@pytest.fixture
def database():
    """A connection of its own, which sees what is committed."""
    with closing(connection.copy()) as stays, closing(connection.copy()) as other:
        with other.cursor() as cursor:
            cursor.execute("CREATE TABLE widened (word varchar(4))")
            cursor.execute("INSERT INTO widened VALUES ('x')")
        try:
            assert read(stays) == [("x",)]
            with other.cursor() as cursor:
                cursor.execute("ALTER TABLE widened ALTER word TYPE varchar(8)")
            yield stays
        finally:
            stays.close()
            with other.cursor() as cursor:
                cursor.execute("DROP TABLE widened")


def read(database) -> list[tuple[object, ...]]:
    with prepared(database) as cursor:
        cursor.execute(READ, [])
        return cursor.fetchall()


def test_a_statement_by_itself_is_prepared_anew(database):
    assert [read(database) for _ in range(2)] == [[("x",)]] * 2
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == (1,)


def test_a_transaction_is_lost_and_the_next_one_goes_on(database):
    database.set_autocommit(False)
    with pytest.raises(NotSupportedError):
        read(database)
    database.rollback()
    database.set_autocommit(True)
    assert read(database) == [("x",)]


def test_what_is_read_first_in_a_pipeline_is_read_again_on_a_fresh_connection(
    database, monkeypatch
):
    monkeypatch.setattr("madang.parties.rows.connection", database)

    def piped():
        database.ensure_connection()
        with database.wrap_database_errors, database.connection.pipeline():
            return read(database)

    assert read_first(piped) == [("x",)]
