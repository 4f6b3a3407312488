"""From charges to the supplier's bank account: whole won, residues, numbered statements."""

from __future__ import annotations

from datetime import timedelta

import pytest
from metering_market import AT, OPERATOR, OTHER_OPERATOR, balance, position, won

from madang.core.ids import uuid7
from madang.metering.charges.actions import refund_charge
from madang.metering.charges.collecting import collect_refund
from madang.metering.errors import RefundTooLarge
from madang.metering.payouts.actions import (
    approve_payout,
    create_payouts,
    fail_payout,
    hold_payout,
    release_payout,
    settle_payout,
)
from madang.metering.statements.actions import close_statement, confirm_statement
from madang.metering.statements.queries import settlement_report
from madang.metering.usage.actions import record_usage
from madang.parties.actor import Actor, Role, system_actor

MONTH = "2026-03"


@pytest.fixture
def sold(market):
    """Record deliveries of a product: `sold("d-1", won_each=…)`."""
    voucher = market.voucher()

    def sell(external_id: str, won_each: str = "1800000", code: str | None = None):
        offering = market.offering(
            code or f"nuri/p{won_each.replace('.', '-')}", won_each=won_each
        )
        return record_usage(
            OPERATOR, voucher, offering, quantities=1, external_id=external_id, at=AT
        ).charge

    sell.voucher = voucher
    sell.market = market
    return sell


def close(market, month: str = MONTH):
    return close_statement(OPERATOR, market.supplier(), month, at=AT)


def report(market) -> list[dict]:
    return settlement_report(OPERATOR, market.supplier(), MONTH)["statements"]


def test_published_example_pays_1_980_000_won_from_two_accounts(market, sold) -> None:
    sold("d-1")
    statement = close(market)
    confirm_statement(OPERATOR, statement, at=AT)
    payouts = create_payouts(OPERATOR, statement, at=AT)
    for payout in payouts:
        approve_payout(OTHER_OPERATOR, payout, at=AT)
        settle_payout(OPERATOR, payout, at=AT)

    (shown,) = report(market)
    lines, paid = shown.pop("lines"), shown.pop("payouts")
    assert shown == {
        "number": 1,
        "state": "paid",
        "supply_microwon": won(1_800_000),
        "subsidy_microwon": won(1_260_000),
        "own_microwon": won(540_000),
        "vat_microwon": won(180_000),
        "total_microwon": won(1_980_000),
        "carried_microwon": 0,
    }
    assert lines == [
        {
            "voucher": "v-hana",
            "charges": 1,
            "supply_microwon": won(1_800_000),
            "subsidy_microwon": won(1_260_000),
            "own_microwon": won(540_000),
            "vat_microwon": won(180_000),
        }
    ]
    assert {one["account"]: (one["state"], one["amount_microwon"]) for one in paid} == {
        "1100": ("settled", won(1_260_000)),
        "1110": ("settled", won(720_000)),
    }
    assert balance("1100") == won(100_000_000 - 1_260_000)
    assert balance("1110") == won(2_000_000 - 720_000)


def test_residue_rolls_into_the_next_statement(market, sold) -> None:
    sold("d-1", "10.75")
    close(market)
    sold("d-2", "10.75")
    close(market)

    first, second = report(market)
    # 10.75: subsidy 7.525, own 3.225, so 10 = 7 + 3; then 11.5 are accrued: 11 = 8 + 3
    assert (first["supply_microwon"], first["carried_microwon"]) == (won(10), 750_000)
    assert (second["supply_microwon"], second["carried_microwon"]) == (won(11), 500_000)
    assert (first["subsidy_microwon"], second["subsidy_microwon"]) == (won(7), won(8))


def test_closing_again_without_new_usage_changes_nothing(market, sold) -> None:
    sold("d-1")
    assert close(market).number == 1
    assert close(market) is None
    assert len(report(market)) == 1


def test_closing_again_after_new_usage_makes_the_next_number_with_only_new_lines(
    market, sold
) -> None:
    sold("d-1")
    close(market)
    sold("d-2", "100")
    close(market)

    first, second = report(market)
    assert (first["number"], second["number"]) == (1, 2)
    assert (first["supply_microwon"], second["supply_microwon"]) == (won(1_800_000), won(100))
    assert [line["charges"] for line in (*first["lines"], *second["lines"])] == [1, 1]


def test_less_than_a_won_makes_no_statement(market, sold) -> None:
    sold("d-1", "0.5")
    assert close(market) is None


def test_statement_of_two_vouchers_has_a_line_for_each(market, sold) -> None:
    sold("d-1", "100")
    other = market.voucher("v-dul", organisation="dul")
    record_usage(
        OPERATOR, other, market.offering("nuri/p100", won_each="100"), quantities=2,
        external_id="d-2", at=AT,
    )  # fmt: skip
    close(market)

    (shown,) = report(market)
    amounts = {line["voucher"]: line["supply_microwon"] for line in shown["lines"]}
    assert amounts == {"v-hana": won(100), "v-dul": won(200)}


def test_each_programme_year_pays_from_its_own_account(market, sold) -> None:
    from metering_market import Market

    sold("d-1", "100")
    next_year = Market()
    other = next_year.voucher("v-next", organisation="dul")
    record_usage(
        OPERATOR, other, market.offering("nuri/p100", won_each="100"), quantities=1,
        external_id="d-2", at=AT,
    )  # fmt: skip
    statement = close(market)
    confirm_statement(OPERATOR, statement, at=AT)

    payouts = create_payouts(OPERATOR, statement, at=AT)

    assert {(p.account, p.programme_year, p.amount_microwon) for p in payouts} == {
        (account, year, won(amount))
        for account, amount in (("1100", 70), ("1110", 40))
        for year in (market.year, next_year.year)
    }


