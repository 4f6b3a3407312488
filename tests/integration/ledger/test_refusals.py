"""Every reason for which the ledger refuses: one row each, over PostgreSQL and memory.

After a refusal nothing has changed and the transaction goes on.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from ledger_support.memory import MemoryJournals
from ledger_support.world import AT, WON, World

from madang.core.errors import sentences_of
from madang.core.money import Ratio
from madang.ledger import errors, queries


def overdrawn(w: World) -> None:
    w.post("open_call", programme_year=w.year, call=uuid4(), amount=WON)


def hold_beyond_the_subsidy(w: World) -> None:
    w.post("deposit", w.terms, amount=9_000_000 * WON)
    w.hold(5_714_286 * WON)


def hold_beyond_the_deposit(w: World) -> None:
    w.hold(5_000_000 * WON + 4)


def hold_when_inactive(w: World) -> None:
    w.terms = w.ended
    w.hold(1)


def hold_after_expiry(w: World) -> None:
    w.post("expire_voucher", w.terms)
    w.hold(1)


def hold_taken_twice(w: World) -> None:
    w.hold(5, hold_id=w.lease_id)


def capture_beyond(w: World) -> None:
    w.capture(w.lease_id, 100 * WON + 1)


def capture_after_void(w: World) -> None:
    w.post("resolve", w.terms, hold_id=w.lease_id, kind="void")
    w.capture(w.lease_id, 1)


def resolve_twice(w: World) -> None:
    w.post("resolve", w.terms, hold_id=w.lease_id, kind="void")
    w.post("resolve", w.terms, hold_id=w.lease_id, kind="expire")


def capture_unknown(w: World) -> None:
    w.capture(uuid4(), 1)


def capture_of_another_supplier(w: World) -> None:
    w.supplier = uuid4()
    w.capture(w.lease_id, 1)


def quota_by_a_voucher(w: World) -> None:
    quota_hold = uuid4()
    w.post("grant_quota", w.quota, amount=5)
    w.post("hold_quota", w.quota, hold_id=quota_hold, amount=5, expires_at=AT)
    w.post("resolve", replace(w.terms, voucher=w.quota.grant), hold_id=quota_hold, kind="void")


def a_float(w: World) -> None:
    w.hold(1.5)


def a_decimal(w: World) -> None:
    w.capture(w.lease_id, Decimal(1))


def a_bool(w: World) -> None:
    w.post("deposit", w.terms, amount=True)


def nothing(w: World) -> None:
    w.hold(0)


def negative(w: World) -> None:
    w.capture(w.lease_id, -1)


def too_large(w: World) -> None:
    w.post("appropriate", programme_year=w.year, amount=2**63)


def a_fraction_on_a_bank(w: World) -> None:
    w.post("interest", programme_year=w.year, amount=WON + 1)


def a_fraction_of_a_deposit(w: World) -> None:
    w.post("deposit", w.terms, amount=1)


def a_name_in_a_stamp(w: World) -> None:
    w.post("interest", programme_year=w.year, amount=WON, stamp=w.stamp(actor="김하나"))


def an_address_in_a_stamp(w: World) -> None:
    stamp = w.stamp(source_id="kim@hana.example")
    w.post("interest", programme_year=w.year, amount=WON, stamp=stamp)


def same_id_other_kind(w: World) -> None:
    stamp = w.stamp("again-1")
    w.post("interest", programme_year=w.year, amount=WON, stamp=stamp)
    w.post("remit_interest", programme_year=w.year, amount=WON, stamp=stamp)


def same_id_other_amount(w: World) -> None:
    stamp = w.stamp("again-2")
    w.capture(w.lease_id, 1, stamp=stamp)
    w.capture(w.lease_id, 2, stamp=stamp)


def same_id_other_amount_after_nothing(w: World) -> None:
    stamp = w.stamp("again-2b")
    w.capture(w.lease_id, 0, stamp=stamp)
    w.capture(w.lease_id, 1, stamp=stamp)


def same_id_other_leg(w: World) -> None:
    stamp = w.stamp("again-3")
    w.post("interest", programme_year=w.year, amount=WON, stamp=stamp)
    w.post("interest", programme_year=uuid4(), amount=WON, stamp=stamp)


def same_id_other_hold(w: World) -> None:
    stamp = w.stamp("again-4")
    w.hold(5, stamp=stamp)
    w.hold(5, stamp=stamp)


def same_id_other_source(w: World) -> None:
    w.post("interest", programme_year=w.year, amount=WON, stamp=w.stamp("again-5"))
    other = w.stamp("again-5", source_id="2")
    w.post("interest", programme_year=w.year, amount=WON, stamp=other)


def other_terms(w: World) -> None:
    w.terms = replace(w.terms, ratio=Ratio(1, 2))
    w.capture(w.lease_id, 1)


def other_year(w: World) -> None:
    w.terms = replace(w.terms, programme_year=uuid4())
    w.hold(1)


def other_programme(w: World) -> None:
    w.post(
        "collect_refund",
        replace(w.terms, programme=uuid4()),
        supplier=w.supplier,
        subsidy=WON,
        own=0,
        cash=True,
    )


def issue_after_expiry(w: World) -> None:
    w.post("expire_voucher", w.terms)
    w.post("issue", w.terms, award=w.award, amount=1)


def expire_twice(w: World) -> None:
    w.post("expire_voucher", w.terms)
    w.post("expire_voucher", w.terms)


def issue_without_deposit(w: World) -> None:
    required = 2_000_001 * WON
    w.post("issue", w.terms, award=w.award, amount=1, deposit_required=required)


def refund_of_what_was_stated(w: World) -> None:
    w.settle(10 * WON)
    w.post("refund", w.terms, supplier=w.supplier, amount=1)


def refund_beyond_settlement(w: World) -> None:
    w.settle(10 * WON)
    w.post("agree_refund", w.terms, supplier=w.supplier, amount=11 * WON)


def write_off_beyond_what_is_pending(w: World) -> None:
    w.settle(10 * WON)
    w.post("agree_refund", w.terms, supplier=w.supplier, amount=10 * WON)
    w.post("write_off_refund", w.terms, supplier=w.supplier, subsidy=8 * WON, own=0)


def claim_revived_after_a_clawback_took_its_money(w: World) -> None:
    w.settle(10 * WON)
    w.post("agree_refund", w.terms, supplier=w.supplier, amount=10 * WON)
    w.post("write_off_refund", w.terms, supplier=w.supplier, subsidy=7 * WON, own=4 * WON)
    w.post("decide_clawback", w.terms, case=uuid4(), principal=WON)
    w.post("revive_refund", w.terms, supplier=w.supplier, subsidy=7 * WON, own=4 * WON)


def clawback_of_what_was_not_settled(w: World) -> None:
    w.capture(w.lease_id, 10 * WON)
    w.post("decide_clawback", w.terms, case=uuid4(), principal=WON)


def residue_of_a_living_voucher(w: World) -> None:
    w.post("release_residue", w.terms, supplier=w.supplier)


def residue_beside_a_lease(w: World) -> None:
    w.post("expire_voucher", w.terms)
    w.post("release_residue", w.ended, supplier=w.supplier)


def residue_of_a_whole_won(w: World) -> None:
    w.capture(w.lease_id, 100 * WON)
    w.post("expire_voucher", w.terms)
    w.post("release_residue", w.ended, supplier=w.supplier)


def correct_unknown(w: World) -> None:
    w.post("correct", programme_year=w.year, journal=uuid4())


def correct_twice(w: World) -> None:
    journal = w.post("interest", programme_year=w.year, amount=WON).journal
    w.post("correct", programme_year=w.year, journal=journal)
    w.post("correct", programme_year=w.year, journal=journal)


def correct_a_capture(w: World) -> None:
    journal = w.capture(w.lease_id, 1).posted.journal
    w.post("correct", programme_year=w.year, journal=journal)


def correct_a_correction(w: World) -> None:
    journal = w.post("interest", programme_year=w.year, amount=WON).journal
    undone = w.post("correct", programme_year=w.year, journal=journal).journal
    w.post("correct", programme_year=w.year, journal=undone)


Row = tuple[Callable[[World], None], type[errors.LedgerRefused], dict[str, object]]
ROWS: list[Row] = [
    (overdrawn, errors.Overdrawn, {"account": "B200", "available": 0}),
    (hold_beyond_the_subsidy, errors.Overdrawn, {"account": "B400"}),
    (hold_beyond_the_deposit, errors.Overdrawn, {"account": "2200"}),
    (hold_when_inactive, errors.HoldInactive, {}),
    (hold_after_expiry, errors.HoldInactive, {}),
    (hold_taken_twice, errors.HoldExists, {}),
    (capture_beyond, errors.HoldExceeded, {"available": 100 * WON}),
    (capture_after_void, errors.HoldResolved, {"resolution": "void"}),
    (resolve_twice, errors.HoldResolved, {"resolution": "void"}),
    (capture_unknown, errors.HoldUnknown, {}),
    (capture_of_another_supplier, errors.HoldOfAnother, {}),
    (quota_by_a_voucher, errors.HoldOfAnother, {}),
    (a_float, errors.AmountNotInteger, {"type": "float"}),
    (a_decimal, errors.AmountNotInteger, {"type": "Decimal"}),
    (a_bool, errors.AmountNotInteger, {"type": "bool"}),
    (nothing, errors.AmountNotPositive, {"amount": 0}),
    (negative, errors.AmountNotPositive, {"amount": -1}),
    (too_large, errors.AmountTooLarge, {}),
    (a_fraction_on_a_bank, errors.AmountNotWholeWon, {}),
    (a_fraction_of_a_deposit, errors.AmountNotWholeWon, {}),
    (a_name_in_a_stamp, errors.StampNotOpaque, {"field": "actor"}),
    (an_address_in_a_stamp, errors.StampNotOpaque, {"field": "source_id"}),
    (same_id_other_kind, errors.ExistsWithDifferentKind, {"field": "kind"}),
    (same_id_other_amount, errors.ExistsWithDifferentAmount, {"field": "amount"}),
    (same_id_other_amount_after_nothing, errors.ExistsWithDifferentAmount, {}),
    (same_id_other_leg, errors.ExistsWithDifferentLeg, {"field": "programme_year"}),
    (same_id_other_hold, errors.ExistsWithDifferentHold, {"field": "hold_id"}),
    (same_id_other_source, errors.ExistsWithDifferentSource, {"field": "source_id"}),
    (other_terms, errors.TermsChanged, {"ratio": "7/10"}),
    (other_year, errors.TermsChanged, {}),
    (other_programme, errors.TermsChanged, {}),
    (issue_after_expiry, errors.VoucherExpired, {}),
    (expire_twice, errors.VoucherExpired, {}),
    (issue_without_deposit, errors.DepositInsufficient, {}),
    (refund_of_what_was_stated, errors.RefundExceeded, {"available": 0}),
    (refund_beyond_settlement, errors.RefundExceeded, {"available": 10 * WON}),
    (write_off_beyond_what_is_pending, errors.Overdrawn, {}),
    (
        claim_revived_after_a_clawback_took_its_money,
        errors.RefundExceeded,
        {"available": 6 * WON},
    ),
    (clawback_of_what_was_not_settled, errors.ClawbackExceeded, {"available": 0}),
    (residue_of_a_living_voucher, errors.VoucherActive, {}),
    (residue_beside_a_lease, errors.HoldOpen, {"held": 100 * WON}),
    (residue_of_a_whole_won, errors.StatementDue, {}),
    (correct_unknown, errors.JournalUnknown, {}),
    (correct_twice, errors.CorrectedAlready, {}),
    (correct_a_capture, errors.CorrectionNotPossible, {"kind": "P8"}),
    (correct_a_correction, errors.CorrectionNotPossible, {"kind": "P23"}),
]


@pytest.mark.parametrize(
    ("attempt", "refusal", "fields"), ROWS, ids=lambda r: getattr(r, "__name__", "")
)
def test_refusal_says_why_and_leaves_the_ledger_usable(journals, attempt, refusal, fields):
    world = World(journals)
    world.lease_id = world.lease(100 * WON)
    with pytest.raises(refusal) as caught:
        attempt(world)
    assert type(caught.value) is refusal
    assert fields.items() <= caught.value.fields.items()
    assert "<" not in caught.value.sentence("ko") + caught.value.sentence("en")
    world.post("interest", programme_year=world.year, amount=WON)
    if not isinstance(journals, MemoryJournals):
        assert queries.balances_differ() == ()


def test_every_refusal_of_the_room_has_a_row():
    classes = {
        found
        for found in vars(errors).values()
        if inspect.isclass(found) and found.__module__ == errors.__name__
    }
    abstract = {errors.LedgerRefused, errors.ExistsWithDifferent}
    by_the_database = {errors.Busy, errors.YearClosed}  # test_concurrency, test_year_end
    assert classes - abstract - by_the_database == {refusal for _, refusal, _ in ROWS}
    for found in classes:
        assert set(sentences_of(found)) == {"ko", "en"}
