"""Ways to hurt the ledger with bare SQL, as the owner of the tables or as the application.

Each must end in an error of the database. The planted faults take one guarantee away and
demand that an attack then succeeds: so no attack is only for show.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from django.db import Error, connection, transaction

from ledger_support.world import WON, World

Attack = Callable[["Target"], None]


class Target:
    """A world that is committed, and hands for bare SQL."""

    def __init__(self) -> None:
        with transaction.atomic():
            self.world = World()
            self.lease = self.world.lease(100 * WON)
            self.world.capture(self.lease, 40 * WON)
            self.done = self.world.lease(10 * WON)
            self.world.post("resolve", self.world.terms, hold_id=self.done, kind="void")
            self.world.capture(self.lease, 0)
        with transaction.atomic():
            from madang.ledger import queries

            queries.seal()

    def run(self, sql: str, *parameters: object) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def value(self, sql: str, *parameters: object) -> object:
        return self.run(sql, *parameters)[0][0]

    def old_journal(self) -> object:
        return self.value("SELECT id FROM ledger_journal WHERE kind = 'P1'")

    def account(self, code: str) -> int:
        return self.value("SELECT id FROM ledger_account WHERE code = %s", code)

    def journal(self, idem: object = None) -> object:
        id = uuid4()
        self.run(
            "INSERT INTO ledger_journal (id, idem, kind, chain, content, content_sha256,"
            " answer, actor, source_type, source_id, effective_at)"
            " VALUES (%s, %s, 'P19', %s, '{}', '', '{}', 'x', 'x', 'x', now())",
            id, str(idem or id), uuid4(),
        )  # fmt: skip
        return id

    def entries(self, journal: object, *legs: tuple[str, str, int, int]) -> None:
        """Legs in one statement: code, book, debit, credit."""
        rows = [(journal, self.account(c), b, d, k) for c, b, d, k in legs]
        self.run(
            "INSERT INTO ledger_entry (journal_id, account_id, book, debit, credit) VALUES "
            + ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows)),
            *(value for row in rows for value in row),
        )


def entries_for_an_old_journal(t: Target) -> None:
    t.entries(t.old_journal(), ("B100", "B", WON, 0), ("B200", "B", 0, WON))


def a_journal_without_entries(t: Target) -> None:
    t.journal()


def a_journal_out_of_balance(t: Target) -> None:
    t.entries(t.journal(), ("B100", "B", 2, 0), ("B200", "B", 0, 1))


def a_journal_balanced_only_across_books(t: Target) -> None:
    t.entries(t.journal(), ("B100", "B", WON, 0), ("2100", "M", 0, WON))


def a_leg_added_after_the_check_at_commit(t: Target) -> None:
    journal = t.journal()
    t.entries(journal, ("B100", "B", 1, 0), ("B200", "B", 0, 1))
    t.run("SET CONSTRAINTS ALL IMMEDIATE")
    t.entries(journal, ("B100", "B", 5, 0))


def an_overdraft(t: Target) -> None:
    t.entries(
        t.journal(), ("B200", "B", 99_000_000 * WON, 0), ("B300", "B", 0, 99_000_000 * WON)
    )


def a_fraction_on_a_bank_account(t: Target) -> None:
    t.entries(t.journal(), ("1100", "M", 1, 0), ("2100", "M", 0, 1))


def fractions_that_add_up_to_a_won(t: Target) -> None:
    half = WON // 2
    t.entries(
        t.journal(),
        ("1100", "M", half, 0), ("2100", "M", 0, half),
        ("1100", "M", half, 0), ("2100", "M", 0, half),
    )  # fmt: skip


def an_entry_in_another_book(t: Target) -> None:
    t.entries(t.journal(), ("B100", "M", 1, 0), ("2100", "M", 0, 1))


def an_entry_on_both_sides(t: Target) -> None:
    t.entries(t.journal(), ("B100", "B", 1, 1), ("B200", "B", 1, 1))


def a_negative_entry(t: Target) -> None:
    t.entries(t.journal(), ("B200", "B", -1, 0), ("B100", "B", 0, -1))


def an_account_outside_the_chart(t: Target) -> None:
    t.run("INSERT INTO ledger_account (key) VALUES ('9999|voucher=%s')" % uuid4())


def an_account_with_a_dimension_less(t: Target) -> None:
    t.run("INSERT INTO ledger_account (key) VALUES ('2300S|voucher=%s')" % uuid4())


def the_same_id_twice(t: Target) -> None:
    used = t.value("SELECT idem FROM ledger_journal WHERE kind = 'P1'")
    t.entries(t.journal(used), ("B100", "B", 1, 0), ("B200", "B", 0, 1))


def _hold_event(t: Target, hold: object, event: str, amount: int) -> None:
    t.run(
        "INSERT INTO ledger_hold_event (hold_id, event, amount) VALUES (%s, %s, %s)",
        hold, event, amount,
    )  # fmt: skip


def a_capture_beyond_the_lease(t: Target) -> None:
    _hold_event(t, t.lease, "capture", 60 * WON + 1)


def a_capture_after_the_resolution(t: Target) -> None:
    _hold_event(t, t.done, "capture", 1)


def a_second_resolution(t: Target) -> None:
    _hold_event(t, t.done, "expire", 0)


def a_resolution_that_returns_too_little(t: Target) -> None:
    _hold_event(t, t.lease, "void", 1)


def a_refund_beyond_what_was_captured(t: Target) -> None:
    t.run(
        "INSERT INTO ledger_voucher_event (voucher, supplier, event, amount, ratio, vat)"
        " VALUES (%s, %s, 'refund', %s, '', '')",
        t.world.terms.voucher, t.world.supplier, 41 * WON,
    )  # fmt: skip


FACTS = (
    "ledger_account", "ledger_journal", "ledger_entry", "ledger_hold", "ledger_hold_event",
    "ledger_voucher_event", "ledger_stillness", "ledger_seal", "ledger_seal_run", "ledger_root",
)  # fmt: skip
PROJECTIONS = ("ledger_balance", "ledger_hold_state", "ledger_split", "ledger_wallet")
COLUMNS = {
    "ledger_account": "key = key || 'x'", "ledger_journal": "actor = 'other'",
    "ledger_entry": "debit = debit", "ledger_hold": "amount = amount + 1",
    "ledger_hold_event": "amount = amount + 1", "ledger_voucher_event": "amount = amount + 1",
    "ledger_stillness": "actor = 'other'", "ledger_seal": "hash = ''",
    "ledger_seal_run": "sealed = 0", "ledger_root": "root = ''",
    "ledger_balance": "credit = credit + 1000000", "ledger_hold_state": "captured = 0",
    "ledger_split": "promised = promised + 1", "ledger_wallet": "issued = issued + 1",
}  # fmt: skip


def _statement(name: str, sql: str) -> Attack:
    def attack(t: Target) -> None:
        t.run(sql)

    attack.__name__ = name
    return attack


ATTACKS: list[Attack] = [
    entries_for_an_old_journal,
    a_journal_without_entries,
    a_journal_out_of_balance,
    a_journal_balanced_only_across_books,
    a_leg_added_after_the_check_at_commit,
    an_overdraft,
    a_fraction_on_a_bank_account,
    fractions_that_add_up_to_a_won,
    an_entry_in_another_book,
    an_entry_on_both_sides,
    a_negative_entry,
    an_account_outside_the_chart,
    an_account_with_a_dimension_less,
    the_same_id_twice,
    a_capture_beyond_the_lease,
    a_capture_after_the_resolution,
    a_second_resolution,
    a_resolution_that_returns_too_little,
    a_refund_beyond_what_was_captured,
    *(
        _statement(f"{verb.lower()}_{table}", sql)
        for table in (*FACTS, *PROJECTIONS)
        for verb, sql in (
            ("UPDATE", f"UPDATE {table} SET {COLUMNS[table]}"),
            ("DELETE", f"DELETE FROM {table}"),
            ("TRUNCATE", f"TRUNCATE {table} CASCADE"),
        )
    ),
]


def succeeds(attack: Attack, target: Target, *, role: str = "") -> bool:
    """Try it in a transaction of its own, up to the check at commit; nothing stays."""
    try:
        with transaction.atomic():
            if role:
                target.run(f"SET LOCAL ROLE {role}")
            attack(target)
            target.run("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except Error:
        return False
    return True
