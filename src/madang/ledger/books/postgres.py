"""Journals in PostgreSQL: one call to read under locks, one call to write.

The rules are Python (postings), the guarantees are the database's (sql/): this module only
carries values between the two. Both calls are functions of the schema, so a posting costs two
round trips whatever it touches.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from uuid import UUID

import psycopg
from django.db import IntegrityError, OperationalError, connections

from madang.core.errors import Conflict
from madang.core.ids import uuid7
from madang.core.prepared import prepared
from madang.ledger import errors
from madang.ledger.books import _rows
from madang.ledger.draft import Ask, Draft, Facts, Written

_READ = "SELECT ledger_read(%s::jsonb)::text"
_WRITE = (
    "SELECT ledger_post(%s::jsonb, %s::int[], %s::text[], %s::bigint[], %s::bigint[])::text"
)


class PostgresJournals:
    """The ledger of an installation, through one of Django's connections."""

    def __init__(self, using: str = "default", new_id: Callable[[], UUID] = uuid7) -> None:
        self._using = using
        self._new_id = new_id

    def read(self, ask: Ask) -> Facts:
        """Take the locks of `ask`, held to the end of the transaction, then read."""
        return _rows.facts_from(json.loads(self._call(_READ, [_rows.ask_json(ask)])))

    def write(self, drafts: Sequence[Draft]) -> list[Written]:
        """Write all drafts or none; balances move with them, in ascending account id."""
        if not drafts:
            return []
        ids = [self._new_id() if draft.legs else None for draft in drafts]
        answer = json.loads(self._call(_WRITE, _rows.write_arguments(drafts, ids)))
        if "overdrawn" in answer:
            raise errors.Overdrawn(**answer["overdrawn"])
        if "year_closed" in answer:
            raise errors.YearClosed(programme_year=answer["year_closed"])
        if "exists" in answer:
            return [_rows.written_from(row) for row in answer["exists"]]
        return [
            Written(
                id, draft.request.kind, draft.request.full_content, draft.answer, fresh=True
            )
            for id, draft in zip(ids, drafts, strict=True)
        ]

    def _call(self, sql: str, arguments: Sequence[_rows.Argument]) -> str:
        connection = connections[self._using]
        assert connection.in_atomic_block, "a posting runs inside transaction.atomic()"
        try:
            with prepared(connection) as cursor:
                cursor.execute(sql, arguments)
                ((answer,),) = cursor.fetchall()
                return str(answer)
        except OperationalError as err:
            if isinstance(err.__cause__, psycopg.errors.DeadlockDetected):
                raise errors.Busy(reason="deadlock") from err
            raise
        except IntegrityError as err:
            if isinstance(err.__cause__, psycopg.errors.UniqueViolation):
                raise _taken(err.__cause__) from err
            raise


def _taken(violation: psycopg.errors.UniqueViolation) -> Conflict:
    """An id that somebody else took between our look and our write."""
    if violation.diag.constraint_name == "ledger_hold_pkey":
        return errors.HoldExists(hold="")
    return errors.ExistsWithDifferent(id="", field="id")


POSTGRES = PostgresJournals()


def post(draft: Draft) -> Written:
    """Write one journal: the only way into the ledger."""
    return POSTGRES.write((draft,))[0]
