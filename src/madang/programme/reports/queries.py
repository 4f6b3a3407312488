"""Who reads which report, and what is measured for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.ledger import queries as ledger
from madang.metering.models import Charge, ChargeKind, Usage
from madang.metering.vouchers.queries import terms_of
from madang.parties.actor import Actor
from madang.parties.canonical import Json
from madang.programme.awards.models import Award
from madang.programme.awards.queries import awards_for
from madang.programme.reports.models import Report


def reports_for(actor: Actor) -> QuerySet[Report]:
    rows = Report.objects.filter(award__in=awards_for(actor))
    return rows.select_related("award__call", "award__organisation").order_by("due_at", "id")


def report_for(actor: Actor, identifier: UUID) -> Report:
    row = reports_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def last_sections(row: Report) -> Mapping[str, str]:
    """What was handed in last; empty before, and where the words were erased."""
    rows = sorted(row.texts.all(), key=lambda one: one.number)
    return rows[-1].sections if rows else {}


def measured_of(award: Award, at: datetime) -> dict[str, Json]:
    """What the platform has measured by now: spent, and by product how often and how much."""
    voucher = award.voucher
    if voucher is None:
        return {}
    position = ledger.position(terms_of(voucher, at))
    products = (
        Charge.objects.filter(voucher=voucher, kind=ChargeKind.CHARGE)
        .values("usage__offering__code")
        .annotate(uses=Count("no"), supply=Sum("amount_microwon"))
        .order_by("usage__offering__code")
    )
    return {
        "as_of": rfc3339(at),
        "uses": Usage.objects.filter(voucher=voucher).count(),
        "limit_microwon": position.limit,
        "consumed_microwon": position.consumed,
        "charged_supply_microwon": position.charged_supply,
        "deposit_paid_microwon": position.deposit_paid,
        "products": [
            {
                "product": row["usage__offering__code"],
                "uses": row["uses"],
                "supply_microwon": int(row["supply"]),
            }
            for row in products
        ],
    }
