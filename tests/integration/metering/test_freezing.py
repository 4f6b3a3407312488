"""The statement day: the month before is frozen once, at midnight of Seoul, for everybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from metering_market import OPERATOR, Market

from madang.core.clock import SEOUL
from madang.metering.duties import settle_due
from madang.metering.statements.actions import close_statement
from madang.metering.statements.models import Statement
from madang.metering.usage.actions import record_usage
from madang.parties.policies.actions import declare_policy

pytestmark = pytest.mark.django_db
MICRO = timedelta(microseconds=1)


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL).astimezone(UTC)


@pytest.fixture
def market():
    made = Market()
    declare_policy(
        OPERATOR, kind="metering", changes={"statement_freeze_day": 5},
        valid_from=seoul("2026-01-01 00:00"), at=seoul("2026-01-01 00:00"),
    )  # fmt: skip
    made.here = made.voucher(subsidy_won=40_000_000, deposit_won=20_000_000)
    made.products = {
        code: made.offering(f"{code}/report", won_each="100") for code in ("nuri", "mirae")
    }
    made.uses = 0
    return made


def use(market, supplier: str, text: str, *, told: str | None = None) -> None:
    market.uses += 1
    market.here.offerings = ["*"]
    market.here.save(update_fields=["offerings"])
    record_usage(
        OPERATOR, market.here, market.products[supplier], quantities=1,
        external_id=f"u-{market.uses}", used_at=seoul(text), at=seoul(told or text),
    )  # fmt: skip


def frozen() -> list[tuple[str, str, int]]:
    rows = Statement.objects.order_by("month", "supplier__code", "number")
    return [(row.month, row.supplier.code, row.lines.get().charges) for row in rows]


def test_day_begins_at_midnight_of_seoul_and_comes_once(market) -> None:
    use(market, "nuri", "2026-03-31 23:59:59.999999")
    assert settle_due(at=seoul("2026-04-05 00:00") - MICRO).statements_frozen == 0
    assert settle_due(at=seoul("2026-04-05 00:00")).statements_frozen == 1
    assert settle_due(at=seoul("2026-04-05 00:00") + MICRO).statements_frozen == 0
    use(market, "nuri", "2026-03-20 10:00", told="2026-04-06 10:00")
    assert settle_due(at=seoul("2026-04-30 23:59")).statements_frozen == 0, "late: next time"
    assert frozen() == [("2026-03", "nuri", 1)]
    assert settle_due(at=seoul("2026-05-05 09:00")).statements_frozen == 1
    assert frozen() == [("2026-03", "nuri", 1), ("2026-04", "nuri", 1)]


def test_who_used_nothing_before_the_month_began_is_left_alone(market) -> None:
    use(market, "nuri", "2026-03-31 23:59:59.999999")
    use(market, "mirae", "2026-04-01 00:00")
    assert settle_due(at=seoul("2026-04-05 00:00")).statements_frozen == 1
    assert frozen() == [("2026-03", "nuri", 1)]


def test_month_that_a_person_has_closed_gets_no_second_statement(market) -> None:
    use(market, "nuri", "2026-03-30 10:00")
    supplier = market.products["nuri"].supplier
    close_statement(OPERATOR, supplier, "2026-03", at=seoul("2026-04-01 10:00"))
    use(market, "nuri", "2026-04-02 10:00")
    assert settle_due(at=seoul("2026-04-05 00:00")).statements_frozen == 0
    assert frozen() == [("2026-03", "nuri", 1)]


def test_year_border_belongs_to_december(market) -> None:
    use(market, "nuri", "2026-12-31 23:59:59.999999")
    assert settle_due(at=seoul("2027-01-05 00:00")).statements_frozen == 1
    assert frozen() == [("2026-12", "nuri", 1)]


def test_by_hand_is_what_policy_begins_with() -> None:
    market = Market()
    market.here = market.voucher()
    market.products, market.uses = {"nuri": market.offering(won_each="100")}, 0
    use(market, "nuri", "2026-03-30 10:00")
    assert settle_due(at=seoul("2026-04-30 00:00")).statements_frozen == 0
