"""L8: what a superuser changes behind the ledger's back is found, and the journal named."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from django.db import connection, transaction
from ledger_support.world import WON, World

from madang.ledger import queries
from madang.ledger.models import Hold, Journal, Seal


@pytest.fixture
def world(committed_db) -> World:
    with transaction.atomic():
        world = World()
    for amount in (1_800_001 * WON // 3, 77, 5 * WON):
        with transaction.atomic():
            world.settle(amount)
            world.post("interest", programme_year=world.year, amount=WON)
    queries.seal()
    assert queries.verify().ok
    return world


def as_superuser(sql: str, *parameters: object) -> None:
    """Past every trigger, as somebody with the superuser's password would do it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, parameters)


def journal_number(number: int) -> UUID:
    return Seal.objects.get(number=number).journal_id


def bad() -> tuple[UUID, str]:
    found = queries.verify()
    assert not found.ok
    assert found.first_bad is not None
    return found.first_bad.journal, found.first_bad.reason


TAMPERINGS = {
    "an actor": "UPDATE ledger_journal SET actor = 'person:2' WHERE id = %s",
    "a time": "UPDATE ledger_journal SET effective_at = '2020-01-01' WHERE id = %s",
    "a booking time": "UPDATE ledger_journal SET booked_at = booked_at + '1 us' WHERE id = %s",
    "a content": "UPDATE ledger_journal SET content = content || '{\"amount\": 1}'"
    " WHERE id = %s",
    "an answer": "UPDATE ledger_journal SET answer = '{\"subsidy\": 1}' WHERE id = %s",
    "both legs of an amount": "UPDATE ledger_entry SET debit = debit * 2, credit = credit * 2"
    " WHERE journal_id = %s",
    "an account": "UPDATE ledger_entry SET account_id = (SELECT id FROM ledger_account"
    " WHERE code = '1100') WHERE journal_id = %s AND debit > 0",
    "entries taken away": "DELETE FROM ledger_entry WHERE journal_id = %s",
    "a journal taken away": "DELETE FROM ledger_journal WHERE id = %s",
    "a seal": "UPDATE ledger_seal SET hash = repeat('0', 64) WHERE journal_id = %s",
    "a seal taken away": "DELETE FROM ledger_seal WHERE journal_id = %s",
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_inv_l8_a_changed_row_is_found_and_the_journal_named(world, what):
    journal = journal_number(5)
    after = journal_number(6)
    as_superuser(TAMPERINGS[what], journal)
    named, reason = bad()
    assert named == (after if what == "a seal taken away" else journal)
    assert reason


def test_inv_l8_a_journal_slipped_in_afterwards_is_unsealed_and_out_of_place(world):
    as_superuser(
        "INSERT INTO ledger_journal (id, idem, kind, chain, content, content_sha256, answer,"
        " actor, source_type, source_id, effective_at, booked_at) SELECT gen_random_uuid(),"
        " 'slipped', kind, chain, content, content_sha256, answer, actor, source_type,"
        " source_id, effective_at, booked_at FROM ledger_journal WHERE id = %s",
        journal_number(5),
    )
    found = queries.verify()
    assert found.unsealed == 1
    assert found.first_bad is not None
    assert "empty" in found.first_bad.reason


def test_inv_l8_history_rewritten_with_all_its_seals_is_caught_by_the_published_root(world):
    queries.publish_root(date(2026, 3, 2))
    journal = journal_number(5)
    as_superuser(TAMPERINGS["an actor"], journal)
    as_superuser("DELETE FROM ledger_seal")
    as_superuser("DELETE FROM ledger_seal_run")
    assert queries.seal().sealed == Journal.objects.count()
    _, reason = bad()
    assert reason == "the chain is not the one published on 2026-03-02"


def test_inv_l8_a_changed_balance_is_found_by_name(world):
    as_superuser(
        "UPDATE ledger_balance SET credit = credit + 1000000 WHERE account_id ="
        " (SELECT id FROM ledger_account WHERE code = 'B400')"
    )
    found = queries.verify()
    assert not found.ok
    assert found.balances_differ == (f"B400|voucher={world.terms.voucher}",)
    assert not all(identity.ok for identity in found.identities)
    queries.rebuild()
    assert queries.verify().ok


@pytest.mark.parametrize(
    ("what", "sql"),
    [
        (
            "account:B400|voucher={voucher}",
            'UPDATE ledger_account SET dimensions = dimensions || \'{{"x": "y"}}\''
            " WHERE code = 'B400'",
        ),
        (
            "account:2200|voucher={voucher}",
            "UPDATE ledger_account SET voucher = gen_random_uuid() WHERE code = '2200'",
        ),
        ("chart:1100", "UPDATE ledger_account_kind SET whole_won = false WHERE code = '1100'"),
        (
            "split:{voucher}:{supplier}",
            "UPDATE ledger_split SET promised = promised + 1",
        ),
        ("wallet:{voucher}", "UPDATE ledger_wallet SET ratio = '9/10'"),
        (
            "hold:{hold}",
            "UPDATE ledger_hold_state SET captured = captured - 1 WHERE hold_id = '{hold}'",
        ),
    ],
    ids=lambda text: text.split(" ")[0],
)
def test_inv_l8_what_is_not_in_the_chain_is_found_too(world, what, sql):
    names = {
        "voucher": world.terms.voucher,
        "supplier": world.supplier,
        "hold": Hold.objects.order_by("id")[0].id,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "ALTER TABLE ledger_hold_state DROP CONSTRAINT ledger_hold_state_resolved"
        )
        cursor.execute(sql.format(**names))
    assert what.format(**names) in queries.verify().balances_differ
    assert not queries.verify().ok


def test_a_root_is_published_once_a_day(world):
    first = queries.publish_root(date(2026, 3, 2))
    with transaction.atomic():
        world.post("interest", programme_year=world.year, amount=WON)
    queries.seal()
    assert queries.publish_root(date(2026, 3, 2)).root == first.root
    assert queries.publish_root(date(2026, 3, 3)).root != first.root
    assert queries.verify().root == queries.publish_root(date(2026, 3, 3)).root
