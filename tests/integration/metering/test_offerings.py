"""Declaring products and prices: what changes, what does not, what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from metering_market import AT, LONG_AGO, OPERATOR

from madang.core.units import Meter, Unit
from madang.metering.identities import identities
from madang.metering.models import Charge, PriceSet, PriceVersion, Usage
from madang.metering.offerings.actions import (
    Door,
    OfferingFacts,
    Price,
    add_price,
    declare_offering,
    list_offering,
)
from madang.metering.offerings.prices import price_set_at
from madang.metering.offerings.queries import catalogue
from madang.metering.usage.actions import record_usage
from madang.parties.actor import Actor, Role

PUBLIC = OfferingFacts("nuri/open", Meter.MODEL, upstream="https://api.nuri.example/v1")
NOTICE = timedelta(days=30)


def declare(market, facts, *, actor=OPERATOR, through=Door.DECLARATION):
    return declare_offering(actor, market.supplier(), facts, through=through, at=AT)


def own(market) -> Actor:
    return Actor("s", frozenset({Role.SUPPLIER}), suppliers=frozenset({market.supplier().id}))


def test_declaring_again_changes_nothing(market) -> None:
    assert declare(market, PUBLIC).outcome == "created"
    assert declare(market, PUBLIC).outcome == "unchanged"
    changed = OfferingFacts(**{**_facts(PUBLIC), "context_tokens_max": 4096})
    assert declare(market, changed).outcome == "changed"


def _facts(facts: OfferingFacts) -> dict:
    return {name: getattr(facts, name) for name in facts.__dataclass_fields__}


def test_what_a_supplier_enters_is_sold_only_when_an_operator_lists_it(market) -> None:
    made = declare(market, PUBLIC, actor=own(market), through=Door.PAGES).row
    assert made.state == "suspended"
    assert catalogue(at=AT) == []

    list_offering(OPERATOR, made, at=AT)

    assert [row.code for row in catalogue(at=AT)] == ["nuri/open"]


@pytest.mark.parametrize(
    ("changes", "actor", "code"),
    [
        ({"allow_private": True}, "own", "offering.upstream.private_by_declaration_only"),
        ({"upstream": "http://10.0.0.1/v1"}, "own", "offering.upstream.not_allowed"),
        ({"upstream": ""}, "own", "offering.upstream.not_allowed"),
        ({"upstream_key": "env:MADANG_UPSTREAM_X"}, "own", "core.request.not_allowed"),
        ({"upstream_key": "sk-x"}, "operator", "offering.upstream_key.not_allowed"),
        ({}, "stranger", "core.request.not_allowed"),
    ],
)
def test_declaration_through_pages_is_refused_with_its_reason(
    market, changes, actor, code
) -> None:
    actors = {
        "own": own(market),
        "operator": OPERATOR,
        "stranger": Actor("x", frozenset({Role.SUPPLIER})),
    }
    facts = OfferingFacts(**{**_facts(PUBLIC), **changes})

    with pytest.raises(Exception) as refusal:
        declare(market, facts, actor=actors[actor], through=Door.PAGES)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("price", "code"),
    [
        ((Unit.TOKEN_IN, 2, LONG_AGO, ()), "offering.price.exists_with_different_amount"),
        ((Unit.TOKEN_IN, 2, AT, ()), "offering.price.notice_too_short"),
        (
            (Unit.TOKEN_IN, 2, AT + NOTICE - timedelta(seconds=1), ()),
            "offering.price.notice_too_short",
        ),
        ((Unit.TOKEN_IN, 2, AT + NOTICE, ("sme",)), "offering.price.kinds_overlap"),
    ],
)
def test_price_is_refused_with_its_reason(market, price, code) -> None:
    offering = declare(market, PUBLIC).row
    add_price(OPERATOR, offering, Price(Unit.TOKEN_IN, 1, LONG_AGO), at=AT)
    both = frozenset({"sme", "midsize"})
    add_price(OPERATOR, offering, Price(Unit.TOKEN_OUT, 1, LONG_AGO, both), at=AT)
    unit, amount, start, kinds = price

    with pytest.raises(Exception) as refusal:
        add_price(OPERATOR, offering, Price(unit, amount, start, frozenset(kinds)), at=AT)
    assert refusal.value.code == code


def test_same_price_again_is_unchanged_and_a_later_one_waits_for_its_day(market) -> None:
    offering = declare(market, PUBLIC).row
    first = Price(Unit.TOKEN_IN, 1, LONG_AGO)
    later = Price(Unit.TOKEN_IN, 2, AT + NOTICE)
    assert add_price(OPERATOR, offering, first, at=AT).outcome == "created"
    assert add_price(OPERATOR, offering, first, at=AT).outcome == "unchanged"
    assert add_price(OPERATOR, offering, later, at=AT).outcome == "created"

    def pinned(at):
        return price_set_at(offering, organisation_kind="sme", at=at)

    before, after = pinned(AT + NOTICE - timedelta(microseconds=1)), pinned(AT + NOTICE)
    assert (before.prices, after.prices) == ({"token.in": "1"}, {"token.in": "2"})
    (row,) = catalogue(at=AT, organisation_kind="sme")
    assert (row.prices, row.next_from, row.next_prices) == (
        {Unit.TOKEN_IN: 1},
        AT + NOTICE,
        {Unit.TOKEN_IN: 2},
    )


def test_price_set_keeps_its_number_for_good(market) -> None:
    offering = declare(market, PUBLIC).row
    add_price(OPERATOR, offering, Price(Unit.TOKEN_IN, 1, LONG_AGO), at=AT)
    number = price_set_at(offering, organisation_kind="sme", at=AT).no
    add_price(OPERATOR, offering, Price(Unit.TOKEN_IN, 2, AT + NOTICE), at=AT)

    assert price_set_at(offering, organisation_kind="sme", at=AT).no == number
    assert PriceSet.objects.count() == 2


@pytest.mark.parametrize("table", [Usage, Charge, PriceVersion, PriceSet])
@pytest.mark.parametrize("change", ["update", "delete", "truncate"])
def test_facts_are_never_changed(market, table, change) -> None:
    record_usage(
        OPERATOR, market.voucher(), market.offering(), quantities=1, external_id="d", at=AT
    )
    name = table._meta.db_table
    words = {
        "update": f"UPDATE {name} SET no = no",
        "delete": f"DELETE FROM {name}",
        "truncate": f"TRUNCATE {name} CASCADE",
    }
    with (
        pytest.raises(DatabaseError, match="only ever added"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(words[change])


def test_charge_that_its_journal_does_not_bear_is_refused_by_the_database(market) -> None:
    recorded = record_usage(
        OPERATOR, market.voucher(), market.offering(), quantities=1, external_id="d", at=AT
    )
    stray = Charge(
        kind="refund", usage=recorded.usage, refunds=recorded.charge,
        voucher=recorded.usage.voucher, supplier=recorded.usage.supplier, amount_microwon=1,
        journal=recorded.charge.journal, recorded_at=AT,
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="add up"), transaction.atomic():
        stray.save()


def test_identities_hold_after_a_delivery(market) -> None:
    record_usage(
        OPERATOR, market.voucher(), market.offering(), quantities=1, external_id="d", at=AT
    )
    assert [one for one in identities() if not one.ok] == []
