"""The published examples, step by step, over PostgreSQL and over memory."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from ledger_support.memory import MemoryJournals
from ledger_support.world import WON, World

from madang.core.money import Ratio
from madang.ledger import errors, postings, queries
from madang.ledger.rounding import deposit_required, safe_lease, spendable_supply
from madang.ledger.types import CaptureOrder, Parts


def balances(into) -> dict[str, int]:
    """Balances by code, in won."""
    if isinstance(into, MemoryJournals):
        pairs = [(key.split("|", 1)[0], into.balance(key)) for key in into.totals()]
    else:
        pairs = [(line.code, line.net) for line in queries.trial_balance().accounts]
    found: dict[str, int] = {}
    for code, amount in pairs:
        found[code] = found.get(code, 0) + amount
    return {code: amount // WON for code, amount in found.items() if amount}


CODES = ("B400", "B410", "B500", "2200", "2210", "2300S", "2300C", "2300V", "2310S", "2310C")
STEPS = {
    "issued": (4_000_000, 0, 0, 2_000_000, 0, 0, 0, 0, 0, 0),
    "held": (2_740_000, 1_260_000, 0, 1_280_000, 720_000, 0, 0, 0, 0, 0),
    "captured": (2_740_000, 0, 1_260_000, 1_280_000, 0, 1_260_000, 540_000, 180_000, 0, 0),
    "stated": (2_740_000, 0, 1_260_000, 1_280_000, 0, 0, 0, 0, 1_260_000, 720_000),
    "paid": (2_740_000, 0, 1_260_000, 1_280_000, 0, 0, 0, 0, 0, 0),
}


def row(into) -> tuple[int, ...]:
    found = balances(into)
    return tuple(found.get(code, 0) for code in CODES)


def test_published_example_of_1_980_000_won(journals):
    world = World(journals)
    assert row(journals) == STEPS["issued"]
    spendable = spendable_supply(
        world.terms, available=4_000_000 * WON, deposit=2_000_000 * WON
    )
    assert spendable == 5_000_000 * WON
    hold = world.lease(1_800_000 * WON)
    assert row(journals) == STEPS["held"]
    captured = world.capture(hold, 1_800_000 * WON)
    assert captured.parts == Parts(1_260_000 * WON, 540_000 * WON, 180_000 * WON)
    assert row(journals) == STEPS["captured"]
    assert world.post("resolve", world.terms, hold_id=hold, kind="void").posted.journal is None
    world.post("freeze_statement", world.terms, supplier=world.supplier)
    assert row(journals) == STEPS["stated"]
    order = world.payout(1_260_000 * WON, 720_000 * WON)
    world.post("send_payout", order)
    world.post("confirm_payout", order)
    assert row(journals) == STEPS["paid"]
    found = balances(journals)
    assert found["1100"] == 10_000_000 - 1_260_000
    assert found["1110"] == 2_000_000 - 720_000


def test_second_vector_80_20_on_one_million_won(journals):
    world = World(journals, ratio="4/5", limit_won=1_000_000, deposit_won=400_000)
    world.settle(1_000_000 * WON)
    found = balances(journals)
    assert (found["2310S"], found["2310C"]) == (800_000, 300_000)
    order = world.payout(800_000 * WON, 300_000 * WON)
    world.post("send_payout", order)
    world.post("confirm_payout", order)
    after = balances(journals)
    assert after["1100"] == 10_000_000 - 800_000
    assert after["1110"] == 400_000 - 300_000


def test_default_deposit_of_a_call_is_rounded_up_to_the_won():
    world = World(MemoryJournals())
    assert deposit_required(world.terms, 4_000_000 * WON) == 2_285_715 * WON


def test_vat_is_cumulative_per_supplier_and_voucher(journals):
    """Three charges that made a statement of 10 won without VAT when VAT had one counter."""
    world = World(journals, ratio="1/1")
    other = world.supplier
    world.capture(world.lease(9), 9)
    world.supplier = world.programme  # any other id
    world.capture(world.lease(1), 1)
    world.supplier = other
    world.capture(world.lease(9_999_991), 9_999_991)
    frozen = world.post("freeze_statement", world.terms, supplier=other)
    assert frozen.parts == Parts(10 * WON, 0, 1 * WON)
    assert frozen.carried == Parts(0, 0, 0)


def test_a_statement_takes_whole_won_and_carries_the_residue(journals):
    world = World(journals)
    amount = 1_728_393_800
    world.capture(world.lease(amount), amount)
    frozen = world.post("freeze_statement", world.terms, supplier=world.supplier)
    assert frozen.parts == Parts(1_209 * WON, 519 * WON - WON, 172 * WON)
    assert (frozen.parts + frozen.carried).supply == amount
    again = world.post("freeze_statement", world.terms, supplier=world.supplier)
    assert again.posted.journal is None
    assert again.parts == Parts(0, 0, 0)
    assert again.carried == frozen.carried


def test_a_lease_of_the_safe_size_is_granted_and_one_beyond_the_limit_refused(journals):
    world = World(journals, ratio="2/3", limit_won=7, deposit_won=3)
    most = safe_lease(world.terms, available=7 * WON, deposit=3 * WON)
    spendable = spendable_supply(world.terms, available=7 * WON, deposit=3 * WON)
    assert spendable - 3 <= most <= spendable
    with pytest.raises(errors.Overdrawn):
        world.hold(spendable + 6)
    world.hold(most)


def test_lowering_a_budget_is_refused_below_what_is_committed(journals):
    world = World(journals)
    with pytest.raises(errors.Overdrawn):
        world.post("reduce_appropriation", programme_year=world.year, amount=WON)
    world.post("appropriate", programme_year=world.year, amount=5 * WON)
    world.post("receive_grant", programme_year=world.year, amount=5 * WON)
    world.post("reduce_appropriation", programme_year=world.year, amount=2 * WON)
    world.post("return_grant", programme_year=world.year, amount=2 * WON)
    assert balances(journals)["B200"] == 3


def test_position_answers_for_many_vouchers_at_once(world, django_assert_num_queries):
    world.settle(1_800_000 * WON)
    world.lease(100 * WON)
    other = replace(world.terms, voucher=world.call, vat=Ratio(1, 7))
    with django_assert_num_queries(1):
        found = queries.positions([world.terms, other])
    here = found[world.terms.voucher]
    assert here.limit == 4_000_000 * WON
    assert here.held == 70 * WON
    assert here.consumed == 1_260_000 * WON
    assert here.available == here.limit - here.held - here.consumed
    assert here.deposit_paid == 2_000_000 * WON
    assert here.deposit_held == 40 * WON
    assert here.deposit_available == (2_000_000 - 720_000 - 40) * WON
    assert here.charged_supply == 1_800_000 * WON
    assert here.vat_charged == 180_000 * WON
    assert here.spendable_supply == (5_000_000 - 1_800_000 - 100) * WON
    assert found[world.call].limit == 0
    assert queries.accrued(world.supplier) == []
    assert queries.payable(world.supplier).subsidy == 1_260_000 * WON
    assert queries.payable(world.supplier).own == 720_000 * WON


def test_journals_are_found_by_voucher_and_by_source(world):
    hold = world.lease(100 * WON)
    posted = world.capture(
        hold, 10 * WON, stamp=world.stamp(source_type="charge", source_id="c-1")
    ).posted
    found = queries.journals(source_type="charge", source_id="c-1")
    assert [view.id for view in found] == [posted.journal]
    assert queries.journal(posted.journal) == found[0]
    assert {entry.book for entry in found[0].entries} == {"M", "B"}
    assert found[0].id in {v.id for v in queries.journals(voucher=world.terms.voucher, limit=2)}


def test_trial_balance_as_of_an_earlier_day_leaves_later_effects_out(world):
    from datetime import timedelta

    from ledger_support.world import AT

    late = world.stamp()
    late = replace(late, effective_at=AT + timedelta(days=3))
    world.post("interest", programme_year=world.year, amount=5 * WON, stamp=late)
    then = {line.code for line in queries.trial_balance(AT).accounts}
    now = {line.code for line in queries.trial_balance().accounts}
    assert now - then == {"2510"}
    assert queries.trial_balance(AT).is_balanced


def test_inv_l7_server_time_is_apart_from_the_callers(world):
    posted = world.post("interest", programme_year=world.year, amount=WON)
    view = queries.journal(posted.journal)
    with connection.cursor() as cursor:
        cursor.execute("SELECT now(), clock_timestamp()")
        began, present = cursor.fetchone()
    assert began <= view.booked_at <= present
    assert view.effective_at.year == 2026
    assert view.effective_at != view.booked_at


def test_an_id_that_comes_twice_in_one_batch_is_captured_once(journals):
    world = World(journals)
    lease = world.lease(100)
    order = CaptureOrder(world.stamp(), world.terms, world.supplier, lease, 60)
    first, second = postings.capture_many([order, order], into=journals)
    assert first.posted == replace(second.posted, replayed=False)
    assert second.posted.replayed
    assert first.parts == second.parts
    with pytest.raises(errors.ExistsWithDifferentAmount):
        postings.capture_many([replace(order, amount=61)], into=journals)
    twice = replace(order, stamp=world.stamp(), amount=1)
    with pytest.raises(errors.ExistsWithDifferentAmount):
        postings.capture_many([twice, replace(twice, amount=2)], into=journals)
    fresh = replace(order, stamp=world.stamp(), amount=1)
    with pytest.raises(errors.ExistsWithDifferentAmount):
        postings.capture_many([fresh, replace(order, amount=61)], into=journals)
    assert world.capture(lease, 40).parts.supply == 40  # neither batch took anything


def test_captures_of_one_lease_in_one_batch_follow_each_other(journals):
    world = World(journals, ratio="1/3")
    lease = world.lease(10)
    orders = [
        CaptureOrder(world.stamp(), world.terms, world.supplier, lease, amount)
        for amount in (1, 1, 1, 4, 3)
    ]
    done = postings.capture_many(orders, into=journals)
    assert [c.parts.subsidy for c in done] == [0, 0, 1, 1, 1]
    assert [c.parts.supply for c in done] == [1, 1, 1, 4, 3]
    with pytest.raises(errors.HoldExceeded) as caught:
        world.capture(lease, 1)
    assert caught.value.fields["available"] == 0
