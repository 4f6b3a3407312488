"""The suite is tested, too: every planted fault must turn it red.

Goal: no fault of the list survives. Method: the fault is put into the text of the running
modules (or of the database's functions), then the published examples and random programmes
run until one fails. Without a fault the same seeds are green (tests/unit/ledger).
"""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from ledger_support.attacks import ATTACKS, FACTS, Target, succeeds
from ledger_support.memory import MemoryJournals
from ledger_support.planted import FAULTS, Fault, planted
from ledger_support.programmes import run_in_memory
from ledger_support.world import WON, World

from madang.core.errors import Refused

SEEDS = range(120)


def suite() -> None:
    """What must go red: an example first, for it is cheap, then programmes."""
    world = World(MemoryJournals())
    world.settle(1_800_000 * WON)
    assert world.into.balance(f"2310C|supplier={world.supplier}") == 720_000 * WON
    for seed in SEEDS:
        run_in_memory(seed)


def test_the_suite_is_green_without_a_fault():
    world = World(MemoryJournals())
    world.settle(1_800_000 * WON)
    for seed in SEEDS[:10]:
        run_in_memory(seed)


def test_there_are_more_than_enough_faults():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 15


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_planted_fault_turns_the_suite_red(fault: Fault):
    with planted(fault), pytest.raises(Exception) as caught:
        suite()
    assert isinstance(caught.value, AssertionError | Refused)
    assert planted_nowhere()


def planted_nowhere() -> bool:
    """The fault is gone again: the first programme is green."""
    run_in_memory(0, steps=5)
    return True


def in_function(function: str, text: str, other: str) -> str:
    """A statement that plants a fault in one of the database's functions."""
    return f"""
        DO $plant$
        DECLARE
            source text := pg_get_functiondef('{function}'::regproc);
            changed text := replace(source, $text${text}$text$, $other${other}$other$);
        BEGIN
            IF changed = source THEN RAISE EXCEPTION 'the fault is not planted'; END IF;
            EXECUTE changed;
        END $plant$
    """


GUARANTEES = {
    "entries_for_an_old_journal": in_function(
        "ledger_entry_added",
        "j.xid IS DISTINCT FROM pg_current_xact_id() OR j.booked_at < now()",
        "false",
    ),
    "a_journal_without_entries": "DROP TRIGGER ledger_journal_at_commit ON ledger_journal",
    "a_leg_added_after_the_check_at_commit": in_function(
        "ledger_entry_added", "OR sum(e.debit) <> sum(e.credit)", ""
    ),
    "an_overdraft": "ALTER TABLE ledger_balance DROP CONSTRAINT ledger_balance_not_overdrawn",
    "fractions_that_add_up_to_a_won": in_function(
        "ledger_entry_added", "b.whole_won AND", "false AND"
    ),
    "an_entry_in_another_book": "ALTER TABLE ledger_entry"
    " DROP CONSTRAINT ledger_entry_account_in_its_book",
    "an_entry_on_both_sides": "ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_one_side",
    "a_negative_entry": "ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_one_side",
    "an_account_with_a_dimension_less": in_function(
        "ledger_account_before", "k WHERE k = names", "k"
    ),
    "the_same_id_twice": "ALTER TABLE ledger_journal DROP CONSTRAINT ledger_journal_idem_key",
    "a_capture_beyond_the_lease": "ALTER TABLE ledger_hold_state"
    " DROP CONSTRAINT ledger_hold_state_within; ALTER TABLE ledger_split"
    " DROP CONSTRAINT ledger_split_order",
    "a_capture_after_the_resolution": "ALTER TABLE ledger_hold_state"
    " DROP CONSTRAINT ledger_hold_state_within, DROP CONSTRAINT ledger_hold_state_resolved",
    "a_second_resolution": "DROP INDEX ledger_hold_resolved_once",
    "a_resolution_that_returns_too_little": "ALTER TABLE ledger_hold_state"
    " DROP CONSTRAINT ledger_hold_state_resolved",
    "a_refund_beyond_what_was_captured": "ALTER TABLE ledger_split"
    " DROP CONSTRAINT ledger_split_order",
    "truncate_ledger_entry": "DROP TRIGGER ledger_entry_no_truncate ON ledger_entry",
    "update_ledger_balance": "DROP TRIGGER ledger_balance_follows ON ledger_balance",
    **{
        f"update_{table}": f"DROP TRIGGER {table}_no_change ON {table}"
        for table in FACTS
        if table not in ("ledger_account", "ledger_root")
    },
}


def test_without_its_guarantee_each_attack_on_the_database_succeeds(committed_db):
    target = Target()
    attacks = {attack.__name__: attack for attack in ATTACKS}
    survived = []
    for name, plant in GUARANTEES.items():
        with transaction.atomic():
            target.run(plant)
            found = succeeds(attacks[name], target)
            transaction.set_rollback(True)
        if not found:
            survived.append(name)
    assert survived == []


PROJECTIONS = {
    "a debit does not move its balance": in_function(
        "ledger_entry_added", "SET debit = b.debit + m.debit", "SET debit = b.debit"
    ),
    "a capture does not move its counter": in_function(
        "ledger_hold_event_added",
        "SET captured = s.captured + m.captured",
        "SET captured = s.captured",
    ),
    "a release does not move its counter": in_function(
        "ledger_hold_event_added", "promised = s.promised - m.returned", "promised = s.promised"
    ),
    "a statement does not mark how far it came": in_function(
        "ledger_voucher_event_added", "coalesce(m.mark, s.stated)", "s.stated"
    ),
    "an expiry is forgotten": in_function(
        "ledger_voucher_event_added", "expired = w.expired OR m.expired", "expired = w.expired"
    ),
}


@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_fault_in_a_projection_is_found_by_verification(db, name):
    from madang.ledger import queries

    with connection.cursor() as cursor:
        cursor.execute(PROJECTIONS[name])
    with pytest.raises(Exception) as caught:
        world = World()
        hold = world.lease(10 * WON)
        world.capture(hold, 3 * WON)
        world.post("resolve", world.terms, hold_id=hold, kind="void")
        world.post("freeze_statement", world.terms, supplier=world.supplier)
        world.post("expire_voucher", world.terms)
        assert queries.verify().ok
    assert caught.value is not None
