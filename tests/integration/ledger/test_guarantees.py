"""L1, L2, L5, L6, L9, L10: what the database refuses, whoever asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import ProgrammingError, connection, transaction
from ledger_support.attacks import ATTACKS, FACTS, PROJECTIONS, Target, succeeds
from ledger_support.world import AT, WON, World

from madang.ledger import queries
from madang.ledger.chart import CHART, Side


@pytest.fixture
def target(committed_db) -> Target:
    return Target()


def test_inv_l2_no_attack_succeeds_as_owner_or_as_application(target):
    queries.publish_root(AT.date())
    for role in ("", "madang_owner", "madang_app", "madang_read"):
        assert [a.__name__ for a in ATTACKS if succeeds(a, target, role=role)] == []
    assert queries.verify().ok


def test_inv_l9_the_application_role_posts_and_cannot_touch_a_balance(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE madang_app")
    world = World()
    world.settle(1_800_000 * WON)
    world.post("refund_deposit", world.terms, organisation=world.organisation, amount=WON)
    queries.seal()
    queries.rebuild()
    assert queries.verify().ok
    for table in (*FACTS, *PROJECTIONS):
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with (
                pytest.raises(ProgrammingError, match=r"permission denied|does not exist"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)


def test_the_reporting_role_reads_and_writes_nothing(db):
    World()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE madang_read")
    assert queries.trial_balance().is_balanced
    with pytest.raises(ProgrammingError, match="permission denied"):
        World()


def test_a_client_cannot_set_server_time_or_transaction(target):
    with transaction.atomic():
        target.run(
            "INSERT INTO ledger_journal (id, idem, kind, chain, content, content_sha256,"
            " answer, actor, source_type, source_id, effective_at, booked_at, xid)"
            " VALUES (gen_random_uuid(), 'forged', 'P19', gen_random_uuid(), '{}', '', '{}',"
            " 'x', 'x', 'x', now(), '2001-01-01', '3')"
        )
        found = target.run(
            "SELECT booked_at >= now(), xid = pg_current_xact_id() FROM ledger_journal"
            " WHERE idem = 'forged'"
        )
        assert found == [(True, True)]
        transaction.set_rollback(True)


def test_the_chart_in_the_database_is_the_chart_in_the_code(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, book, normal, whole_won, keys::text FROM ledger_account_kind"
        )
        found = {code: rest for code, *rest in cursor.fetchall()}
    import json

    wanted = {
        line.code: [
            str(line.book),
            1 if line.normal is Side.DEBIT else -1,
            line.whole_won,
            json.dumps([list(key) for key in line.keys]),
        ]
        for line in CHART.values()
    }
    assert found == wanted


def test_inv_l9_balances_are_rebuilt_from_entries_alone(target):
    with transaction.atomic():
        target.run("SELECT set_config('madang.ledger_rebuild', 'on', true)")
        for table in PROJECTIONS:
            target.run(f"DELETE FROM {table}")
    assert queries.balances_differ() != ()
    assert not queries.verify().ok
    queries.rebuild()
    assert queries.balances_differ() == ()
    assert queries.verify().ok


def test_a_posting_outside_a_transaction_is_our_mistake(committed_db):
    with pytest.raises(AssertionError, match="atomic"):
        World()


def test_a_reason_in_words_is_kept_apart_and_can_be_erased(target):
    from madang.ledger.models import Note

    with transaction.atomic():
        world = target.world
        stamp = world.stamp(reason="김하나 님의 요청으로 정정")
        journal = world.post("interest", programme_year=world.year, amount=WON, stamp=stamp)
    queries.seal()
    assert Note.objects.get(journal_id=journal.journal).text.startswith("김하나")
    with transaction.atomic():
        target.run("SET LOCAL ROLE madang_app")
        Note.objects.filter(journal_id=journal.journal).delete()
    assert queries.verify().ok


def test_a_role_that_default_privileges_let_in_is_held_to_the_rights_of_the_application(db):
    """An installation may name its application role as it likes."""
    from madang.ledger.migrations import __path__ as folder

    roles_sql = (Path(folder[0]).parent / "sql" / "0002_roles.sql").read_text(encoding="utf-8")
    rights = roles_sql.split("DO $$")[-1]
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE another_app NOLOGIN")
        for table in (*FACTS, *PROJECTIONS):
            cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO another_app")
        cursor.execute("DO $$" + rights)
        for table in (*FACTS, *PROJECTIONS):
            for right in ("UPDATE", "DELETE", "TRUNCATE"):
                cursor.execute(
                    "SELECT has_table_privilege('another_app', %s, %s)", [table, right]
                )
                assert cursor.fetchone() == (False,), (table, right)
        cursor.execute("SET LOCAL ROLE another_app")
    World().settle(5 * WON)
    assert queries.balances_differ() == ()
