"""Reading offerings: the market's catalogue is public."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.core.units import Unit
from madang.metering.offerings.models import Offering, OfferingState, PriceVersion
from madang.metering.offerings.prices import PriceWindow, group_for, windows_of
from madang.parties.actor import Actor, Role


def offerings_of(actor: Actor) -> QuerySet[Offering]:
    """Offerings that the actor may see in full: a supplier its own, an operator all."""
    rows = Offering.objects.select_related("supplier").order_by("code")
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return rows
    return rows.filter(supplier__in=actor.suppliers)


def offering_for(actor: Actor, code: str) -> Offering:
    """One offering by its code. Raises NotFound also for what the actor may not see."""
    found = offerings_of(actor).filter(code=code).first()
    if found is None:
        raise NotFound(noun="offering")
    return found


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One product as everybody may see it. Prices in micro-won per 1,000,000 units.

    `prices` hold now for the kind that was asked for; `next_prices` from `next_from` on.
    """

    code: str
    supplier_code: str
    supplier_name_ko: str
    supplier_name_en: str
    meter: str
    size_class: str
    uses: tuple[str, ...]
    context_tokens_max: int
    prices: Mapping[Unit, int]
    next_from: datetime | None
    next_prices: Mapping[Unit, int]


def catalogue(
    *, at: datetime, organisation_kind: str = "", size_class: str = "", use: str = ""
) -> list[CatalogueRow]:
    """What is on sale, for the public page: filtered by model size and use."""
    rows = Offering.objects.filter(state=OfferingState.LISTED).select_related("supplier")
    if size_class:
        rows = rows.filter(size_class=size_class)
    if use:
        rows = rows.filter(uses__contains=[use])
    return [
        _catalogue_row(offering, organisation_kind, at)
        for offering in rows.prefetch_related("prices").order_by("code")
    ]


def _catalogue_row(offering: Offering, organisation_kind: str, at: datetime) -> CatalogueRow:
    windows = windows_of(offering.prices.all())
    group = group_for(windows, organisation_kind)
    mine = [window for window in windows if window.kinds == group]
    present = next((window for window in mine if window.holds_at(at)), None)
    coming = next((window for window in mine if window.valid_from > at), None)
    supplier = offering.supplier
    return CatalogueRow(
        offering.code, supplier.code, supplier.name_ko, supplier.name_en, offering.meter,
        offering.size_class, tuple(offering.uses), offering.context_tokens_max,
        _prices(present), coming.valid_from if coming else None, _prices(coming),
    )  # fmt: skip


def _prices(window: PriceWindow | None) -> Mapping[Unit, int]:
    return window.prices if window else {}


def listed_offering(code: str) -> Offering:
    """One product on sale, for its public page. Raises NotFound."""
    rows = Offering.objects.filter(state=OfferingState.LISTED, code=code)
    found = rows.select_related("supplier").first()
    if found is None:
        raise NotFound(noun="offering")
    return found


def price_versions(offering: Offering) -> QuerySet[PriceVersion]:
    """Every price that an offering ever had or will have. Prices are public."""
    return offering.prices.order_by("unit", "for_kinds", "valid_from")
