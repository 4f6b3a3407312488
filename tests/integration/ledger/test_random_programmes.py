"""The same random programmes over PostgreSQL, and both places compared to the micro-won."""

from __future__ import annotations

import os

import pytest
from django.db import connection
from ledger_support.programmes import run, run_in_memory

from madang.ledger import queries
from madang.ledger.books.postgres import POSTGRES
from madang.ledger.seals.queries import _picture

LONG = "MADANG_TEST_LONG" in os.environ
COUNT = max(4, int(os.environ.get("MADANG_TEST_PROGRAMMES") or (2_000 if LONG else 120)) // 40)


def view():
    picture = _picture("default")
    balances = {
        line_key: picture_balance(line_key, debit, credit)
        for line_key, (debit, credit) in picture.accounts.items()
    }
    return balances, picture


def picture_balance(key: str, debit: int, credit: int) -> int:
    from madang.ledger.chart import CHART, Side

    normal = CHART[key.split("|", 1)[0]].normal
    return debit - credit if normal is Side.DEBIT else credit - debit


@pytest.mark.parametrize("seed", range(COUNT))
def test_inv_programmes_over_postgresql_equal_those_over_memory(db, seed):
    programme = run(seed, POSTGRES, view, steps=60)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    twin = run_in_memory(seed, steps=60)
    in_memory = {key: list(totals) for key, totals in twin.into.totals().items() if any(totals)}
    in_database = {
        key: list(totals) for key, totals in view()[1].accounts.items() if any(totals)
    }
    assert in_database == in_memory
    assert queries.balances_differ() == ()
    queries.rebuild()
    assert queries.balances_differ() == ()
    assert queries.trial_balance().is_balanced
    assert programme.log == twin.log
