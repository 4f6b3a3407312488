"""A set with a price: a use is a charge on a voucher, once a day; else nothing is served."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from madang.core.errors import NotAllowed
from madang.core.money import Ratio
from madang.core.units import Meter, Unit
from madang.datahub.commits.stored import tree_of
from madang.datahub.errors import PriceImpossible, VoucherNeeded
from madang.datahub.models import DataSet, Use, UseKind
from madang.datahub.store.hashes import hash_text
from madang.datahub.uses.actions import record_use
from madang.datahub.uses.charging import set_price
from madang.datahub.versions.actions import seal_version
from madang.ledger.queries import identities
from madang.metering.errors import BalanceInsufficient
from madang.metering.models import Charge
from madang.metering.offerings.actions import (
    Door,
    OfferingFacts,
    Price,
    add_price,
    declare_offering,
)
from madang.parties.actor import Actor, system_actor
from madang.parties.suppliers.actions import declare_supplier
from madang.programme.grants.actions import GrantTerms, grant_directly
from madang.programme.years.actions import declare_programme

pytestmark = pytest.mark.django_db
WON = 1_000_000
EACH_WON = 30_000


def sold_by(system, at):
    return declare_supplier(system, code="seller", name_ko="판매", name_en="Seller", at=at).row


@pytest.fixture
def offering(at):
    system = system_actor("cli")
    seller = declare_supplier(
        system, code="seller", name_ko="판매", name_en="Seller", at=at
    ).row
    made = OfferingFacts(code="seller/data", meter=Meter.DATA)
    row = declare_offering(system, seller, made, through=Door.DECLARATION, at=at).row
    add_price(system, row, Price(Unit.REQUEST, EACH_WON * WON * WON, at), at=at)
    return row


@pytest.fixture
def version(builder, data_set, filled, at):
    return seal_version(builder, data_set, filled, number="1.0", at=at)


@pytest.fixture
def reader(person, at):
    """A beneficiary whose voucher carries two uses and no third."""
    made = person("kim@univ.example", "univ", "beneficiary")
    system = system_actor("cli")
    declare_programme(
        system, code="data", name_ko="데이터", name_en="Data", year=2026,
        starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31), subsidy_ratio=Ratio(1, 1),
        vat_rate=Ratio(0, 1), budget_microwon=10**6 * WON, at=at,
    )  # fmt: skip
    terms = GrantTerms(
        code="v-data", programme="data", organisation="univ",
        subsidy_microwon=2 * EACH_WON * WON, deposit_microwon=0,
        expires_on=date(2026, 12, 31), offerings=["seller/*"],
    )  # fmt: skip
    grant_directly(system, terms, at=at)
    return made


def use(reader, version, at):
    record_use(reader, version, UseKind.DOWNLOADED, address="1", at=at)


def test_use_of_a_priced_set_is_charged_once_a_day(operator, version, offering, reader, at):
    set_price(operator, version.data_set_id, "seller/data", at=at)
    version.data_set.refresh_from_db()
    use(reader, version, at)
    use(reader, version, at + timedelta(hours=1))
    assert [row.amount_microwon for row in Charge.objects.all()] == [EACH_WON * WON]
    use(reader, version, at + timedelta(days=1))
    with pytest.raises(BalanceInsufficient):
        use(reader, version, at + timedelta(days=2))
    assert (Charge.objects.count(), Use.objects.count()) == (2, 2)
    assert all(one.ok for one in identities())


def test_nothing_of_a_priced_set_goes_to_who_has_no_voucher(
    operator,
    stranger,
    version,
    offering,
    at,
):
    set_price(operator, version.data_set_id, "seller/data", at=at)
    version.data_set.refresh_from_db()
    for reader in (stranger, Actor("anonymous")):
        with pytest.raises(VoucherNeeded):
            use(reader, version, at)
    assert Use.objects.count() == 0
    set_price(operator, version.data_set_id, None, at=at)
    version.data_set.refresh_from_db()
    use(stranger, version, at)
    assert (Charge.objects.count(), Use.objects.count()) == (0, 1)


def test_only_the_agency_sets_a_price_and_only_of_data(operator, builder, data_set, at):
    system = system_actor("cli")
    seller = declare_supplier(
        system, code="seller", name_ko="판매", name_en="Seller", at=at
    ).row
    other = OfferingFacts(code="seller/report", meter=Meter.DELIVERY)
    declare_offering(system, seller, other, through=Door.DECLARATION, at=at)
    with pytest.raises(NotAllowed):
        set_price(builder, data_set.id, "seller/report", at=at)
    with pytest.raises(PriceImpossible):
        set_price(operator, data_set.id, "seller/report", at=at)


def test_reading_by_runs_of_chunks_is_charged_like_any_other(
    operator, stranger, version, offering, reader, filled, at
):
    """Newer clients fetch large files so, and never ask for the file's own address."""
    DataSet.objects.update(is_private=False)
    set_price(operator, version.data_set_id, "seller/data", at=at)
    name = hash_text(tree_of(filled).find("a.txt").xet)

    def taken(email: str) -> int:
        own = Client(headers={"Authorization": f"Bearer mdp_test_{email}"})
        told = own.get("/api/datasets/hana/first/xet-read-token/main").json()
        token = {"Authorization": f"Bearer {told['accessToken']}"}
        path = f"/hub/cas/v1/reconstructions/{name}"
        return Client(headers=token).get(path).status_code

    assert [taken("kim@univ.example"), taken("kim@univ.example")] == [200, 200]
    assert taken("b@bada.example") == 402
    assert (Charge.objects.count(), Use.objects.count()) == (1, 1)
