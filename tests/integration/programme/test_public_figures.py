"""The front page's figures: right for every kind of award, and no dearer in a busy year."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from madang.core.money import microwon_from_won, price_from_won_each
from madang.core.units import Meter, Unit
from madang.metering.offerings.actions import (
    Door,
    OfferingFacts,
    Price,
    add_price,
    declare_offering,
)
from madang.metering.usage.actions import record_usage
from madang.parties.organisations.actions import declare_organisation
from madang.parties.suppliers.actions import declare_supplier
from madang.programme.grants.actions import GrantTerms, grant_directly
from madang.programme.years.queries import budgets_of, public_figures


@pytest.fixture
def used(system, year, at):
    """Record so many deliveries on a direct voucher of four million won."""
    declare_organisation(system, code="hana", name_ko="h", name_en="h", kind="sme", at=at)
    supplier = declare_supplier(system, code="nuri", name_ko="n", name_en="n", at=at).row
    offering = declare_offering(
        system, supplier, OfferingFacts("nuri/report", Meter.DELIVERY),
        through=Door.DECLARATION, at=at,
    ).row  # fmt: skip
    add_price(system, offering, Price(Unit.REQUEST, price_from_won_each("1000"), at), at=at)
    terms = GrantTerms(
        "v-hana", "api-voucher", "hana", microwon_from_won(4_000_000),
        microwon_from_won(2_000_000), date(2026, 12, 31), ("*",),
    )  # fmt: skip
    voucher = grant_directly(system, terms, at=at).row
    made = []

    def make(count: int) -> None:
        for _ in range(count):
            made.append(1)
            record_usage(
                system, voucher, offering, quantities=1, external_id=f"d-{len(made)}", at=at
            )

    return make


def plans(queries) -> str:
    found = []
    with connection.cursor() as cursor:
        for one in queries:
            if one["sql"].startswith("SELECT"):
                cursor.execute("EXPLAIN " + one["sql"])
                found += [line for (line,) in cursor.fetchall()]
    return "\n".join(found)


def test_figures_read_balances_and_never_journals(used, year) -> None:
    used(1)
    with CaptureQueriesContext(connection) as first:
        (figures,) = public_figures()
    assert figures.executed_microwon == microwon_from_won(800)
    assert figures.bound_microwon == microwon_from_won(4_000_000)
    used(30)
    with CaptureQueriesContext(connection) as second:
        (figures,) = public_figures()
    assert figures.executed_microwon == microwon_from_won(31 * 800)
    assert len(first) == len(second), "a busier year asks no more"
    shown = plans(second.captured_queries)
    assert "ledger_balance" in shown
    assert "ledger_entry" not in shown
    assert "ledger_journal" not in shown
    assert year.id == figures.year.id
    assert budgets_of([year])[0].appropriation_microwon == figures.budget_microwon
