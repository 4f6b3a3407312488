"""L12: what an older version wrote is whole after every later migration, hash for hash.

Method: an empty database is brought to the migration that wrote the history, filled with it,
then migrated to the newest; balances are rebuilt, everything is verified, and the root is
still the one that was published then.
"""

from __future__ import annotations

import os
from datetime import date

import pytest
from django.core.management import call_command
from django.db import transaction
from ledger_support.history import FOLDER, dump, head_of, load
from ledger_support.programmes import Programme
from ledger_support.world import WON, World

from madang.ledger import queries
from madang.ledger.books.postgres import POSTGRES

HISTORIES = sorted(FOLDER.glob("history-*.jsonl"))


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.stem)
def test_inv_l12_an_older_history_is_whole_after_every_migration(empty_db, history):
    told = head_of(history)
    call_command("migrate", "ledger", told["migration"], verbosity=0)
    assert load(history) > 100
    call_command("migrate", "ledger", verbosity=0)
    queries.rebuild()
    found = queries.verify()
    assert found.ok, found
    assert (found.unsealed, found.root) == (0, told["root"])
    with transaction.atomic():
        World().settle(5 * WON)
    queries.seal()
    after = queries.verify()
    assert after.ok
    assert after.sealed > found.sealed


def test_there_is_a_history_to_keep():
    assert HISTORIES


if os.environ.get("MADANG_WRITE_HISTORY"):

    def test_write_a_new_history(committed_db):
        with transaction.atomic():
            programme = Programme(7, POSTGRES)
        for _ in range(200):
            with transaction.atomic():
                programme.step()
        with transaction.atomic():
            programme.close()
        queries.seal()
        queries.publish_root(date(2026, 11, 25))
        found = queries.verify()
        assert found.ok
        dump(FOLDER / "history-1.jsonl", migration="0002", root=found.root)
