"""Refusals that no ordinary day brings about, each through the action that gives it."""

from __future__ import annotations

import socket
import threading
from uuid import uuid4

import pytest
from metering_market import AT, OPERATOR, Market, position, won

from madang.core.units import Unit
from madang.metering.charges.actions import refund_charge
from madang.metering.deposits.actions import match_receipt, record_deposit
from madang.metering.errors import (
    BalanceInsufficient,
    KeyExists,
    KeyOfAnother,
    ReceiptVoucherMissing,
    RefundExists,
    TillUnwell,
    UnitUnclear,
)
from madang.metering.keys.actions import create_key
from madang.metering.models import Receipt
from madang.metering.statements.actions import close_statement
from madang.metering.teams.actions import give_key_to_team, set_team
from madang.metering.till import client
from madang.metering.till.server import socket_path
from madang.metering.usage.actions import record_usage
from madang.metering.usage.reservations import reserve_usage


def test_one_number_for_a_product_of_two_units_is_unclear(market) -> None:
    voucher = market.voucher()
    with pytest.raises(UnitUnclear) as refused:
        record_usage(OPERATOR, voucher, market.model(), quantities=3, external_id="d-1", at=AT)
    assert refused.value.fields["offering"] == "nuri/chat"
    assert position(voucher).charged_supply == 0


def test_key_goes_only_to_a_team_of_its_own_voucher(market) -> None:
    own, other = market.voucher(), market.voucher("v-dul", organisation="dul")
    team = set_team(OPERATOR, own, code="lab", name="Lab", limit_microwon=won(10), at=AT).row
    key = create_key(OPERATOR, other, rpm_max=60, at=AT).key
    with pytest.raises(KeyOfAnother):
        give_key_to_team(OPERATOR, key, team, at=AT)
    key.refresh_from_db()
    assert key.team_id is None


def test_reservation_that_is_too_large_is_told_what_supply_can_still_be_spent(market) -> None:
    """Not the deposit, of which each won carries more than a won of supply."""
    voucher = market.voucher(deposit_won=1_000_000)
    offering = market.offering(won_each="1000000")
    reserve_usage(
        OPERATOR, voucher, offering, quantities={Unit.REQUEST: 1}, hold=uuid4(), at=AT
    )
    with pytest.raises(BalanceInsufficient) as refused:
        reserve_usage(
            OPERATOR, voucher, offering, quantities={Unit.REQUEST: 2}, hold=uuid4(), at=AT
        )
    told = refused.value.fields
    assert told["needed_microwon"] == won(2_000_000)
    assert told["spendable_microwon"] == position(voucher).spendable_supply == won(1_500_000)
    assert told["held_microwon"] == position(voucher).held > 0


def test_secret_of_a_test_belongs_to_one_voucher(market) -> None:
    secret = "mdg_test_twice"
    create_key(OPERATOR, market.voucher(), rpm_max=60, secret=secret, at=AT)
    other = market.voucher("v-dul", organisation="dul")
    with pytest.raises(KeyExists):
        create_key(OPERATOR, other, rpm_max=60, secret=secret, at=AT)
    assert not other.keys.exists()


def test_money_on_one_programmes_account_funds_no_voucher_of_another(market) -> None:
    voucher, elsewhere = market.voucher(), Market().voucher("v-other", organisation="dul")
    receipt = record_deposit(
        OPERATOR, voucher, payer=None, amount_microwon=won(1000), reference="bank-x",
        received_at=AT, at=AT,
    )  # fmt: skip
    with pytest.raises(ReceiptVoucherMissing):
        match_receipt(OPERATOR, receipt, elsewhere, at=AT, reason="looks like theirs")
    assert Receipt.objects.get(pk=receipt.pk).state == "parked"


@pytest.mark.parametrize("is_stated", [False, True])
def test_refund_that_comes_again_with_another_amount_is_refused(market, is_stated) -> None:
    voucher = market.voucher()
    done = record_usage(
        OPERATOR, voucher, market.offering(), quantities=1, external_id="d-1", at=AT
    )
    if is_stated:
        close_statement(OPERATOR, market.supplier(), "2026-03", at=AT)
    words = {"refund": uuid4(), "at": AT, "reason": "x"}
    first = refund_charge(OPERATOR, done.charge, amount_microwon=won(100_000), **words)
    again = refund_charge(OPERATOR, done.charge, amount_microwon=won(100_000), **words)
    assert again.pk == first.pk
    with pytest.raises(RefundExists):
        refund_charge(OPERATOR, done.charge, amount_microwon=won(100_001), **words)


@pytest.mark.parametrize("answer", [b"", b"\x00\x00\x00\x01?"])
def test_till_that_hangs_up_or_babbles_is_unwell(tmp_path, answer) -> None:
    path = socket_path(tmp_path)
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as till:
        till.bind(str(path))
        till.listen()

        def serve() -> None:
            line, _ = till.accept()
            with line:
                line.recv(4096)
                line.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(TillUnwell) as unwell:
            client.flush(tmp_path)
        thread.join()
    assert unwell.value.http_status == 503
    assert not client.flush(tmp_path), "nobody listens any more: the till is not up"