def _payouts(market, sold):
    sold("d-1")
    statement = close(market)
    confirm_statement(OPERATOR, statement, at=AT)
    return statement, create_payouts(OPERATOR, statement, at=AT)


@pytest.mark.parametrize("approver", [OPERATOR, system_actor("cli")], ids=["creator", "system"])
def test_payout_is_approved_by_a_second_person_only(market, sold, approver) -> None:
    _, payouts = _payouts(market, sold)

    with pytest.raises(Exception) as refusal:
        approve_payout(approver, payouts[0], at=AT)

    assert refusal.value.code == "parties.approval.same_person"
    assert balance("2320S") == 0


def test_failed_payout_is_retried_under_a_new_id(market, sold) -> None:
    statement, payouts = _payouts(market, sold)
    failed = next(payout for payout in payouts if payout.account == "1100")
    approve_payout(OTHER_OPERATOR, failed, at=AT)
    fail_payout(OPERATOR, failed, at=AT, reason="no such account")
    assert balance("2310S") == won(1_260_000)

    (retry,) = create_payouts(OPERATOR, statement, at=AT)

    assert retry.id != failed.id
    assert (retry.account, retry.amount_microwon) == ("1100", won(1_260_000))
    approve_payout(OTHER_OPERATOR, retry, at=AT)
    settle_payout(OPERATOR, retry, at=AT)
    assert balance("1100") == won(100_000_000 - 1_260_000)


def test_payout_on_hold_waits_apart_and_can_be_released_twice(market, sold) -> None:
    _, payouts = _payouts(market, sold)
    payout = next(one for one in payouts if one.account == "1110")
    for _ in range(2):
        hold_payout(OPERATOR, payout, at=AT, reason="a case")
        assert (balance("2310C"), balance("2330C")) == (0, won(720_000))
        payout.refresh_from_db()
        release_payout(OPERATOR, payout, at=AT, reason="closed")
        assert (balance("2310C"), balance("2330C")) == (won(720_000), 0)
        payout.refresh_from_db()
    approve_payout(OTHER_OPERATOR, payout, at=AT)
    assert balance("2320C") == won(720_000)


def test_refund_before_the_statement_is_spendable_at_once(market, sold) -> None:
    charge = sold("d-1")
    refund = uuid7()

    for _ in range(2):  # the second answers as the first
        refund_charge(OPERATOR, charge, refund=refund, amount_microwon=won(800_000), at=AT)

    assert position(sold.voucher).charged_supply == won(1_000_000)
    assert position(sold.voucher).spendable_supply == won(4_000_000)
    close(market)
    assert report(market)[0]["supply_microwon"] == won(1_000_000)


def test_refund_of_more_than_is_left_is_refused(market, sold) -> None:
    charge = sold("d-1")
    refund_charge(OPERATOR, charge, refund=uuid7(), amount_microwon=won(1_000_000), at=AT)

    with pytest.raises(RefundTooLarge) as refusal:
        refund_charge(OPERATOR, charge, refund=uuid7(), amount_microwon=won(800_001), at=AT)

    assert refusal.value.fields["left_microwon"] == won(800_000)


@pytest.mark.parametrize("by", ["offset", "cash"])
def test_refund_after_settlement_is_spendable_when_collected(market, sold, by) -> None:
    charge = sold("d-1")
    close(market)
    agreed = refund_charge(
        OPERATOR, charge, refund=uuid7(), amount_microwon=won(1_000_000), at=AT
    )
    assert position(sold.voucher).available == won(2_740_000)

    collect_refund(OPERATOR, agreed, by=by, at=AT)

    found = position(sold.voucher)
    assert found.available == won(2_740_000 + 700_000)
    assert found.deposit_available == won(1_280_000 + 400_000)


def test_suppliers_people_confirm_their_own_statement_only(market, sold) -> None:
    sold("d-1")
    statement = close(market)
    stranger = Actor("s-2", frozenset({Role.SUPPLIER}), suppliers=frozenset({uuid7()}))
    own = Actor("s-1", frozenset({Role.SUPPLIER}), suppliers=frozenset({statement.supplier_id}))

    with pytest.raises(Exception) as refusal:
        confirm_statement(stranger, statement, at=AT)
    assert refusal.value.code == "core.request.not_allowed"
    assert confirm_statement(own, statement, at=AT).state == "confirmed"


@pytest.mark.parametrize(
    ("month", "code"),
    [
        ("2026-13", "statement.month.malformed"),
        ("26-01", "statement.month.malformed"),
        ("2026-04", "statement.month.not_begun"),
    ],
)
def test_month_that_cannot_be_closed_is_refused(market, sold, month, code) -> None:
    with pytest.raises(Exception) as refusal:
        close(market, month)
    assert refusal.value.code == code


def test_usage_after_the_freeze_goes_to_the_next_statement_with_its_own_date(
    market, sold
) -> None:
    sold("d-1")
    close(market)
    late = record_usage(
        OPERATOR, sold.voucher, market.offering("nuri/p1800000"), quantities=1,
        external_id="late", used_at=AT - timedelta(days=30), at=AT,
    )  # fmt: skip

    second = close(market)

    assert second.number == 2
    assert late.usage.started_at == AT - timedelta(days=30)
