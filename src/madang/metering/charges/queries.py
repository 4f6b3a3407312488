"""Reading charges, and what suppliers agreed to give back of them."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.metering.charges.models import Charge, RefundWriteOff, SettledRefund
from madang.metering.vouchers.queries import vouchers_of
from madang.parties.actor import Actor, Role
from madang.parties.events.queries import reasons_of


def charges_of(actor: Actor) -> QuerySet[Charge]:
    """Charges that the actor may see: of its vouchers, or of its products."""
    rows = Charge.objects.select_related("usage", "voucher", "usage__offering").order_by("-no")
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return rows
    mine = Q(voucher__in=vouchers_of(actor))
    if actor.has(Role.SUPPLIER):
        mine |= Q(supplier__in=actor.suppliers)
    return rows.filter(mine)


def settled_refunds_of(actor: Actor) -> QuerySet[SettledRefund]:
    """What suppliers agreed to give back of charges that the actor may see, newest first."""
    rows = SettledRefund.objects.select_related(
        "charge__supplier", "charge__voucher__organisation", "charge__usage__offering"
    ).prefetch_related("collections", "write_offs")
    return rows.filter(charge__in=charges_of(actor)).order_by("-agreed_at", "-id")


def settled_refund_for(actor: Actor, identifier: UUID) -> SettledRefund:
    """One of them. Raises NotFound also for what the actor may not see."""
    found = settled_refunds_of(actor).filter(id=identifier).first()
    if found is None:
        raise NotFound
    return found


def open_proposal(refund: SettledRefund) -> RefundWriteOff | None:
    """The write-off that somebody proposed and nobody has decided."""
    return next((row for row in refund.write_offs.all() if not row.outcome), None)


def written_off(refund: SettledRefund) -> RefundWriteOff | None:
    """The write-off that is in force."""
    return refund.write_offs.filter(outcome="written_off").first()


def loss_reasons(actor: Actor, refunds: Iterable[SettledRefund]) -> dict[UUID, str]:
    """Why each is, or is to be, written off: for operators and auditors alone."""
    if not actor.sees_everything:
        return {}
    found = reasons_of("refund.propose", [str(row.id) for row in refunds])
    return {UUID(subject): text for subject, text in found.items()}
