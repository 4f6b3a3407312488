"""Reading receipts of the co-payment."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.metering.deposits.models import Receipt
from madang.metering.vouchers.queries import vouchers_of
from madang.parties.actor import Actor, Role


def receipts_of(actor: Actor) -> QuerySet[Receipt]:
    """All for operators and auditors; else those of one's own vouchers."""
    rows = Receipt.objects.select_related("voucher", "payer").order_by("-received_at", "-id")
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return rows
    return rows.filter(voucher__in=vouchers_of(actor))


def receipt_for(actor: Actor, identifier: UUID) -> Receipt:
    """One receipt by its id. Raises NotFound also for what the actor may not see."""
    found = receipts_of(actor).filter(id=identifier).first()
    if found is None:
        raise NotFound
    return found
