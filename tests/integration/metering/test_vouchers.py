"""The life of a voucher: deposit, issue, expiry, close; and who may see it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from metering_market import AT, OPERATOR, YEAR_END, balance, position, won

from madang.core.errors import NotFound
from madang.core.ids import uuid7
from madang.ledger import postings
from madang.ledger.types import Stamp
from madang.metering.deposits.actions import match_receipt, record_deposit, return_receipt
from madang.metering.duties import settle_due
from madang.metering.errors import DepositShort
from madang.metering.keys.actions import create_key, revoke_key
from madang.metering.statements.actions import close_statement
from madang.metering.usage.actions import record_usage
from madang.metering.vouchers.actions import (
    close_voucher,
    expire_due,
    issue_voucher,
    reinstate_voucher,
    suspend_voucher,
)
from madang.metering.vouchers.queries import covers, state_at, voucher_for
from madang.parties.actor import Actor, Role, system_actor

SYSTEM = system_actor("worker")


def test_deposit_of_somebody_else_is_parked_and_gives_no_room(market) -> None:
    voucher = market.voucher(deposit_won=0)
    receipt = record_deposit(
        OPERATOR, voucher, payer=market.organisation("dul"), amount_microwon=won(1000),
        reference="bank-1", received_at=AT, at=AT,
    )  # fmt: skip

    assert receipt.state == "parked"
    assert (balance("1120"), position(voucher).deposit_paid) == (won(1000), 0)

    match_receipt(OPERATOR, receipt, voucher, at=AT, reason="paid by the parent firm, shown")
    assert (balance("1120"), position(voucher).deposit_paid) == (0, won(1000))


def test_parked_deposit_can_be_sent_back(market) -> None:
    voucher = market.voucher(deposit_won=0)
    receipt = record_deposit(
        OPERATOR, voucher, payer=None, amount_microwon=won(1000), reference="bank-1",
        received_at=AT, at=AT,
    )  # fmt: skip

    return_receipt(OPERATOR, receipt, at=AT, reason="unknown payer")

    assert (balance("1120"), balance("1110")) == (0, 0)


@pytest.mark.parametrize(
    ("change", "field"), [({"amount_microwon": won(2)}, "amount"), ({"payer": None}, "payer")]
)
def test_bank_reference_with_other_content_is_refused(market, change, field) -> None:
    voucher = market.voucher(deposit_won=0)
    given = {
        "payer": voucher.organisation, "amount_microwon": won(1), "reference": "bank-1",
        "received_at": AT, "at": AT,
    }  # fmt: skip
    record_deposit(OPERATOR, voucher, **given)
    record_deposit(OPERATOR, voucher, **given)
    assert position(voucher).deposit_paid == won(1)

    with pytest.raises(Exception) as refusal:
        record_deposit(OPERATOR, voucher, **{**given, **change})
    assert refusal.value.code == "deposit.receipt.exists_with_different_content"
    assert refusal.value.fields["field"] == field


def test_voucher_from_a_call_is_issued_only_with_its_deposit(market) -> None:
    voucher = market.voucher(deposit_won=399_999, is_issued=False)
    award = uuid7()
    postings.award(
        Stamp("award:x", "op-1", AT, "award", str(award)), programme_year=market.year,
        call=market.call, award=award, amount=won(700_000),
    )  # fmt: skip
    order = {
        "award": award, "amount_microwon": won(700_000),
        "deposit_required_microwon": won(400_000), "at": AT,
    }  # fmt: skip

    with pytest.raises(DepositShort):
        issue_voucher(OPERATOR, voucher, **order)
    assert position(voucher).limit == 0
    market.deposit(voucher, 1)
    issue_voucher(OPERATOR, voucher, **order)
    assert (position(voucher).limit, voucher.state) == (won(700_000), "active")


def test_expiry_waits_for_24_00_in_seoul_and_happens_once(market) -> None:
    voucher = market.voucher()

    assert expire_due(SYSTEM, at=YEAR_END - timedelta(microseconds=1)) == 0
    assert settle_due(at=YEAR_END).vouchers_expired == 1
    assert settle_due(at=YEAR_END).vouchers_expired == 0

    found = position(voucher, YEAR_END)
    assert (found.available, found.expired) == (0, won(4_000_000))


def test_close_returns_residue_budget_and_deposit_to_the_micro_won(market) -> None:
    voucher = market.voucher()
    offering = market.offering("nuri/odd", won_each="10.75")
    record_usage(OPERATOR, voucher, offering, quantities=3, external_id="d-1", at=AT)
    close_statement(OPERATOR, market.supplier(), "2026-03", at=AT)
    unallocated = balance("B200")
    expire_due(SYSTEM, at=YEAR_END)

    close_voucher(OPERATOR, voucher, at=YEAR_END)

    # 32.25: 31 = 22 + 9, for 10 would pass the own part; tax 3; the residue goes back
    assert [balance(code) for code in ("2300S", "2300C", "2300V")] == [0, 0, 0]
    assert balance("B200") == unallocated + won(4_000_000 - 22)
    assert (balance("B500"), balance("B600")) == (won(22), 0)
    assert balance("2600") == won(2_000_000 - 9 - 3)


def test_close_is_refused_while_whole_won_wait_for_their_statement(market) -> None:
    voucher = market.voucher()
    record_usage(OPERATOR, voucher, market.offering(), quantities=1, external_id="d-1", at=AT)
    expire_due(SYSTEM, at=YEAR_END)

    with pytest.raises(Exception) as refusal:
        close_voucher(OPERATOR, voucher, at=YEAR_END)
    assert refusal.value.code == "ledger.statement.due"


def test_suspension_comes_and_goes(market) -> None:
    voucher = market.voucher()
    voucher = suspend_voucher(OPERATOR, voucher, at=AT, reason="asked")
    assert state_at(voucher, AT) == "suspended"
    assert state_at(reinstate_voucher(OPERATOR, voucher, at=AT, reason=""), AT) == "active"


def test_only_the_own_organisation_and_operators_see_a_voucher(market) -> None:
    voucher = market.voucher()
    own = Actor(
        "k", frozenset({Role.BENEFICIARY}), organisations=frozenset({voucher.organisation_id})
    )
    other = Actor("l", frozenset({Role.BENEFICIARY}), organisations=frozenset({uuid7()}))
    supplier = Actor("s", frozenset({Role.SUPPLIER}))

    for actor in (OPERATOR, own, Actor("a", frozenset({Role.AUDITOR}))):
        assert voucher_for(actor, "v-hana") == voucher
    for actor in (other, supplier, Actor("n")):
        with pytest.raises(NotFound):
            voucher_for(actor, "v-hana")


@pytest.mark.parametrize(
    ("patterns", "code", "answer"),
    [
        (["nuri/*"], "nuri/chat", True),
        (["nuri/chat"], "nuri/chat", True),
        (["nuri/chat"], "nuri/chat-2", False),
        (["*"], "anything", True),
        (["nuri/*"], "nurix/chat", False),
        ([], "nuri/chat", False),
    ],
)
def test_patterns_cover_by_prefix_only(patterns, code, answer) -> None:
    assert covers(patterns, code) is answer


def test_key_is_shown_once_and_kept_as_a_digest(market) -> None:
    voucher = market.voucher()

    made = create_key(OPERATOR, voucher, rpm_max=60, at=AT)

    assert made.secret.startswith("mdg_")
    assert len(made.secret) >= 4 + 32  # 192 bits in base 64
    assert made.secret.encode() not in bytes(made.key.sha256)
    assert revoke_key(OPERATOR, made.key, at=AT).revoked_at == AT


def test_given_secret_is_for_test_mode_and_finds_its_key_again(market, monkeypatch) -> None:
    voucher = market.voucher()
    given = {"rpm_max": 60, "at": AT, "secret": "mdg_test_hana_0001"}
    assert create_key(OPERATOR, voucher, **given).is_new
    assert not create_key(OPERATOR, voucher, **given).is_new
    monkeypatch.delenv("MADANG_TEST")

    with pytest.raises(Exception) as refusal:
        create_key(OPERATOR, voucher, **given)
    assert refusal.value.code == "key.secret.only_in_test"
