"""REST routes of offerings and prices. The catalogue is public."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.core.units import Meter, Unit
from madang.metering.offerings.actions import (
    Door,
    OfferingFacts,
    Price,
    add_price,
    declare_offering,
    list_offering,
    suspend_offering,
)
from madang.metering.offerings.models import AbortPolicy, Offering
from madang.metering.offerings.queries import (
    CatalogueRow,
    catalogue,
    offering_for,
    offerings_of,
)
from madang.metering.vouchers.api import Reason
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.errors import PartyUnknown
from madang.parties.exact import Whole
from madang.parties.instants import Instant
from madang.parties.suppliers.queries import supplier_by_code

PRICE_MAX = 10**30
TOKENS_MAX = 2**31 - 1
router = Router(tags=["offerings"])


class CatalogueOut(Schema):
    code: str
    supplier: str
    supplier_name_ko: str
    supplier_name_en: str
    meter: str
    size_class: str
    uses: list[str]
    context_tokens_max: int
    prices_microwon_per_million: dict[str, int]
    next_from: datetime | None
    next_prices_microwon_per_million: dict[str, int]


class OfferingIn(Schema):
    """What a supplier enters waits, suspended, until an operator lists it."""

    code: Annotated[
        str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*(/[a-z0-9._-]+)+$", max_length=128)
    ]
    supplier: str
    meter: Meter
    upstream: Annotated[str, Field(max_length=500)] = ""
    upstream_model: Annotated[str, Field(max_length=200)] = ""
    context_tokens_max: Annotated[Whole, Field(ge=0, le=TOKENS_MAX)] = 0
    abort_policy: AbortPolicy = AbortPolicy.DRAIN
    size_class: Annotated[str, Field(max_length=16)] = ""
    uses: list[Annotated[str, Field(max_length=32)]] = []


class OfferingOut(Schema):
    code: str
    supplier: str
    meter: str
    state: str
    size_class: str
    uses: list[str]
    context_tokens_max: int


class PriceIn(Schema):
    unit: Unit
    microwon_per_million: Annotated[Whole, Field(ge=0, le=PRICE_MAX)]
    valid_from: Instant
    for_kinds: list[str] = []


class PriceOut(Schema):
    no: int
    unit: str
    microwon_per_million: int
    valid_from: datetime
    for_kinds: list[str]


def offering_out(offering: Offering) -> OfferingOut:
    return OfferingOut(
        code=offering.code,
        supplier=offering.supplier.code,
        meter=offering.meter,
        state=offering.state,
        size_class=offering.size_class,
        uses=offering.uses,
        context_tokens_max=offering.context_tokens_max,
    )


def _plain(prices: Mapping[Unit, int]) -> dict[str, int]:
    return {unit.value: price for unit, price in prices.items()}


def catalogue_out(row: CatalogueRow) -> CatalogueOut:
    return CatalogueOut(
        code=row.code,
        supplier=row.supplier_code,
        supplier_name_ko=row.supplier_name_ko,
        supplier_name_en=row.supplier_name_en,
        meter=row.meter,
        size_class=row.size_class,
        uses=list(row.uses),
        context_tokens_max=row.context_tokens_max,
        prices_microwon_per_million=_plain(row.prices),
        next_from=row.next_from,
        next_prices_microwon_per_million=_plain(row.next_prices),
    )


@router.get("/catalogue", response=list[CatalogueOut], operation_id="list_catalogue", auth=None)
def list_catalogue(
    request: ApiRequest, size_class: str = "", use: str = "", kind: str = ""
) -> list[CatalogueOut]:
    """What is on sale, with the prices that hold now for a kind of organisation."""
    rows = catalogue(at=request.at, organisation_kind=kind, size_class=size_class, use=use)
    return [catalogue_out(row) for row in rows[:ROWS_MAX]]


@router.get("/offerings", response=list[OfferingOut], operation_id="list_offerings")
def list_offerings(request: ApiRequest) -> list[OfferingOut]:
    """A supplier's own; all for operators and auditors."""
    return [offering_out(row) for row in offerings_of(request.actor)[:ROWS_MAX]]


@router.post("/offerings", response=OfferingOut, operation_id="declare_offering")
def declare(request: ApiRequest, body: OfferingIn) -> OfferingOut:
    try:
        supplier = supplier_by_code(body.supplier)
    except PartyUnknown as err:
        raise NotFound from err
    facts = OfferingFacts(
        code=body.code,
        meter=body.meter,
        upstream=body.upstream,
        upstream_model=body.upstream_model,
        context_tokens_max=body.context_tokens_max,
        abort_policy=body.abort_policy,
        size_class=body.size_class,
        uses=tuple(body.uses),
    )
    done = declare_offering(request.actor, supplier, facts, through=Door.PAGES, at=request.at)
    return offering_out(done.row)


@router.get(
    "/offerings/{path:code}/prices", response=list[PriceOut], operation_id="list_prices"
)
def list_prices(request: ApiRequest, code: str) -> list[PriceOut]:
    offering = offering_for(request.actor, code)
    return [PriceOut.from_orm(row) for row in offering.prices.order_by("unit", "valid_from")]


@router.post("/offerings/{path:code}/prices", response=PriceOut, operation_id="add_price")
def price(request: ApiRequest, code: str, body: PriceIn) -> PriceOut:
    offering = offering_for(request.actor, code)
    asked = Price(
        body.unit, body.microwon_per_million, body.valid_from, frozenset(body.for_kinds)
    )
    return PriceOut.from_orm(add_price(request.actor, offering, asked, at=request.at).row)


@router.post(
    "/offerings/{path:code}/suspend", response=OfferingOut, operation_id="suspend_offering"
)
def suspend(request: ApiRequest, code: str, body: Reason) -> OfferingOut:
    offering = offering_for(request.actor, code)
    done = suspend_offering(request.actor, offering, at=request.at, reason=body.reason)
    return offering_out(done)


@router.post("/offerings/{path:code}/list", response=OfferingOut, operation_id="list_offering")
def put_on_sale(request: ApiRequest, code: str) -> OfferingOut:
    """Put it on sale: an operator's word."""
    offering = offering_for(request.actor, code)
    return offering_out(list_offering(request.actor, offering, at=request.at))
