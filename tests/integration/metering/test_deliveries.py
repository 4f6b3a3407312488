"""Recording a delivery: the published example to the micro-won, replays, and every refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from metering_market import AT, OPERATOR, YEAR_END, YEAR_START, balance, position, won

from madang.core.spine import Measurement, UsageFlag
from madang.core.units import Unit
from madang.metering.errors import UsageBeforeVoucher
from madang.metering.offerings.actions import suspend_offering
from madang.metering.usage.actions import record_measurement, record_usage
from madang.metering.usage.models import Usage
from madang.metering.vouchers.actions import suspend_voucher
from madang.metering.vouchers.queries import voucher_report


def record(voucher, offering, **changes):
    given = {"quantities": 1, "external_id": "d-1", "used_at": AT, "at": AT, **changes}
    return record_usage(OPERATOR, voucher, offering, **given)


def test_published_example_of_1_980_000_won_comes_out_exactly(market) -> None:
    voucher, offering = market.voucher(), market.offering()
    assert position(voucher).spendable_supply == won(5_000_000)

    recorded = record(voucher, offering)

    assert recorded.charge.amount_microwon == won(1_800_000)
    found = position(voucher)
    assert (found.available, found.held, found.consumed) == (won(2_740_000), 0, won(1_260_000))
    assert (found.deposit_available, found.deposit_held) == (won(1_280_000), 0)
    accrued = [balance(code) for code in ("2300S", "2300C", "2300V")]
    assert accrued == [won(1_260_000), won(540_000), won(180_000)]


def test_what_was_used_before_the_voucher_began_is_not_its_to_pay(market) -> None:
    """The first instant belongs to it; the one before does not, though the price held then.

    A voucher from a call begins with the last signature, a direct one with its year.
    """
    voucher, offering = market.voucher(starts_at=None), market.offering()
    with pytest.raises(UsageBeforeVoucher) as refused:
        record(voucher, offering, used_at=AT - timedelta(microseconds=1))
    assert refused.value.fields["begins_at"] == "2026-03-02T01:00:00Z"
    direct = market.voucher("v-direct")
    with pytest.raises(UsageBeforeVoucher):
        record(direct, offering, used_at=YEAR_START - timedelta(microseconds=1))
    record(direct, offering, used_at=YEAR_START, external_id="d-0")
    assert position(voucher).consumed == 0
    assert not record(voucher, offering, used_at=AT).replayed, "the id is free still"


def test_report_has_the_shape_that_commands_promise(market) -> None:
    voucher, offering = market.voucher(), market.offering()
    record(voucher, offering)

    assert voucher_report(OPERATOR, "v-hana", AT) == {
        "code": "v-hana",
        "state": "active",
        "organisation": "hana",
        "programme": "api-voucher",
        "expires_at": "2026-12-31T15:00:00Z",
        "subsidy": {
            "limit_microwon": won(4_000_000),
            "available_microwon": won(2_740_000),
            "held_microwon": 0,
            "consumed_microwon": won(1_260_000),
            "expired_microwon": 0,
        },
        "deposit": {
            "paid_microwon": won(2_000_000),
            "available_microwon": won(1_280_000),
            "held_microwon": 0,
        },
        "supply": {
            "spendable_microwon": won(3_200_000),
            "charged_microwon": won(1_800_000),
        },
        "vat_charged_microwon": won(180_000),
        "calls": {"committed": 0, "unsettled": 0, "estimated": 0},
    }


def test_report_says_expired_as_soon_as_the_clock_does(market) -> None:
    market.voucher()

    assert voucher_report(OPERATOR, "v-hana", YEAR_END - timedelta(microseconds=1))[
        "state"
    ] == ("active")
    assert voucher_report(OPERATOR, "v-hana", YEAR_END)["state"] == "expired"


def test_same_id_with_the_same_content_answers_as_before(market) -> None:
    voucher, offering = market.voucher(), market.offering()
    first = record(voucher, offering)

    for used_at in (AT, None):
        again = record(voucher, offering, used_at=used_at, at=AT + timedelta(days=1))
        assert again.replayed
        assert (again.usage.no, again.charge.no) == (first.usage.no, first.charge.no)
    assert Usage.objects.count() == 1
    assert position(voucher).charged_supply == won(1_800_000)


def test_measurement_of_another_room_is_charged_once_whatever_comes_twice(market) -> None:
    voucher, offering = market.voucher(), market.offering()
    measurement = Measurement(
        id="job-7", voucher=voucher.id, offering=offering.id, quantities={Unit.REQUEST: 1},
        started_at=AT - timedelta(hours=1), ended_at=AT, evidence_sha256="0" * 64,
        flags=frozenset({UsageFlag.ESTIMATED}),
    )  # fmt: skip

    first = record_measurement(OPERATOR, measurement, at=AT)
    again = record_measurement(OPERATOR, measurement, at=AT + timedelta(days=1))

    assert again.replayed
    assert (first.usage.ended_at, first.usage.flags) == (AT, ["estimated"])
    assert position(voucher).charged_supply == won(1_800_000)


def test_a_use_of_nothing_costs_nothing_and_is_still_recorded(market) -> None:
    voucher, offering = market.voucher(), market.offering("nuri/gift", won_each="0")

    recorded = record(voucher, offering)

    assert recorded.charge is None
    assert recorded.usage.priced_microwon == 0


def _suspended_voucher(market, voucher, offering) -> None:
    suspend_voucher(OPERATOR, voucher, at=AT, reason="asked")


def _suspended_offering(market, voucher, offering) -> None:
    suspend_offering(OPERATOR, offering, at=AT, reason="asked")


def _recorded(market, voucher, offering) -> None:
    record(voucher, offering)


def _nothing(market, voucher, offering) -> None:
    """The row refuses by itself."""


REFUSALS = [
    (_nothing, {"quantities": 3}, "voucher.balance.insufficient"),
    (_nothing, {"quantities": 0}, "usage.quantity.out_of_range"),
    (_nothing, {"quantities": -1}, "usage.quantity.out_of_range"),
    (_nothing, {"quantities": 2**32}, "usage.quantity.out_of_range"),
    (_nothing, {"quantities": {Unit.BYTE: 1}}, "offering.unit.not_sold"),
    (_nothing, {"used_at": AT + timedelta(seconds=1)}, "usage.time.in_future"),
    (_nothing, {"used_at": AT - timedelta(days=400)}, "usage.time.before_voucher"),
    (
        _nothing,
        {"used_at": AT - timedelta(days=400), "voucher": "v-old"},
        "offering.price.none_valid",
    ),
    (_nothing, {"at": YEAR_END}, "voucher.state.expired"),
    (_nothing, {"offering": "else/report"}, "voucher.offering.not_covered"),
    (_nothing, {"voucher": "v-pending"}, "voucher.state.not_active"),
    (_suspended_voucher, {}, "voucher.state.suspended"),
    (_suspended_offering, {}, "offering.state.suspended"),
    (_recorded, {"quantities": 2}, "usage.id.exists_with_different_quantity"),
    (_recorded, {"voucher": "v-other"}, "usage.id.exists_with_different_voucher"),
    (_recorded, {"offering": "nuri/book"}, "usage.id.exists_with_different_offering"),
    (
        _recorded,
        {"used_at": AT - timedelta(seconds=1)},
        "usage.id.exists_with_different_time",
    ),
]


@pytest.mark.parametrize(
    ("prepare", "changes", "code"),
    REFUSALS,
    ids=[f"{c}-{i}" for i, (_, _, c) in enumerate(REFUSALS)],
)
def test_refusal_names_its_reason_and_writes_nothing(market, prepare, changes, code) -> None:
    vouchers = {
        "v-hana": market.voucher(),
        "v-other": market.voucher("v-other"),
        "v-old": market.voucher("v-old", starts_at=AT - timedelta(days=500)),
        "v-pending": market.voucher("v-pending", is_issued=False),
    }
    offerings = {
        one: market.offering(one) for one in ("nuri/report", "nuri/book", "else/report")
    }
    prepare(market, vouchers["v-hana"], offerings["nuri/report"])
    before = balance("B400"), Usage.objects.count()
    changes = dict(changes)
    voucher = vouchers[changes.pop("voucher", "v-hana")]
    offering = offerings[changes.pop("offering", "nuri/report")]

    with pytest.raises(Exception) as refusal:
        record(voucher, offering, **changes)

    assert refusal.value.code == code
    assert (balance("B400"), Usage.objects.count()) == before
